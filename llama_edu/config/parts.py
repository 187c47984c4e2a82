"""What only some models have: stretched rotary wavelengths, experts, local layers."""

from dataclasses import dataclass
from typing import Literal, get_args

Router = Literal["sigmoid", "softmax"]


@dataclass(frozen=True, kw_only=True)
class RopeScaling:
    """How Llama 3.1 stretches its rotary wavelengths to reach a context it was not trained on.

    Args:
        factor: by how much the slow rotations are slowed further, >= 1.
        low_freq_factor: rotations that turn fewer than this many times within
            `original_max_seq_len` tokens are divided by `factor`.
        high_freq_factor: rotations that turn more often than this are left alone; those between
            the two are interpolated. Llama 4 has 1 for both: nothing lies between.
        original_max_seq_len: context length before stretching, in tokens.

    Raises:
        ValueError: if a factor is out of range.

    Source: `apply_scaling` in Meta's llama-models; arXiv:2407.21783, sec. 3.4.2.
    """

    factor: float = 8.0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_max_seq_len: int = 8192

    def __post_init__(self):
        if self.factor < 1:
            raise ValueError(f"factor must be at least 1, got {self.factor}")
        if not 0 < self.low_freq_factor <= self.high_freq_factor:
            raise ValueError(
                f"low_freq_factor={self.low_freq_factor} must be positive and no more than "
                f"high_freq_factor={self.high_freq_factor}"
            )
        if self.original_max_seq_len <= 0:
            raise ValueError(
                f"original_max_seq_len must be positive, got {self.original_max_seq_len}"
            )


@dataclass(frozen=True, kw_only=True)
class LinearRopeScaling:
    """Every rotation slowed alike, so that `factor` times as many positions fit the old angles.

    Args:
        factor: by how much, >= 1.

    Raises:
        ValueError: if the factor is below 1.

    Source: position interpolation, arXiv:2306.15595.
    """

    factor: float

    def __post_init__(self):
        if self.factor < 1:
            raise ValueError(f"factor must be at least 1, got {self.factor}")


@dataclass(frozen=True, kw_only=True)
class Experts:
    """A mixture of experts in place of some feed-forward layers: each token visits a few of many.

    Args:
        n_experts: feed-forward layers to choose from, E.
        d_ff: hidden width of each expert, and of the shared one.
        n_active: experts that each token visits, K, at most E.
        layer_step: 1 for experts in every layer, 2 for every second: the last of each `layer_step`.
        has_shared: whether every token visits one more expert, always the same.
        router: how scores become gates. "sigmoid" scales what goes *into* an expert by the sigmoid
            of its score (Llama 4); "softmax" scales what comes *out* by its probability (Switch),
            divided by the sum of the chosen ones' where K > 1 (Mixtral).
        capacity_factor: an expert takes at most this times its fair share K N / E of the N tokens
            of a call; later ones pass it by. None, as in Llama 4, for no limit.

    Raises:
        ValueError: naming the field, its value and the rule it breaks.

    Source: arXiv:2101.03961 (Switch), arXiv:2401.04088 (Mixtral); Llama 4's released code.
    """

    n_experts: int
    d_ff: int
    n_active: int = 1
    layer_step: int = 1
    has_shared: bool = True
    router: Router = "sigmoid"
    capacity_factor: float | None = None

    def __post_init__(self):
        check_whole_numbers(self, "n_experts", "d_ff", "n_active", "layer_step")
        if self.n_active > self.n_experts:
            raise ValueError(f"n_active={self.n_active} must be at most n_experts={self.n_experts}")
        if self.router not in get_args(Router):
            raise ValueError(f"router={self.router!r} must be 'sigmoid' or 'softmax'")
        if self.capacity_factor is not None and self.capacity_factor <= 0:
            raise ValueError(f"capacity_factor must be positive, got {self.capacity_factor}")


@dataclass(frozen=True, kw_only=True)
class LocalLayers:
    """Llama 4's two kinds of attention: local layers with RoPE, and some global ones without it.

    Args:
        chunk_size: tokens of a chunk; in a local layer a token sees what is before it in its own.
        global_step: the last of each `global_step` layers sees everything before, unrotated (NoPE).
        has_qk_norm: whether local layers give the queries and keys of each head unit RMS, after
            the rotation and without a gain.
        temperature_scale: global layers multiply the query at position t, from 0, by
            1 + temperature_scale ln(1 + floor((t + 1) / temperature_floor)); 0 leaves it alone.
        temperature_floor: tokens up to which nothing is scaled.

    Raises:
        ValueError: naming the field, its value and the rule it breaks.

    Source: Llama 4's released code; the temperature arXiv:2501.19399.
    """

    chunk_size: int
    global_step: int = 4
    has_qk_norm: bool = True
    temperature_scale: float = 0.1
    temperature_floor: int = 8192

    def __post_init__(self):
        check_whole_numbers(self, "chunk_size", "global_step", "temperature_floor")
        if self.temperature_scale < 0:
            raise ValueError(
                f"temperature_scale must not be negative, got {self.temperature_scale}"
            )


def check_whole_numbers(config, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"{name} must be a positive whole number, got {value!r}")
