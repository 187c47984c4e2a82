"""Text in, text out: the decoding loop with a tokenizer at both ends."""

import codecs
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from llama_edu.generate.decode import stream
from llama_edu.model.llama import Llama
from llama_edu.reading import shown


class Decoder(Protocol):
    """The one thing that this room needs of a tokenizer: bytes that can be joined."""

    def decode_bytes(self, ids: Sequence[int]) -> bytes: ...


def stream_text(
    model: Llama,
    tokenizer: Decoder,
    tokens: Sequence[int],
    max_new_tokens: int,
    stop_strings: Sequence[str] = (),
    **settings,
) -> Iterator[str]:
    """Yield the answer to one prompt piece by piece, as text that will not change any more.

    A character of several tokens is held back until it is whole, and text that may be the
    beginning of a stop string until it is decided.

    Args:
        model: writes the tokens.
        tokenizer: turns them into bytes.
        tokens: the prompt, as ids.
        max_new_tokens: most tokens to write.
        stop_strings: texts that end the answer; neither they nor what follows is yielded.
        settings: of `stream`: temperature, top_k, stop, generator, ...

    Raises:
        ValueError: as `stream`, and if a stop string is empty.
    """
    if isinstance(stop_strings, str) or not isinstance(stop_strings, Iterable | None):
        stop_strings = [stop_strings]
    stop_strings = list(stop_strings or ())
    for stop_string in stop_strings:
        if not isinstance(stop_string, str):
            raise ValueError(f"stop_strings must be texts, got {shown(stop_string)}")
        if not stop_string:
            raise ValueError("a stop string must not be empty")
    if not hasattr(tokenizer, "decode_bytes"):
        raise ValueError(f"tokenizer must be one of ours, got {type(tokenizer).__name__}")
    characters = codecs.getincrementaldecoder("utf-8")(errors="replace")
    held = ""
    for (i,) in stream(model, [tokens], max_new_tokens, **settings):
        held += characters.decode(_bytes_of(tokenizer, i))
        ends = [at for s in stop_strings if (at := held.find(s)) >= 0]
        if ends:
            if before := held[: min(ends)]:
                yield before
            return
        n_sure = len(held) - max((_overlap(held, s) for s in stop_strings), default=0)
        if n_sure:
            yield held[:n_sure]
            held = held[n_sure:]
    if held := held + characters.decode(b"", final=True):
        yield held


def _bytes_of(tokenizer: Decoder, i: int) -> bytes:
    try:
        return tokenizer.decode_bytes([i])
    except ValueError:  # a row that fills up the embedding, and may be chosen, has no text
        return b""


def _overlap(text: str, stop: str) -> int:
    """How much of the end of `text` may begin `stop`: `_overlap("ab<", "<e>")` -> 1."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
