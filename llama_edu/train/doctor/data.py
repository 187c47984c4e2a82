"""What a run was shown: repeated, ordered, padded, counted wrongly, or the text of its own test."""

from collections import Counter
from itertools import pairwise

import numpy as np

from llama_edu.data.batches import TokenFile
from llama_edu.train.doctor.finding import Finding
from llama_edu.train.doctor.read import Run
from llama_edu.train.loss import IGNORED

SPAN = 64  # tokens that stand in two texts alike by chance only where the text repeats itself
N_SPANS, MAX_BYTES = 200, 2 * 10**9  # looked for, and read for it, at most


def one_batch(run: Run) -> Finding | None:
    """Fewer different batches than the text has."""
    marks = [line["batch"] for line in run.steps if "batch" in line]
    if len(marks) < 5 or run.steps_per_epoch is None:
        return None
    n_different, n_due = len(set(marks)), min(len(marks), int(run.steps_per_epoch))
    if n_different > n_due / 2:
        return None
    mark, n = Counter(marks).most_common(1)[0]
    return Finding(
        "one batch repeated",
        f"{len(marks)} steps saw {n_different} different batches, where the text has {n_due} for "
        f"them; batch {mark} came {n} times. Loss at the end {run.last_loss:.2f}.",
    )


def same_order(run: Run) -> Finding | None:
    """Batches that come back: shuffled anew, windows meet in other batches every time."""
    marks = [line["batch"] for line in run.steps if "batch" in line]
    first = {}
    for i, mark in enumerate(marks):
        first.setdefault(mark, i)
    again = [(i, first[mark]) for i, mark in enumerate(marks) if first[mark] < i]
    beyond = len(marks) - (run.steps_per_epoch or len(marks))
    if one_batch(run) or len(again) < max(3, 0.5 * beyond):
        return None
    i, before = again[0]
    return Finding(
        "order never changes",
        f"{len(again)} of {len(marks)} steps saw a batch that had been there before, as it was: "
        f"step {i + 1} that of step {before + 1}, and so on.",
    )


def text_order(run: Run) -> Finding | None:
    """Windows that follow each other in the file, in most of the batches."""
    if run.train_file is None or not run.seen:
        return None
    rows = [row for line in run.seen for row in line["inputs"]]
    places = [find(run.train_file, row) for row in rows]
    steps = [b - a for a, b in pairwise(places) if a is not None and b is not None]
    n_next = sum(step == run.n_tokens for step in steps)
    if len(steps) < 4 or n_next < len(steps) / 2:
        return None
    return Finding(
        "text in its order",
        f"Of {len(steps)} neighbouring rows of the first batches {n_next} stand behind each other "
        f"in the text; the first ones at {', '.join(map(str, places[:4]))}.",
    )


def padding(run: Run) -> Finding | None:
    """Rows that begin or end in one token over and over, and it counts as a target."""
    n_padding = n_counted = 0
    tokens = Counter()
    for line in run.seen:
        for inputs, targets in zip(line["inputs"], line["targets"], strict=True):
            n_counted += sum(target != IGNORED for target in targets)
            for row, side in ((inputs, targets), (inputs[::-1], targets[::-1])):
                n = next((i for i, token in enumerate(row) if token != row[0]), len(row))
                counted = sum(target == row[0] for target in side[:n])
                if n >= 3 and counted >= 2:
                    n_padding += counted
                    tokens[row[0]] += counted
    if not n_counted or n_padding < 0.05 * n_counted:
        return None
    token, n = tokens.most_common(1)[0]
    return Finding(
        "loss on padding",
        f"Of {n_counted} targets in the rows of the first steps {n_padding} stand in runs of one "
        f"token at the start or end of a row; {n} of them are token {token}.",
    )


def wrong_mean(run: Run) -> Finding | None:
    """The number that the loss was divided by is not that of the targets."""
    if run.about.get("n_processes", 1) > 1 or "n_targets" not in run.steps[0]:
        return None
    totals = np.array([0] + [line["n_tokens"] for line in run.steps])
    if run.steps[0]["step"] != 1:
        return None
    divided, targets = np.diff(totals), np.array([line["n_targets"] for line in run.steps])
    wrong = np.flatnonzero(divided != targets)
    # A loss that drops the edge of each row, or some targets by a rule of its own, is no mistake.
    if len(wrong) < len(divided) / 2 or divided.sum() > 0.5 * targets.sum():
        return None
    i = int(wrong[0])
    return Finding(
        "wrong mean",
        f"Step {i + 1} had {targets[i]} targets, and its loss was divided by {divided[i]}; so in "
        f"{len(wrong)} of {len(divided)} steps. In parts of different lengths each short one "
        "counts as much as a long one.",
    )


def leak(run: Run) -> Finding | None:
    """Spans of the held-out text that stand in the training text, more than it repeats itself."""
    train, other = run.train_file, run.held_out_file
    if train is None or other is None or min(len(train), len(other)) < 4 * SPAN:
        return None
    dice = np.random.default_rng(0)
    n = int(np.clip(MAX_BYTES // train.tokens.nbytes, 10, N_SPANS))
    found = sum(find(train, span) is not None for span in _spans(other, n, dice))
    usual = 0
    for span in _spans(train, n, dice):
        place = find(train, span)
        usual += find(train, span, place + 1) is not None
    if found - usual < max(5, 0.03 * n):
        return None
    return Finding(
        "held-out text in training",
        f"Of {n} spans of {SPAN} tokens of the held-out text {found} stand in the training text "
        f"word for word; of as many spans of the training text itself {usual} stand there twice.",
    )


def _spans(file: TokenFile, n: int, dice: np.random.Generator) -> list[np.ndarray]:
    starts = dice.integers(0, len(file) - SPAN, n)
    return [file.tokens[start : start + SPAN] for start in starts]


def find(file: TokenFile, tokens, start: int = 0) -> int | None:
    """Where tokens stand in a file, from a place on; None if nowhere."""
    width, wanted = file.tokens.dtype.itemsize, np.asarray(tokens, file.tokens.dtype).tobytes()
    data = file.tokens.base  # the mapped file: searched where it lies
    at = data.find(wanted, start * width)
    while at % width and at >= 0:
        at = data.find(wanted, at + 1)
    return at // width if at >= 0 else None
