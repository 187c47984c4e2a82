"""One model that writes for many clients, one after the other, in a thread of its own."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor

import torch

from llama_edu.generate import stream_text
from llama_edu.pretrained import Pretrained
from llama_edu.serve.asked import Asked, Refusal

MOST_WAITING = 16  # clients; who comes later is told to try again


class _GoneError(Exception):
    """Nobody waits for this answer any more."""


class Answer:
    """An answer while it is written, and what is known of it afterwards.

    Args:
        asked: what it answers.
        pretrained: writes it.

    Attributes:
        n_tokens: that were written so far.
        text: what was yielded so far.
        pieces: the text as it comes, then None or the error that ended it.
    """

    def __init__(self, asked: Asked, pretrained: Pretrained):
        self.asked, self.pretrained = asked, pretrained
        self.pieces: asyncio.Queue[str | Exception | None] = asyncio.Queue()
        self._is_gone = threading.Event()
        self.n_tokens, self.text, self._bytes = 0, "", b""

    def leave(self) -> None:
        """Nobody waits any more: writing ends at the next token, or never begins."""
        self._is_gone.set()
        self.pieces.put_nowait(None)

    @property
    def finish_reason(self) -> str:
        """ "stop" where the model or a stop string ended it, "length" where the limit did."""
        whole = self._bytes.decode("utf-8", errors="replace")
        is_cut = self.n_tokens == self.asked.max_new_tokens and whole == self.text
        return "length" if is_cut else "stop"

    @property
    def usage(self) -> dict[str, int]:
        """Tokens of the prompt, of the answer, and of both."""
        n_prompt = len(self.asked.tokens)
        return {
            "prompt_tokens": n_prompt,
            "completion_tokens": self.n_tokens,
            "total_tokens": n_prompt + self.n_tokens,
        }

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The tokenizer's, counted: `stream_text` calls it once a token.

        Control tokens have no text here: a client sends answers back, and is refused their texts.
        """
        if self._is_gone.is_set():
            raise _GoneError
        ids = list(ids)
        self.n_tokens += len(ids)
        control = self.pretrained.tokenizer.special_tokens.values()
        try:
            written = self.pretrained.tokenizer.decode_bytes(i for i in ids if i not in control)
        except ValueError:  # a row that fills up the embedding has no text
            written = b""
        self._bytes += written
        return written

    def write(self) -> Iterable[str]:
        """Yield the answer piece by piece; it ends early when nobody waits for it."""
        if self._is_gone.is_set():
            return
        model, asked = self.pretrained.model, self.asked
        generator = torch.Generator(model.embedding.weight.device)
        generator.seed() if asked.seed is None else generator.manual_seed(asked.seed)
        try:
            for piece in stream_text(
                model, self, asked.tokens, asked.max_new_tokens,
                [*asked.stop_strings, *self.pretrained.stop_strings],
                stop=self.pretrained.stop_ids, generator=generator, **asked.settings,
            ):  # fmt: skip
                self.text += piece
                yield piece
        except _GoneError:
            return


class Engine:
    """Answers one request at a time; the others wait in the order in which they came.

    Args:
        pretrained: the model.
        name: as clients know it.
    """

    def __init__(self, pretrained: Pretrained, name: str):
        self.pretrained, self.name = pretrained, name
        self.started = int(time.time())
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="llama")
        self._open: set[Answer] = set()

    def __len__(self) -> int:
        """Answers that are written or wait for it."""
        return len(self._open)

    async def answer(self, answer: Answer) -> AsyncIterator[str]:
        """Yield the pieces of an answer as they come.

        Raises:
            Refusal: if too many wait already.
        """
        if len(self) > MOST_WAITING:
            message = f"{MOST_WAITING} requests wait already: try again later"
            raise Refusal(message, 503, "overloaded")
        loop, pieces = asyncio.get_running_loop(), answer.pieces

        def write() -> None:
            end: Exception | None = None
            try:
                for piece in answer.write():
                    loop.call_soon_threadsafe(pieces.put_nowait, piece)
            except Exception as error:
                end = error
            loop.call_soon_threadsafe(pieces.put_nowait, end)

        self._open.add(answer)
        try:
            self._thread.submit(write)
            while isinstance(piece := await pieces.get(), str):
                yield piece
            if piece is not None:
                raise piece
        finally:
            answer.leave()
            self._open.discard(answer)

    def close(self) -> None:
        """End every answer at its next token, and take no more."""
        for answer in self._open:
            answer.leave()
        self._thread.shutdown(cancel_futures=True)
