"""What papers and model cards say that training took, row by row."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One published row.

    Args:
        name: of the model.
        preset: its shape in `config.PRESETS`, if it is one of ours.
        n_tokens: read in training, if it is said.
        gpu: a key of `GPUS`.
        gpu_hours: hours times GPUs.
        watts: as the row has them.
        mwh: electricity, if it is said.
        tonnes: CO2 equivalents, location-based.
        source: where the row stands.
    """

    name: str
    preset: str | None
    n_tokens: float | None
    gpu: str
    gpu_hours: float
    watts: float
    mwh: float | None
    tonnes: float
    source: str


_L1 = "arXiv:2302.13971, table 15"
_L2 = "arXiv:2307.09288, table 2"
_L3, _L31 = "model card of Llama 3", "model card of Llama 3.1"
_L32, _L33, _L4 = "model card of Llama 3.2", "model card of Llama 3.3", "model card of Llama 4"

PUBLISHED = [
    Run("OPT-175B", None, None, "a100", 809_472, 400, 356, 137, _L1),
    Run("BLOOM-175B", None, None, "a100", 1_082_880, 400, 475, 183, _L1),
    Run("LLaMA 7B", "llama-7b", 1.0e12, "a100", 82_432, 400, 36, 14, _L1),
    Run("LLaMA 13B", "llama-13b", 1.0e12, "a100", 135_168, 400, 59, 23, _L1),
    Run("LLaMA 33B", "llama-33b", 1.4e12, "a100", 530_432, 400, 233, 90, _L1),
    Run("LLaMA 65B", "llama-65b", 1.4e12, "a100", 1_022_362, 400, 449, 173, _L1),
    Run("Llama 2 7B", "llama-2-7b", 2.0e12, "a100", 184_320, 400, None, 31.22, _L2),
    Run("Llama 2 13B", "llama-2-13b", 2.0e12, "a100", 368_640, 400, None, 62.44, _L2),
    Run("Llama 2 34B", None, 2.0e12, "a100", 1_038_336, 350, None, 153.90, _L2),
    Run("Llama 2 70B", "llama-2-70b", 2.0e12, "a100", 1_720_320, 400, None, 291.42, _L2),
    Run("Llama 3 8B", "llama-3-8b", 15e12, "h100", 1.3e6, 700, None, 390, _L3),
    Run("Llama 3 70B", "llama-3-70b", 15e12, "h100", 6.4e6, 700, None, 1900, _L3),
    Run("Llama 3.1 8B", "llama-3.1-8b", 15e12, "h100", 1.46e6, 700, None, 420, _L31),
    Run("Llama 3.1 70B", "llama-3.1-70b", 15e12, "h100", 7.0e6, 700, None, 2040, _L31),
    Run("Llama 3.1 405B", "llama-3.1-405b", 15.6e12, "h100", 30.84e6, 700, None, 8930, _L31),
    Run("Llama 3.2 1B", "llama-3.2-1b", 9e12, "h100", 0.370e6, 700, None, 107, _L32),
    Run("Llama 3.2 3B", "llama-3.2-3b", 9e12, "h100", 0.460e6, 700, None, 133, _L32),
    Run("Llama 3.3 70B", "llama-3.1-70b", 15e12, "h100", 7.0e6, 700, None, 12.9, _L33),
    Run("Llama 4 Scout", None, 40e12, "h100", 5.0e6, 700, None, 1354, _L4),
    Run("Llama 4 Maverick", None, 22e12, "h100", 2.38e6, 700, None, 645, _L4),
]
