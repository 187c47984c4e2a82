"""What packing documents into windows saves."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.race import Contender, race
from benchmarks.report import Table
from benchmarks.workload import Workload
from llama_edu.data.batches import Batch, Batches, write_tokens
from llama_edu.data.stories import tell_story
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss


@dataclass(frozen=True)
class Padded:
    """Documents side by side, each filled up to the longest."""

    inputs: Tensor
    targets: Tensor

    def mask(self) -> None:
        return None


def table(workload: Workload, progress: Callable[[str], None] = print) -> Table:
    """Three ways through the same documents, each with all their tokens."""
    documents = _documents(workload)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stories.tokens"
        file = write_tokens(path, documents, workload.config.vocab_size)
        apart, joined = (
            list(_packed(file, workload, keeps_apart)) for keeps_apart in (True, False)
        )
    ways = {
        "padded to the longest": list(_padded(documents, workload.batch_size)),
        "packed, documents kept apart": apart,
        "packed, one long text": joined,
    }
    n_tokens = sum(map(len, documents))
    found = race(
        [
            Contender(name, "bf16", partial(_pass, batches, workload), side="ours")
            for name, batches in ways.items()
        ],
        workload.rounds,
        progress=progress,
    )
    for row in found.rows:
        n_computed = sum(batch.inputs.numel() for batch in ways[row.name])
        n_counted = sum(int((batch.targets >= 0).sum()) for batch in ways[row.name])
        row.columns["wasted tokens"] = f"{100 * (1 - n_counted / n_computed):.0f} %"
        row.columns["tokens that count/s"] = f"{n_counted / row.median:,.0f}"
    return Table(
        "packing", "Packing documents, forward and backward, bf16", "s",
        ("padded to the longest", "bf16"), found.rows, found.absent,
        notes=[f"{len(documents)} stories of the story world, {n_tokens:,} tokens, "
               f"{min(map(len, documents))} to {max(map(len, documents))} each, in batches of "
               f"{workload.batch_size}; windows of {workload.n_tokens} tokens where they are "
               "packed. Wasted is what is computed and is no target."],
    )  # fmt: skip


def _documents(workload: Workload) -> list[list[int]]:
    """Stories, a token a word, that fill two batches of windows when they are packed."""
    n_tokens, documents, ids = 2 * workload.batch_size * workload.n_tokens + 1, [], {}
    while n_tokens > 1:  # a text of one token has no target
        words = tell_story(seed=len(documents), n_events=4 + 7 * len(documents) % 30).text.split()
        words = words[: min(workload.n_tokens, n_tokens)]
        documents.append([ids.setdefault(w, len(ids) % workload.config.vocab_size) for w in words])
        n_tokens -= len(words)
    return documents


def _packed(file, workload: Workload, keeps_apart: bool) -> Iterator[Batch]:
    batches = Batches(file, workload.batch_size, workload.n_tokens, keeps_apart=keeps_apart)
    return (batches.next() for _ in range(batches.per_epoch))


def _padded(documents: list[list[int]], batch_size: int) -> Iterator[Padded]:
    for first in range(0, len(documents), batch_size):
        rows = documents[first : first + batch_size]
        tokens = nn.utils.rnn.pad_sequence(
            [torch.tensor(row) for row in rows], batch_first=True, padding_value=-100
        )
        yield Padded(tokens[:, :-1].clamp(min=0), tokens[:, 1:])


def _pass(batches: list, workload: Workload) -> Callable[[], None]:
    model = Llama(workload.config)

    def run() -> None:
        for batch in batches:
            total, _ = next_token_loss(model, batch, torch.bfloat16)
            total.backward()
        model.zero_grad()

    return run
