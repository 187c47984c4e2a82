"""Train a byte-level vocabulary, with the ids that the tokenizers library gives."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from llama_edu.reading import shown
from llama_edu.tokenizer.byte_alphabet import BYTE_TO_CHARACTER, to_bytes
from llama_edu.tokenizer.merge_training import Report, learn_merges
from llama_edu.tokenizer.pretokenize import compile_pattern, split_chunks
from llama_edu.tokenizer.whole_tokens import check_text, compile_splitter, split_tokens

# GPT-2 numbers the bytes as their printable characters are sorted: "!" is the first.
BYTES = [to_bytes(character) for character in sorted(BYTE_TO_CHARACTER)]


def learn_bpe(
    texts: Iterable[str],
    vocab_size: int,
    pattern: str | Sequence[str],
    special_tokens: Sequence[str],
    min_count: int,
    report: Report,
) -> dict[str, Any]:
    """Learn the arguments of `BPETokenizer`; `BPETokenizer.train` says what they are."""
    check_size(vocab_size)
    if isinstance(special_tokens, str) or not all(isinstance(each, str) for each in special_tokens):
        raise ValueError(
            f'special_tokens must be several texts, such as ["<s>"], got {shown(special_tokens)}'
        )
    special = {token: i for i, token in enumerate(dict.fromkeys(special_tokens))}
    n_merges = vocab_size - len(special) - len(BYTES)
    if n_merges < 0:
        raise ValueError(
            f"vocab_size={vocab_size} must be at least {len(BYTES)} for the bytes, "
            f"and {len(special)} for the control tokens"
        )
    if min_count < 1:
        raise ValueError(f"min_count must be at least 1, got {min_count}")
    patterns = list(pattern) if isinstance(pattern, list | tuple) else [pattern]
    chunks = _count_chunks(texts, patterns, special)
    letters = {byte[0]: chr(i) for i, byte in enumerate(BYTES)}
    words = {chunk.encode().decode("latin-1").translate(letters): n for chunk, n in chunks.items()}
    merges = learn_merges(words, BYTES, n_merges, min_count=min_count, report=report)
    tokens = BYTES + [left + right for left, right in merges]
    vocab = {token: i for i, token in enumerate(tokens, start=len(special))}
    return {"vocab": vocab, "merges": merges, "pattern": pattern, "special_tokens": special}


def check_size(vocab_size: Any) -> None:
    """Raise ValueError if a number of tokens is no whole number."""
    if not isinstance(vocab_size, int):
        raise ValueError(f"vocab_size must be a whole number, got {shown(vocab_size)}")


def each_text(texts: Iterable[str]) -> Iterable[str]:
    """The texts, each checked as it is reached.

    Raises:
        ValueError: if `texts` is one text, or one of them holds a lone surrogate.
    """
    if isinstance(texts, str):
        raise ValueError(f"texts must be several texts, such as [text], got the one {texts[:20]!r}")
    if not isinstance(texts, Iterable):
        raise ValueError(f"texts must be several texts, such as [text], got {shown(texts)}")
    for text in texts:
        check_text(text)
        yield text


def _count_chunks(
    texts: Iterable[str], patterns: Sequence[str], special: Iterable[str]
) -> Counter[str]:
    compiled = [compile_pattern(each) for each in patterns]
    splitter = compile_splitter(list(special))
    counts: Counter[str] = Counter()
    for text in each_text(texts):
        for plain in split_tokens(text, splitter)[::2]:  # what stands between control tokens
            counts.update(split_chunks(plain, compiled))
    return counts
