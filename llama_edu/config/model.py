"""The shape of a model, and what follows from it: parameters, bytes of the KV cache."""

from dataclasses import dataclass

from llama_edu.config.parts import (
    Experts,
    LinearRopeScaling,
    LocalLayers,
    RopeScaling,
    check_whole_numbers,
)


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
        check_whole_numbers(
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
