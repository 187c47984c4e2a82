"""The shape of every model in the family: one frozen config, one table of presets."""

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
        _check_whole_numbers(self, "n_experts", "d_ff", "n_active", "layer_step")
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
        _check_whole_numbers(self, "chunk_size", "global_step", "temperature_floor")
        if self.temperature_scale < 0:
            raise ValueError(
                f"temperature_scale must not be negative, got {self.temperature_scale}"
            )


def _check_whole_numbers(config, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"{name} must be a positive whole number, got {value!r}")


class _FromOthers(int):
    """A size that follows from others: computed anew where `dataclasses.replace` changes those."""


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Everything that decides the shape of a decoder-only LLaMA.

    MHA, GQA and MQA differ in `n_kv_heads` alone: equal to `n_heads`, between, or 1.

    Args:
        vocab_size: number of token ids V.
        d_model: width D of the residual stream.
        n_layers: number of blocks.
        n_heads: query heads H.
        n_kv_heads: key/value heads G, a divisor of `n_heads`.
        d_ff: hidden width F of the feed-forward layer.
        max_seq_len: longest context the model was trained for, in tokens.
        rope_theta: base of the rotary wavelengths.
        rope_scaling: stretch of those wavelengths (Llama 3.1 and later), or None.
        d_head: width d of one head, even; `d_model / n_heads` if None, as in every LLaMA.
        norm_eps: added to the mean square in every RMSNorm, in squared activation units.
        tie_embeddings: whether the output layer reuses the embedding matrix.
        experts: the mixture that stands in place of feed-forward layers (Llama 4), or None.
        local: which layers see but a part of the past (Llama 4); None if every layer sees all.

    Raises:
        ValueError: naming the field, its value and the rule it breaks.

    Source: arXiv:2302.13971 table 2, arXiv:2307.09288 table 1, arXiv:2407.21783 table 3.
    """

    vocab_size: int
    d_model: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    d_ff: int
    max_seq_len: int
    rope_theta: float = 10_000.0
    rope_scaling: RopeScaling | LinearRopeScaling | None = None
    d_head: int | None = None
    norm_eps: float = 1e-5
    tie_embeddings: bool = False
    experts: Experts | None = None
    local: LocalLayers | None = None

    def __post_init__(self):
        _check_whole_numbers(
            self, "vocab_size", "d_model", "n_layers", "n_heads", "n_kv_heads", "d_ff",
            "max_seq_len",
        )  # fmt: skip
        if self.d_head is None or isinstance(self.d_head, _FromOthers):
            if self.d_model % self.n_heads:
                raise ValueError(
                    f"d_model={self.d_model} must be a multiple of n_heads={self.n_heads} "
                    "where d_head is not given"
                )
            object.__setattr__(self, "d_head", _FromOthers(self.d_model // self.n_heads))
        if self.n_heads % self.n_kv_heads:
            raise ValueError(
                f"n_heads={self.n_heads} must be a multiple of n_kv_heads={self.n_kv_heads}"
            )
        if not isinstance(self.d_head, int) or self.d_head <= 0 or self.d_head % 2:
            raise ValueError(f"d_head={self.d_head!r} must be even: RoPE rotates pairs")
        if self.rope_theta <= 0:
            raise ValueError(f"rope_theta must be positive, got {self.rope_theta}")
        if self.norm_eps < 0:
            raise ValueError(f"norm_eps must not be negative, got {self.norm_eps}")

    def has_experts(self, layer: int) -> bool:
        """Whether a layer, counted from 0, has a mixture of experts for its feed-forward layer."""
        return self.experts is not None and (layer + 1) % self.experts.layer_step == 0

    def is_local(self, layer: int) -> bool:
        """Whether a layer, counted from 0, sees its own chunk alone, with RoPE."""
        return self.local is not None and (layer + 1) % self.local.global_step != 0

    @property
    def n_params(self) -> int:
        """Exact number of trainable numbers, a tied embedding counted once."""
        return self._count(self.experts.n_experts if self.experts else 0)

    @property
    def n_active_params(self) -> int:
        """Those that one token meets: all but the experts that it does not visit.

        The whole embedding counts, as in the sizes that model cards state.
        """
        return self._count(self.experts.n_active if self.experts else 0)

    def _count(self, n_experts: int) -> int:
        attention = 2 * self.d_model * self.d_head * (self.n_heads + self.n_kv_heads)
        norms = 2 * self.d_model
        embeddings = self.vocab_size * self.d_model * (1 if self.tie_embeddings else 2)
        count = self.n_layers * (attention + norms) + self.d_model + embeddings
        for layer in range(self.n_layers):
            if self.has_experts(layer):
                n_ffns = n_experts + self.experts.has_shared
                router = self.d_model * self.experts.n_experts
                count += n_ffns * 3 * self.d_model * self.experts.d_ff + router
            else:
                count += 3 * self.d_model * self.d_ff
        return count

    def kv_bytes_per_token(self, bytes_per_number: int = 2) -> int:
        """Bytes that one token adds to the KV cache, at 2 bytes a number (bf16) by default."""
        return 2 * self.n_layers * self.n_kv_heads * self.d_head * bytes_per_number


def _llama1(d_model: int, n_layers: int, n_heads: int, d_ff: int, norm_eps: float = 1e-5):
    return ModelConfig(
        vocab_size=32_000, d_model=d_model, n_layers=n_layers, n_heads=n_heads,
        n_kv_heads=n_heads, d_ff=d_ff, max_seq_len=2048, norm_eps=norm_eps,
    )  # fmt: skip


def _llama2(d_model: int, n_layers: int, n_heads: int, n_kv_heads: int, d_ff: int):
    return ModelConfig(
        vocab_size=32_000, d_model=d_model, n_layers=n_layers, n_heads=n_heads,
        n_kv_heads=n_kv_heads, d_ff=d_ff, max_seq_len=4096,
    )  # fmt: skip


def _llama3(
    d_model: int, n_layers: int, n_heads: int, d_ff: int,
    scaling: RopeScaling | None = None, tie_embeddings: bool = False,
):  # fmt: skip
    return ModelConfig(
        vocab_size=128_256, d_model=d_model, n_layers=n_layers, n_heads=n_heads, n_kv_heads=8,
        d_ff=d_ff, max_seq_len=131_072 if scaling else 8192, rope_theta=500_000.0,
        rope_scaling=scaling, tie_embeddings=tie_embeddings,
    )  # fmt: skip


def _llama4(experts: Experts, has_qk_norm: bool, max_seq_len: int, scaling: RopeScaling | None):
    return ModelConfig(
        vocab_size=202_048, d_model=5120, n_layers=48, n_heads=40, n_kv_heads=8, d_head=128,
        d_ff=16_384, max_seq_len=max_seq_len, rope_theta=500_000.0, rope_scaling=scaling,
        experts=experts, local=LocalLayers(chunk_size=8192, has_qk_norm=has_qk_norm),
    )  # fmt: skip


_LLAMA_3_1 = RopeScaling(factor=8.0)
# Copies of the released config.json say 32; Meta's own model code hard-codes 8. Weights loaded
# from a folder follow that folder, whatever this table says.
_LLAMA_3_2 = RopeScaling(factor=32.0)

PRESETS: dict[str, ModelConfig] = {
    "llama-7b": _llama1(4096, 32, 32, 11_008, norm_eps=1e-6),
    "llama-13b": _llama1(5120, 40, 40, 13_824, norm_eps=1e-6),
    "llama-33b": _llama1(6656, 60, 52, 17_920, norm_eps=1e-6),
    "llama-65b": _llama1(8192, 80, 64, 22_016),
    "llama-2-7b": _llama2(4096, 32, 32, 32, 11_008),
    "llama-2-13b": _llama2(5120, 40, 40, 40, 13_824),
    "llama-2-70b": _llama2(8192, 80, 64, 8, 28_672),
    "llama-3-8b": _llama3(4096, 32, 32, 14_336),
    "llama-3-70b": _llama3(8192, 80, 64, 28_672),
    "llama-3.1-8b": _llama3(4096, 32, 32, 14_336, _LLAMA_3_1),
    "llama-3.1-70b": _llama3(8192, 80, 64, 28_672, _LLAMA_3_1),
    "llama-3.1-405b": _llama3(16_384, 126, 128, 53_248, _LLAMA_3_1),
    "llama-3.2-1b": _llama3(2048, 16, 32, 8192, _LLAMA_3_2, tie_embeddings=True),
    "llama-3.2-3b": _llama3(3072, 28, 24, 8192, _LLAMA_3_2, tie_embeddings=True),
    # The text models; cards count the eye, which is not ours, to 109 and 400 billion too.
    "llama-4-scout": _llama4(
        Experts(n_experts=16, d_ff=8192), True, 10_485_760,
        RopeScaling(factor=16.0, low_freq_factor=1.0, high_freq_factor=1.0),
    ),
    "llama-4-maverick": _llama4(
        Experts(n_experts=128, d_ff=8192, layer_step=2), False, 1_048_576, None,
    ),
    "smollm2-135m": ModelConfig(
        vocab_size=49_152, d_model=576, n_layers=30, n_heads=9, n_kv_heads=3, d_ff=1536,
        max_seq_len=8192, rope_theta=100_000.0, tie_embeddings=True,
    ),
    "stories-15m": ModelConfig(
        vocab_size=32_000, d_model=288, n_layers=6, n_heads=6, n_kv_heads=6, d_ff=768,
        max_seq_len=256, tie_embeddings=True,
    ),
    # Small enough to train in seconds, every dimension different.
    "tiny": ModelConfig(
        vocab_size=512, d_model=64, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=176,
        max_seq_len=128,
    ),
}  # fmt: skip
"""Every released shape by its exact name: `PRESETS["llama-3.2-1b"].n_params == 1_235_814_400`."""
