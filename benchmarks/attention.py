"""Causal attention in three forms, by the length of the text: time, and peak memory.

Run as a program, `python -m benchmarks.attention JOB FORM NUMBERS`, this module does the job once
and prints the bytes that it took beyond what was in memory before.
"""

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks import memory
from benchmarks.race import Contender, Row, race
from benchmarks.report import SAME, Table
from benchmarks.workload import Workload
from llama_edu.config import ModelConfig
from llama_edu.model.attention import explicit_attention
from llama_edu.model.efficient import online_attention

ONLINE, EXPLICIT, KERNEL = "llama_edu, online softmax", "explicit form", "torch, SDPA"
FORMS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    ONLINE: online_attention,
    EXPLICIT: lambda q, k, v: explicit_attention(q, k, v)[0],
    KERNEL: partial(F.scaled_dot_product_attention, is_causal=True, enable_gqa=True),
}
JOBS = FORWARD, BOTH = "forward", "forward and backward"
FORMS_NOTE = (
    "The explicit form writes a weight for every pair of tokens. Online softmax is plain PyTorch: "
    "it makes the weights of 128 by 128 tokens at a time and drops them, and makes them again on "
    "the way back; torch's kernel does the same in C++."
)


def tables(workload: Workload, progress: Callable[[str], None] = print) -> Iterator[Table]:
    """For each job a table of times and one of memory."""
    for job in JOBS:
        for unit, measure in (("s", _seconds), ("MB", _megabytes)):
            rows, note = measure(job, workload, progress)
            what = "Attention" if unit == "s" else "Peak memory of attention"
            yield Table(
                key=f"{what.lower()} {job}",
                title=f"{what} by length, {job}, fp32",
                unit=unit,
                baseline=(EXPLICIT, SAME),
                rows=rows,
                notes=[f"{note} {FORMS_NOTE}"],
                kind="length",
            )


def lengths(workload: Workload) -> tuple[int, ...]:
    """Tokens of a text: 1,024, 2,048 and 4,096 where a training step has 256."""
    return tuple(factor * workload.n_tokens for factor in (4, 8, 16))


def heads(config: ModelConfig) -> tuple[int, int, int]:
    """H, G, d."""
    return config.n_heads, config.n_kv_heads, config.d_head


def contender(form: str, job: str, n_tokens: int, n_heads: int, n_groups: int, d: int) -> Contender:
    """Set one form up for one text of random queries, keys and values.

    Args:
        form: a key of `FORMS`.
        job: `FORWARD` or `BOTH`.
        n_tokens: of the text.
        n_heads: of the queries.
        n_groups: heads of keys and values.
        d: width of a head.
    """

    def make() -> Callable[[], None]:
        dice = torch.Generator().manual_seed(0)
        q, k, v, gradient = (
            torch.randn(1, n, n_tokens, d, generator=dice)
            for n in (n_heads, n_groups, n_groups, n_heads)
        )

        def run() -> None:
            mixed = FORMS[form](*(x.detach().requires_grad_(job == BOTH) for x in (q, k, v)))
            if job == BOTH:
                mixed.backward(gradient)

        return run

    side = "ours" if form == ONLINE else "peer"
    return Contender(form, f"{n_tokens:,}", make, side=side)


def _seconds(job: str, workload: Workload, progress) -> tuple[list[Row], str]:
    shape = heads(workload.config)
    contenders = [contender(form, job, n, *shape) for n in lengths(workload) for form in FORMS]
    found = race(contenders, workload.rounds, progress=progress)
    return found.rows, f"One text, {shape[0]} heads of {shape[2]} numbers, causal."


def _megabytes(job: str, workload: Workload, progress) -> tuple[list[Row], str]:
    rows = {
        (form, n): Row(form, f"{n:,}", "ours" if form == ONLINE else "peer")
        for n in lengths(workload)
        for form in FORMS
    }
    for number in range(min(workload.rounds, memory.MAX_ROUNDS)):
        progress(f"memory of attention, {job}, round {number + 1}")
        for (form, n), row in rows.items():
            row.samples.append(peak_bytes(form, job, n, *heads(workload.config)) / 1e6)
    what = "q, k, v and the output" if job == FORWARD else "q, k, v, the output, all gradients"
    note = f"Of a process of its own, beyond what it held before, {what} included."
    return list(rows.values()), note


def peak_bytes(form: str, job: str, *sizes: int) -> int:
    """Measure one form in a new process; the arguments are those of `contender`."""
    numbers = json.dumps([*sizes, torch.get_num_threads()])
    return memory.said_by_process("benchmarks.attention", form, job, numbers)


def main() -> None:
    """Do one job in this process and print its bytes."""
    form, job, numbers = sys.argv[1:]
    *sizes, n_threads = json.loads(numbers)
    torch.set_num_threads(n_threads)
    n_tokens, *shape = sizes
    contender(form, job, min(n_tokens, 32), *shape).make()()  # what is loaded only when it is used
    before = memory.resident_bytes()
    contender(form, job, *sizes).make()()
    print(memory.peak_resident_bytes() - before)


if __name__ == "__main__":
    main()
