"""Tokens in a file as large as it must be, and batches of them in an order that can be repeated.

Documents stand one after the other in the file; a window of T + 1 tokens may begin in one and end
in another, so that no token is wasted on padding. Where each document ends is kept beside the
tokens, for masks that let no token look into the document before.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

NARROW = 1 << 16  # vocabularies up to this size fit into two bytes a token


@dataclass(frozen=True)
class Batch:
    """Windows of one file.

    Args:
        tokens: ids, T + 1 of each window: the inputs are all but the last, the targets all but the
            first.
        documents: which document each token stands in, counted within its window from 0; None where
            documents are not kept apart.
    """

    tokens: Int[Tensor, "B T+1"]
    documents: Int[Tensor, "B T+1"] | None = None

    @property
    def inputs(self) -> Int[Tensor, "B T"]:
        return self.tokens[:, :-1]

    @property
    def targets(self) -> Int[Tensor, "B T"]:
        return self.tokens[:, 1:]

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch there."""
        documents = None if self.documents is None else self.documents.to(device)
        return Batch(self.tokens.to(device), documents)

    def mask(self) -> Bool[Tensor, "B 1 T T"] | None:
        """True where a token may look: at itself and before, in its own document alone.

        None where documents are not kept apart: a token may look at all that stand before it.

        Source: arXiv:2407.21783, sec. 3.2: Llama 3 keeps the documents of a window apart so.
        """
        if self.documents is None:
            return None
        documents = self.documents[:, :-1]
        is_same = documents[:, :, None] == documents[:, None, :]
        return is_same.tril()[:, None]


class TokenFile:
    """A file of tokens, read where it lies: its pages come into memory when they are needed.

    Args:
        path: as it was given to `write_tokens`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged: cut off, or not what is written beside it.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        about = _about(self.path)
        if not self.path.is_file() or not about.is_file():
            raise FileNotFoundError(f"there is no token file {self.path} with {about.name} beside")
        try:
            said = json.loads(about.read_text(encoding="utf-8"))
            dtype, n_tokens = np.dtype(said["dtype"]), int(said["n_tokens"])
            self.ends = np.asarray(said["ends"], dtype=np.int64)
            self.vocab_size = int(said["vocab_size"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{about} is damaged: {error}") from None
        n_bytes = self.path.stat().st_size
        if n_bytes != n_tokens * dtype.itemsize:
            raise ValueError(
                f"{self.path} must be {n_tokens * dtype.itemsize} bytes long, is {n_bytes}: "
                "make it again"
            )
        self.tokens = np.memmap(self.path, dtype, mode="r", shape=(n_tokens,))

    def __len__(self) -> int:
        return len(self.tokens)

    def window(self, start: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """So many tokens from a place on, and the document of each, counted from 0."""
        places = np.arange(start, start + length)
        documents = np.searchsorted(self.ends, places, side="right")
        return self.tokens[start : start + length].astype(np.int64), documents - documents[0]


def write_tokens(
    path: str | Path, documents: Iterable[Sequence[int]], vocab_size: int
) -> TokenFile:
    """Write documents, one after the other, as they come; nothing but the last is held in memory.

    Args:
        path: of the file; a small one that says what is in it is put beside it. Both appear whole
            or not at all.
        documents: ids of each; empty ones are passed over.
        vocab_size: ids are below it.

    Raises:
        ValueError: if an id is out of range, or there are no tokens at all.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    dtype = np.dtype("<u2" if vocab_size <= NARROW else "<u4")
    part, ends, n_tokens = path.with_name(f"{path.name}.part"), [], 0
    try:
        with part.open("wb") as file:
            for i, document in enumerate(documents):
                ids = np.asarray(document, dtype=np.int64)
                if len(ids) == 0:
                    continue
                if ids.min() < 0 or ids.max() >= vocab_size:
                    wrong = int(ids.min() if ids.min() < 0 else ids.max())
                    raise ValueError(
                        f"token {wrong} of document {i} must be in [0, vocab_size={vocab_size})"
                    )
                file.write(ids.astype(dtype).tobytes())
                n_tokens += len(ids)
                ends.append(n_tokens)
        if not n_tokens:
            raise ValueError(f"there is not one token to write into {path}")
        about = {"dtype": dtype.str, "n_tokens": n_tokens, "vocab_size": vocab_size, "ends": ends}
        about_part = part.with_name(f"{part.name}.json")
        about_part.write_text(json.dumps(about), encoding="utf-8")
        os.replace(part, path)  # noqa: PTH105 (what is there is replaced, on every system)
        os.replace(about_part, _about(path))  # noqa: PTH105
    finally:
        part.unlink(missing_ok=True)
    return TokenFile(path)


class Batches:
    """Windows of a file in a shuffled order: every token once an epoch, then shuffled anew.

    The order hangs on the seed and the epoch alone, so that a run that was ended goes on with the
    batch that would have come, whatever came before, and several processes share the windows out
    without a word.

    Args:
        file: the tokens.
        batch_size: windows a batch B, over all processes.
        n_tokens: length T of the inputs; a window has one token more, its last target.
        seed: of the order.
        rank: which of the processes this is, from 0.
        n_ranks: how many there are; a divisor of batch_size.
        keeps_apart: whether batches say which document each token is in, for a mask.

    Raises:
        ValueError: if the file has too few tokens for one batch, or a number is out of range.
    """

    def __init__(
        self,
        file: TokenFile,
        batch_size: int,
        n_tokens: int,
        seed: int = 0,
        rank: int = 0,
        n_ranks: int = 1,
        keeps_apart: bool = True,
    ):
        if batch_size < 1 or n_tokens < 1:
            raise ValueError(f"{batch_size=} and {n_tokens=} must both be at least 1")
        if not 0 <= rank < n_ranks or batch_size % n_ranks:
            raise ValueError(f"{rank=} must be below {n_ranks=}, which must divide {batch_size=}")
        self.file, self.batch_size, self.n_tokens = file, batch_size, n_tokens
        self.seed, self.rank, self.n_ranks = seed, rank, n_ranks
        self.keeps_apart = keeps_apart
        # Windows overlap by one token, the last target of one and the first input of the next.
        self.n_windows = (len(file) - 1) // n_tokens
        if self.n_windows < batch_size:
            raise ValueError(
                f"{file.path} has {len(file)} tokens, too few for a batch of {batch_size} x "
                f"{n_tokens}: take smaller batches, shorter windows or more text"
            )
        self.n_drawn = 0

    @property
    def per_epoch(self) -> int:
        """Batches an epoch; what is left over at its end, less than a batch, is passed over."""
        return self.n_windows // self.batch_size

    @property
    def epoch(self) -> float:
        """How often the text has been seen."""
        return self.n_drawn / self.per_epoch

    def __iter__(self) -> Iterator[Batch]:
        """Batches without end."""
        while True:
            yield self.next()

    def next(self) -> Batch:
        """The next batch: this process's share of it."""
        epoch, place = divmod(self.n_drawn, self.per_epoch)
        self.n_drawn += 1
        order = self._order(epoch)
        share = self.batch_size // self.n_ranks
        first = place * self.batch_size + self.rank * share
        windows = [
            self.file.window(int(i) * self.n_tokens, self.n_tokens + 1)
            for i in order[first : first + share]
        ]
        tokens, documents = (
            torch.from_numpy(np.stack(part)) for part in zip(*windows, strict=True)
        )
        return Batch(tokens, documents if self.keeps_apart else None)

    def state_dict(self) -> dict[str, int]:
        """Where it stands, and what must be the same to go on from there."""
        return {
            "n_drawn": self.n_drawn, "seed": self.seed, "batch_size": self.batch_size,
            "n_tokens": self.n_tokens, "n_windows": self.n_windows,
        }  # fmt: skip

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from there, with as many processes as there are now.

        Raises:
            ValueError: if the order would be another one.
        """
        for name, value in self.state_dict().items():
            if name != "n_drawn" and state.get(name) != value:
                raise ValueError(
                    f"the run was begun with {name}={state.get(name)}, this is {name}={value}"
                )
        self.n_drawn = state["n_drawn"]

    def _order(self, epoch: int) -> np.ndarray:
        if getattr(self, "_shuffled", (None,))[0] != epoch:
            dice = np.random.default_rng([self.seed, epoch])
            self._shuffled = (epoch, dice.permutation(self.n_windows))
        return self._shuffled[1]


def _about(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")
