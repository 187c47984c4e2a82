"""What the measurements must show, each as a rule that code can judge."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.race import COMPILED, Row

OURS_COMPILED = "llama_edu" + COMPILED

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


def _is_ours_in_bf16(row: Row) -> bool:
    return row.side == "ours" and row.precision == "bf16"


def _is_peer(row: Row) -> bool:
    return row.side == "peer"


def _is_eager_peer(row: Row) -> bool:
    return row.side == "peer" and not row.is_compiled


def _is_trainer(row: Row) -> bool:
    return row.name == "llama_edu, trainer"


def _is_transformers(row: Row) -> bool:
    return row.name.startswith("transformers")


GOALS = [
    Goal(
        "bf16 training at least 1.25 × the faster transformers under autocast, neither compiled",
        "train bf16", _is("llama_edu", "bf16"),
        lambda row: _is_transformers(row) and not row.is_compiled, 1.25,
    ),
    Goal(
        "bf16 training, compiled, at least 1.05 × the fastest peer, compiled",
        "train bf16", lambda row: _is_ours(row) and row.is_compiled,
        lambda row: _is_peer(row) and row.is_compiled, 1.05,
    ),
    Goal(
        "fp32 training at least 1.0 × the fastest eager peer, not compiled",
        "train fp32", _is("llama_edu", "fp32"), _is_eager_peer, 1.0,
    ),
    Goal(
        "the trainer's loop takes less than 3 % beyond the bare step, bf16",
        "trainer bf16", _is_trainer, _is("llama_edu, bare step", "bf16"), 0.97,
    ),
    Goal(
        "a step of the trainer, bf16, no slower than one of transformers' Trainer",
        "trainer bf16", _is_trainer, _is_transformers, 1.0,
    ),
    Goal(
        "a step of the trainer, bf16, no slower than one of a nanoGPT-shaped loop",
        "trainer bf16", _is_trainer, _is("nanoGPT-shaped loop", "bf16"), 1.0,
    ),
    Goal(
        "a step of LoRA in bf16 at least 1.2 × the faster peft, neither compiled",
        "lora LoRA", _is("llama_edu", "bf16"),
        lambda row: _is_peer(row) and row.precision == "bf16", 1.2,
    ),
    Goal(
        "decoding in fp32, batch 1, at least 1.4 × transformers' generate in fp32",
        "decode single", _is("llama_edu", "fp32"), _is("transformers", "fp32"), 1.4,
    ),
    Goal(
        "decoding in fp32, batch 1, compiled, at least 6 × transformers' generate in fp32",
        "decode single", _is(OURS_COMPILED, "fp32"), _is("transformers", "fp32"), 6.0,
    ),
    Goal(
        "decoding in bf16, batch 1, compiled, at least 10 × transformers' generate in fp32",
        "decode single", _is(OURS_COMPILED, "bf16"), _is("transformers", "fp32"), 10.0,
    ),
    Goal(
        "decoding in fp32, batch 1, compiled, no slower than llama.cpp in fp32",
        "decode single", _is(OURS_COMPILED, "fp32"), _is("llama_cpp", "fp32"), 1.0,
    ),
    Goal(
        "decoding in bf16, batch 1, compiled, no slower than llama.cpp in bf16",
        "decode single", _is(OURS_COMPILED, "bf16"), _is("llama_cpp", "bf16"), 1.0,
    ),
    Goal(
        "decoding in bf16, batch 8, at least 1.9 × transformers' generate in fp32",
        "decode batch", _is_ours_in_bf16, _is("transformers", "fp32"), 1.9,
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
        "a step of the trainer in bf16 takes no more memory than transformers' Trainer",
        "memory trainer bf16", _is_ours, _is_peer, 1.0,
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
