"""Examples of many lengths in batches: packed side by side, or sorted so that like meets like."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from llama_edu.finetune.instruct.examples import Example
from llama_edu.train.loss import IGNORED

PADDING = -1  # the document of tokens that only fill a row up


def first_fit(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Put each length into the first bin that has room for it, the longest first.

    first_fit([3, 6, 4, 2], capacity=7) -> [[1], [2, 0], [3]]

    Args:
        lengths: of the examples, in tokens.
        capacity: of a bin, at least the longest of them.

    Returns:
        For each bin the places in `lengths` of what lies in it.

    Raises:
        ValueError: if a length is greater than the capacity.

    Source: first-fit decreasing needs at most 11/9 of the fewest bins, and 6/9 of one more
    (Dosa, 2007).
    """
    if lengths and max(lengths) > capacity:
        raise ValueError(f"capacity={capacity} must be at least the longest, {max(lengths)}")
    bins: list[list[int]] = []
    room: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        place = next((b for b, free in enumerate(room) if free >= lengths[i]), len(bins))
        if place == len(bins):
            bins.append([])
            room.append(capacity)
        bins[place].append(i)
        room[place] -= lengths[i]
    return bins


@dataclass(frozen=True)
class ChatBatch:
    """Rows of examples, one or several in each.

    Args:
        inputs: ids; 0 where a row is filled up.
        targets: the id that follows, -100 where it does not count.
        documents: which example of its row a token belongs to, from 0; -1 where it is filled up.
        hints: as those of the examples; -100 where there is none.
        number: how many batches came before it.
    """

    inputs: Int[Tensor, "B T"]
    targets: Int[Tensor, "B T"]
    documents: Int[Tensor, "B T"]
    hints: tuple[Int[Tensor, "B T"], ...] = ()
    number: int = 0

    def to(self, device: torch.device | str) -> "ChatBatch":
        """The same batch there."""
        inputs, targets, documents, *hints = (
            x.to(device) for x in (self.inputs, self.targets, self.documents, *self.hints)
        )
        return ChatBatch(inputs, targets, documents, tuple(hints), self.number)

    def mask(self) -> Bool[Tensor, "B 1 T T"] | None:
        """True where a token may look: in its own example, at itself and before.

        None where no row holds two examples: then every causal model keeps them apart already.
        """
        if self.documents.max() <= 0:
            return None
        return (self.documents[:, :, None] == self.documents[:, None, :]).tril()[:, None]

    @property
    def wasted(self) -> float:
        """Share of the batch that only fills it up."""
        return (self.documents == PADDING).float().mean().item()


def packed_batch(
    rows: Sequence[Sequence[Example]], n_tokens: int | None = None, number: int = 0
) -> ChatBatch:
    """Lay rows of examples into one batch.

    Args:
        rows: the examples of each row, in order.
        n_tokens: length T; that of the longest row if None.
        number: how many batches came before.
    """
    n_tokens = n_tokens or max(sum(map(len, row)) for row in rows)
    n_hints = len(rows[0][0].hints)
    tokens = torch.zeros(len(rows), n_tokens, dtype=torch.long)
    documents = torch.full_like(tokens, PADDING)
    targets, *hints = (torch.full_like(tokens, IGNORED) for _ in range(1 + n_hints))
    for r, row in enumerate(rows):
        start = 0
        for d, example in enumerate(row):
            there = slice(start, start := start + len(example))
            tokens[r, there] = torch.tensor(example.inputs)
            targets[r, there] = torch.tensor(example.targets)
            documents[r, there] = d
            for hint, values in zip(hints, example.hints, strict=True):
                hint[r, there] = torch.tensor(values)
    return ChatBatch(tokens, targets, documents, tuple(hints), number)


class ChatBatches:
    """Batches without end, from pools of examples that are made when they are needed.

    Args:
        pool: number, from 0 -> examples; the same for the same number. For a fixed set give
            `lambda number: examples`: each pool is one epoch, shuffled anew.
        n_tokens: most tokens of a batch, what fills it up included.
        row: length of the rows into which examples are packed; None: an example a row, those of
            like length in a batch together.
        seed: of the order.
        rank: which of the processes this is, from 0; it gets its share of each batch's rows.
        n_ranks: how many there are.

    Raises:
        ValueError: if an example is longer than a row or a batch, or a number is out of range.
    """

    def __init__(
        self,
        pool: Callable[[int], Sequence[Example]],
        n_tokens: int,
        row: int | None = None,
        seed: int = 0,
        rank: int = 0,
        n_ranks: int = 1,
    ):
        if row is not None and not 0 < row <= n_tokens:
            raise ValueError(f"{row=} must be from 1 to n_tokens={n_tokens}")
        if not 0 <= rank < n_ranks:
            raise ValueError(f"{rank=} must be from 0 to below {n_ranks=}")
        self.pool, self.n_tokens, self.row, self.seed = pool, n_tokens, row, seed
        self.rank, self.n_ranks = rank, n_ranks
        self._pool_number = self._place = self.n_drawn = 0
        self._batches = self._make()

    def __iter__(self):
        """Batches without end."""
        while True:
            yield self.next()

    def next(self) -> ChatBatch:
        """The next batch: this process's share of it."""
        if self._place == len(self._batches):
            self._pool_number, self._place = self._pool_number + 1, 0
            self._batches = self._make()
        rows = self._batches[self._place]
        self._place += 1
        self.n_drawn += 1
        return packed_batch(rows[self.rank :: self.n_ranks], self.row, self.n_drawn - 1)

    def state_dict(self) -> dict[str, int | None]:
        """Where it stands, and what must be the same to go on from there."""
        return {
            "n_drawn": self.n_drawn, "pool": self._pool_number, "place": self._place,
            "n_tokens": self.n_tokens, "row": self.row, "seed": self.seed,
        }  # fmt: skip

    def load_state_dict(self, state: dict[str, int | None]) -> None:
        """Go on from there.

        Raises:
            ValueError: if the order would be another one.
        """
        for name in ("n_tokens", "row", "seed"):
            if state.get(name) != getattr(self, name):
                raise ValueError(
                    f"the run was begun with {name}={state.get(name)}, "
                    f"this is {name}={getattr(self, name)}"
                )
        self.n_drawn, self._pool_number = state["n_drawn"], state["pool"]
        self._batches = self._make()
        self._place = state["place"]

    def _make(self) -> list[list[list[Example]]]:
        dice = np.random.default_rng([self.seed, self._pool_number])
        examples = list(self.pool(self._pool_number))
        examples = [examples[i] for i in dice.permutation(len(examples))]
        longest = max(map(len, examples))
        if longest > (self.row or self.n_tokens):
            raise ValueError(
                f"an example has {longest} tokens, more than the {self.row or self.n_tokens} of "
                f"a {'row' if self.row else 'batch'}"
            )
        batches = self._packed(examples) if self.row else self._sorted(examples)
        whole = [batch for batch in batches if len(batch) >= self.n_ranks]
        return [whole[i] for i in dice.permutation(len(whole))]

    def _packed(self, examples: list[Example]) -> list[list[list[Example]]]:
        rows = [[examples[i] for i in bin_] for bin_ in first_fit([*map(len, examples)], self.row)]
        size = self.n_tokens // self.row
        return [rows[i : i + size] for i in range(0, len(rows), size)]

    def _sorted(self, examples: list[Example]) -> list[list[list[Example]]]:
        batches: list[list[list[Example]]] = [[]]
        for example in sorted(examples, key=len):  # the longest of a batch comes last
            if (len(batches[-1]) + 1) * len(example) > self.n_tokens:
                batches.append([])
            batches[-1].append([example])
        return batches
