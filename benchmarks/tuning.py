"""An instruction-tuning step beside transformers' Trainer, on the same conversations."""

import random
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from benchmarks import loops
from benchmarks.loops import MAX_GRAD_NORM, Pause
from benchmarks.race import race
from benchmarks.report import Table
from benchmarks.train import DTYPES
from benchmarks.workload import Workload
from llama_edu.finetune.instruct.examples import Example, chat_example
from llama_edu.finetune.instruct.packing import ChatBatches, first_fit
from llama_edu.finetune.instruct.recipe import world_tokenizer
from llama_edu.finetune.instruct.world import conversation, tasks, training_stories
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED
from llama_edu.weights import save_hf

PACKED, PADDED = "llama_edu, packed", "llama_edu, padded"
THEIR_PADDED, THEIR_FLAT = "transformers, padded", "transformers, flattened"
N_CONVERSATIONS = 16  # in a step
ROW = 256  # tokens of a packed row


def tables(workload: Workload, progress: Callable[[str], None] = print) -> Iterator[Table]:
    """Steps of whole loops in fp32 and bf16, with the conversations padded and packed."""
    talks = conversations()
    lengths = sorted(map(len, talks))
    n_answers = sum(target != IGNORED for talk in talks for target in talk.targets)
    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        save_hf(Llama(workload.config), folder)
        for precision in DTYPES:
            who = [
                loops.contender(name, precision, partial(loop, Path(folder), precision, talks))
                for name, loop in LOOPS.items()
            ]
            found = race(who, workload.rounds, progress=progress)
            for row in found.rows:
                row.columns["tokens of conversations/s"] = f"{sum(lengths) / row.median:,.0f}"
            yield Table(
                key=f"tuning {precision}",
                title=f"A step of instruction tuning, {precision}",
                unit="s",
                baseline=(THEIR_PADDED, precision),
                rows=found.rows,
                absent=found.absent,
                notes=[
                    f"{N_CONVERSATIONS} conversations about stories, {lengths[0]} to {lengths[-1]} "
                    f"tokens each, {sum(lengths):,} in all, of which {n_answers} count. Each step "
                    "learns from all of them. Padded: a row a conversation, filled up to the "
                    f"longest. Packed: rows of {ROW} tokens, kept apart by a mask. Flattened: one "
                    "row of all of them, kept apart by their positions. Both trainers as they are, "
                    f"gradients clipped at {MAX_GRAD_NORM}."
                ],
            )


def conversations() -> list[Example]:
    """Some with one question, some with all that can be asked, so that lengths differ."""
    tokenizer, dice = world_tokenizer(n_stories=200), random.Random(0)
    talks = []
    for story in islice(training_stories(0), N_CONVERSATIONS):
        asked = tasks(story, dice)
        some = dice.sample(asked, dice.randint(1, len(asked)))
        talks.append(chat_example(tokenizer, conversation(story, some)))
    return talks


def our_trainer(
    row: int | None, folder: Path, precision: str, talks: list[Example], pause: Pause
) -> None:
    """Our trainer; all conversations are one batch, in rows of so many tokens, or one in each."""
    lengths = [*map(len, talks)]
    n_rows = len(first_fit(lengths, row)) if row else len(talks)
    batches = ChatBatches(lambda number: talks, n_rows * (row or max(lengths)), row)
    loops.run_ours(folder, precision, batches, pause)


def their_trainer(
    is_flat: bool, folder: Path, precision: str, talks: list[Example], pause: Pause
) -> None:
    """transformers' Trainer; all conversations are one batch, in one row or in one each."""
    from transformers import DataCollatorWithFlattening

    collator = DataCollatorWithFlattening() if is_flat else pad_to_longest
    loops.run_theirs(folder, precision, len(talks), [*map(labelled, talks)], pause, collator)


def labelled(talk: Example) -> dict[str, list[int]]:
    """An example as transformers wants it: it shifts the labels itself."""
    return {"input_ids": [*talk.inputs, talk.targets[-1]], "labels": [IGNORED, *talk.targets]}


def pad_to_longest(rows: list[dict[str, list[int]]]) -> dict[str, Tensor]:
    """What its collators do, without a tokenizer that knows a padding token."""
    columns = {"input_ids": 0, "labels": IGNORED, "attention_mask": 0}
    rows = [row | {"attention_mask": [1] * len(row["input_ids"])} for row in rows]
    return {
        name: pad_sequence([torch.tensor(row[name]) for row in rows], True, filling)
        for name, filling in columns.items()
    }


LOOPS: dict[str, Callable[[Path, str, list[Example], Pause], None]] = {
    PACKED: partial(our_trainer, ROW), PADDED: partial(our_trainer, None),
    THEIR_PADDED: partial(their_trainer, False), THEIR_FLAT: partial(their_trainer, True),
}  # fmt: skip
