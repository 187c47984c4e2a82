"""A training step: forward, cross-entropy, backward, AdamW."""

import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks import peers
from benchmarks.nano_gpt import NanoGPT
from benchmarks.race import COMPILED, Contender, Row, race
from benchmarks.report import Table, ratio
from benchmarks.workload import Workload, training_batches
from llama_edu.model.linear import Linear
from llama_edu.model.llama import Llama
from llama_edu.weights import load_hf, save_hf

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
CEILING = "matrix products alone"
OURS, NANO = "llama_edu", "nanoGPT-shaped"
# Equal weights and data: fp32 differs by the order of sums, bf16 by its 8 significant bits.
LOSS_TOLERANCE = {"fp32": 0.01, "bf16": 0.1}

Forward = Callable[[Tensor], Tensor]  # tokens (B, T) -> logits (B, T, V)


def tables(workload: Workload, progress: Callable[[str], None] = print) -> Iterator[Table]:
    """One table in fp32, then one in bf16 over fp32 master weights."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        save_hf(Llama(workload.config), folder)
        for precision in DTYPES:
            torch.compiler.reset()  # its limit of versions of one function is for one table
            yield _table(workload, Path(folder), precision, progress)


def _table(workload: Workload, folder: Path, precision: str, progress) -> Table:
    found = race(contenders(workload, folder, precision), workload.rounds, progress=progress)
    n_tokens = workload.batch_size * workload.n_tokens
    ceiling = next(row for row in found.rows if row.name == CEILING)
    for row in found.rows:
        row.columns["tokens/s"] = f"{n_tokens / row.median:,.0f}"
        row.columns["of the ceiling"] = f"{100 * ratio(ceiling, row):.0f} %"
        row.columns["last loss"] = "" if row is ceiling else f"{row.result:.4f}"
    compute = "" if precision == "fp32" else " compute over fp32 master weights"
    return Table(
        key=f"train {precision}",
        title=f"Training step, {precision}{compute}",
        unit="s",
        baseline=("transformers, SDPA", precision),
        rows=found.rows,
        absent=found.absent,
        notes=[
            f"{workload.batch_size} texts of {workload.n_tokens} tokens, vocabulary "
            f"{workload.config.vocab_size:,}, AdamW fused; peers in bf16 run under autocast. The "
            "ceiling is the products of the linear layers, forward and backward, and nothing "
            "else: no attention, no norms, no loss, no optimizer.",
            loss_agreement(found.rows, precision, n_steps=workload.rounds + 1),
        ],
    )


def loss_agreement(rows: list[Row], precision: str, n_steps: int) -> str:
    """Say whether all LLaMAs, which began with equal weights, have arrived at one loss."""
    losses = [row.result for row in rows if row.side != "bound" and not row.name.startswith(NANO)]
    spread = max(losses) - min(losses)
    is_close = all(map(math.isfinite, losses)) and spread <= LOSS_TOLERANCE[precision]
    verdict = "agree" if is_close else "DO NOT AGREE"
    return (
        f"After {n_steps} steps on the same data from the same weights the losses of all LLaMAs "
        f"{verdict}: median {median(losses):.4f}, spread {spread:.4f} (allowed "
        f"{LOSS_TOLERANCE[precision]}). The {NANO} model is another model with weights of its own."
    )


def contenders(workload: Workload, folder: Path, precision: str) -> Iterator[Contender]:
    """Everybody in eager mode, everybody compiled, and the ceiling."""
    for is_compiled in (False, True) if workload.is_compiled else (False,):
        for name in (OURS, *PEERS):
            yield contender(name, folder, precision, workload, is_compiled)
    yield Contender(CEILING, precision, lambda: matrix_products(workload, precision), side="bound")


def contender(
    name: str, folder: Path, precision: str, workload: Workload, is_compiled: bool = False
) -> Contender:
    """Set one training up.

    Args:
        name: `OURS` or a key of `PEERS`.
        folder: initial weights, as `save_hf` writes them.
        precision: a key of `DTYPES`.
        workload: sizes and data.
        is_compiled: whether forward and loss run under torch.compile.
    """
    needs, load = PEERS.get(name, (None, None))

    def make() -> Callable[[], float]:
        model = load_hf(folder) if name == OURS else load(folder, workload)
        forward = (ours if name == OURS else under_autocast)(model.train(), precision)
        return training_step(model, forward, training_batches(workload), is_compiled)

    return Contender(
        name=name + COMPILED if is_compiled else name,
        precision=precision,
        make=make,
        side="ours" if name == OURS else "peer",
        needs=needs,
        install=peers.INSTALL.get(needs, ""),
    )


def ours(model: Llama, precision: str) -> Forward:
    """Our own way to compute in bf16: every weight is cast once, where it is used."""
    return lambda tokens: model(tokens, dtype=DTYPES[precision])


def under_autocast(model: nn.Module, precision: str) -> Forward:
    """The peers' way: PyTorch decides at each operation what to cast."""

    def forward(tokens: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            return peers.logits_of(model(tokens))

    return forward


def _nano(folder: Path, workload: Workload) -> nn.Module:
    torch.manual_seed(0)
    return NanoGPT(replace(workload.config, max_seq_len=workload.n_tokens))


# Name -> the module it needs, and how to load it from a folder for a workload.
PEERS = {
    "transformers, SDPA": ("transformers", lambda folder, _: peers.transformers(folder, "sdpa")),
    "transformers, eager attention": (
        "transformers",
        lambda folder, _: peers.transformers(folder, "eager"),
    ),
    NANO: (None, _nano),
    "litgpt": ("litgpt", lambda folder, _: peers.litgpt(folder)),
}


def training_step(
    model: nn.Module, forward: Forward, batches: list[tuple[Tensor, Tensor]], is_compiled: bool
) -> Callable[[], float]:
    """Make a function that trains on the next batch and returns the loss in nats a token."""

    def loss_of(tokens: Tensor, targets: Tensor) -> Tensor:
        logits = forward(tokens)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())

    loss_fn = torch.compile(loss_of, dynamic=False) if is_compiled else loss_of
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    upcoming = cycle(batches)

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_fn(*next(upcoming))
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def matrix_products(workload: Workload, precision: str) -> Callable[[], None]:
    """Make a function that does what no implementation can leave out of a training step.

    For each linear layer y = x W^T of our model: y, and from the gradient of y those of x and W.

    """
    n_rows, dtype = workload.batch_size * workload.n_tokens, DTYPES[precision]
    with torch.device("meta"):
        layers = [layer for layer in Llama(workload.config).modules() if isinstance(layer, Linear)]
    weights = [torch.randn(w.shape, dtype=dtype) for w in (layer.weight for layer in layers)]
    widths = {width for weight in weights for width in weight.shape}
    inputs = {width: torch.randn(n_rows, width, dtype=dtype) for width in widths}

    def run() -> None:
        for weight in weights:
            d_out, d_in = weight.shape
            F.linear(inputs[d_in], weight)
            inputs[d_out] @ weight
            inputs[d_out].mT @ inputs[d_in]

    return run
