"""A step of fine-tuning with LoRA or DoRA: a frozen model, adapters on every projection."""

import math
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks import peers
from benchmarks.race import Contender, Row, race
from benchmarks.report import Table
from benchmarks.workload import Workload, training_batches
from llama_edu.finetune.adapters import load_adapter, save_adapter
from llama_edu.finetune.lora import ATTENTION, FFN, add_lora
from llama_edu.finetune.qlora import quantize_base
from llama_edu.model.llama import Llama
from llama_edu.weights import load_hf, save_hf

OURS, PEFT, AUTOCAST = "llama_edu", "peft", "peft under autocast"
RANK = 8
LOSS_TOLERANCE = {"fp32": 0.01, "bf16": 0.1}  # the order of sums; 8 significant bits


def tables(workload: Workload, progress: Callable[[str], None] = print) -> Iterator[Table]:
    """LoRA, then DoRA, each in fp32 and bf16, all from the same weights and adapters."""
    for kind in ("LoRA", "DoRA"):
        with tempfile.TemporaryDirectory() as name:
            base, adapter = Path(name) / "base", Path(name) / "adapter"
            torch.manual_seed(0)
            model = Llama(workload.config)
            save_hf(model, base)
            add_lora(model, RANK, 2 * RANK, (*ATTENTION, *FFN), use_dora=kind == "DoRA")
            save_adapter(model, adapter)
            found = race(
                contenders(workload, base, adapter, kind), workload.rounds, progress=progress
            )
        n_tokens = workload.batch_size * workload.n_tokens
        for row in found.rows:
            row.columns["tokens/s"] = f"{n_tokens / row.median:,.0f}"
            row.columns["last loss"] = f"{row.result:.4f}"
        yield Table(
            f"lora {kind}", f"A step of {kind}", "s", (PEFT, "fp32"), found.rows, found.absent,
            notes=[
                f"{workload.batch_size} texts of {workload.n_tokens} tokens, rank {RANK} on all "
                "seven projections, AdamW on the adapters alone, nobody compiled. The frozen "
                "weights are stored in the precision of their row, but for autocast's, which are "
                "fp32, and NF4's; the adapters are fp32 throughout.",
                *(agreement(found.rows, precision) for precision in LOSS_TOLERANCE),
            ],
        )  # fmt: skip


def agreement(rows: list[Row], precision: str) -> str:
    """Say whether all who began with the same numbers have arrived at one loss."""
    losses = [row.result for row in rows if row.precision == precision]
    spread, allowed = max(losses) - min(losses), LOSS_TOLERANCE[precision]
    is_close = all(map(math.isfinite, losses)) and spread <= allowed
    verdict = "agree" if is_close else "DO NOT AGREE"
    return (
        f"In {precision} the last losses {verdict}: median {median(losses):.4f}, spread "
        f"{spread:.4f} (allowed {allowed})."
    )


def contenders(workload: Workload, base: Path, adapter: Path, kind: str) -> Iterator[Contender]:
    """Everybody who can take the step.

    Args:
        workload: sizes and data.
        base: the frozen model, as `save_hf` writes it.
        adapter: the adapters to begin with, as `save_adapter` writes them.
        kind: "LoRA" or "DoRA".
    """

    def ours(dtype: torch.dtype, is_narrow: bool = False) -> Callable[[], float]:
        model = load_hf(base).to(dtype)
        if is_narrow:
            # 64 where it divides the widths; the benchmark's are not made of 64s
            quantize_base(model, math.gcd(workload.config.d_model, workload.config.d_ff, 64))
        load_adapter(model, adapter)
        return training_step(model.train(), model, workload)

    def theirs(dtype: torch.dtype, is_autocast: bool = False) -> Callable[[], float]:
        from peft import PeftModel

        frozen = peers.transformers(base, dtype=torch.float32 if is_autocast else dtype)
        model = PeftModel.from_pretrained(frozen, adapter, is_trainable=True).train()

        def forward(tokens: Tensor) -> Tensor:
            with torch.autocast("cpu", dtype, enabled=is_autocast):
                return peers.logits_of(model(tokens))

        return training_step(model, forward, workload)

    for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        yield Contender(OURS, precision, lambda dtype=dtype: ours(dtype), side="ours")
        yield Contender(
            PEFT, precision, lambda dtype=dtype: theirs(dtype), needs="peft",
            install=peers.INSTALL["peft"],
        )  # fmt: skip
    yield Contender(
        AUTOCAST, "bf16", lambda: theirs(torch.bfloat16, True), needs="peft",
        install=peers.INSTALL["peft"],
    )  # fmt: skip
    if kind == "LoRA":
        yield Contender(OURS, "NF4 base, bf16", lambda: ours(torch.bfloat16, True), side="ours")


def training_step(
    model: nn.Module, forward: Callable[[Tensor], Tensor], workload: Workload
) -> Callable[[], float]:
    """Make a function that trains on the next batch and returns the loss in nats a token."""
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=1e-3, fused=True)
    upcoming = cycle(training_batches(workload))

    def step() -> float:
        tokens, targets = next(upcoming)
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(tokens).flatten(0, 1).float(), targets.flatten())
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
