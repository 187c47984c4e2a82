"""What the measurements must show, each as a rule that code can judge."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.race import Row

Rule = Callable[[Row], bool]


@dataclass(frozen=True)
class Goal:
    """Our best row that fits must be so many times better than the best peer that fits.

    Args:
        claim: the goal in words.
        table: key of the table that decides.
        ours: which of our rows count.
        theirs: which rows they are compared with.
        at_least: the ratio to reach, after rounding to two decimals.
    """

    claim: str
    table: str
    ours: Rule
    theirs: Rule
    at_least: float


def _is(name: str, *precisions: str) -> Rule:
    return lambda row: row.name == name and row.precision in precisions


def _is_ours(row: Row) -> bool:
    return row.side == "ours"


def _is_peer(row: Row) -> bool:
    return row.side == "peer"


def _is_eager_peer(row: Row) -> bool:
    return row.side == "peer" and not row.is_compiled


GOALS = [
    Goal(
        "bf16 training at least 1.25 × transformers SDPA under autocast, neither compiled",
        "train bf16", _is("llama_edu", "bf16"), _is("transformers, SDPA", "bf16"), 1.25,
    ),
    Goal(
        "bf16 training no slower than the fastest peer, compiled or not",
        "train bf16", _is_ours, _is_peer, 1.0,
    ),
    Goal(
        "fp32 training at least 1.0 × the fastest eager peer, not compiled",
        "train fp32", _is("llama_edu", "fp32"), _is_eager_peer, 1.0,
    ),
    Goal(
        "decoding in fp32, batch 1, at least 1.4 × transformers' generate in fp32",
        "decode single", _is("llama_edu", "fp32"), _is("transformers", "fp32"), 1.4,
    ),
    Goal(
        "decoding with half-precision weights, batch 1, at least 3 × transformers' generate "
        "in fp32",
        "decode single", _is("llama_edu", "bf16", "fp16"), _is("transformers", "fp32"), 3.0,
    ),
    Goal(
        "decoding in bf16, batch 8, at least 1.9 × transformers' generate in fp32",
        "decode batch", _is("llama_edu", "bf16"), _is("transformers", "fp32"), 1.9,
    ),
    Goal(
        "a training step in fp32 takes no more memory than transformers'",
        "memory train fp32", _is_ours, _is_peer, 1.0,
    ),
    Goal(
        "a training step in bf16 takes no more memory than transformers'",
        "memory train bf16", _is_ours, _is_peer, 1.0,
    ),
    Goal(
        "decoding takes no more memory than transformers'",
        "memory decode fp32", _is_ours, _is_peer, 1.0,
    ),
    Goal(
        "training a vocabulary of 4,096 no slower than tokenizers, one thread",
        "tokenizer train 4,096", _is("llama_edu", "bytes"), _is("tokenizers", "bytes"), 1.0,
    ),
    Goal(
        "training a vocabulary of 32,000 no slower than tokenizers, one thread",
        "tokenizer train 32,000", _is("llama_edu", "bytes"), _is("tokenizers", "bytes"), 1.0,
    ),
    Goal(
        "encoding whole documents at least 2 × tokenizers, nothing cached, one thread",
        "tokenizer encode", _is("llama_edu", "bytes"), _is("tokenizers", "bytes"), 2.0,
    ),
    Goal(
        "encoding whole documents at least 1.5 × sentencepiece, nothing cached, one thread",
        "tokenizer encode", _is("llama_edu", "characters"), _is("sentencepiece", "characters"), 1.5,
    ),
    Goal(
        "finding near-copies in text no slower than datasketch, same parameters, one thread",
        "data near-copies", _is("llama_edu", "from text"), _is_peer, 1.0,
    ),
]  # fmt: skip
"""In the order of the report."""
