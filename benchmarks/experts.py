"""A mixture of experts beside dense models, equal in active parameters or in all of them."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import decode, train
from benchmarks.race import Race, race
from benchmarks.report import SAME, Table, ratio
from benchmarks.workload import Workload, new_model
from llama_edu.config import Experts, ModelConfig
from llama_edu.weights import save_hf

N_EXPERTS = 8
DENSE, MIXTURE, LARGE = "dense", "mixture", "dense, as large"
OURS = "llama_edu"


def shapes(config: ModelConfig) -> dict[str, ModelConfig]:
    """A dense model; a mixture of as many active parameters; a dense one of as many in all.

    Each expert is half as wide as the dense layer, and a token visits a shared one and one of
    eight. Beyond that the mixture has its routers.
    """
    half = config.d_ff // 2
    return {
        DENSE: config,
        MIXTURE: replace(config, experts=Experts(n_experts=N_EXPERTS, d_ff=half)),
        LARGE: replace(config, d_ff=half * (N_EXPERTS + 1)),
    }


def tables(workload: Workload, progress: Callable[[str], None] = print) -> Iterator[Table]:
    """One table for a training step, one for decoding a text, one for several side by side."""
    with tempfile.TemporaryDirectory() as name:
        folders = {}
        for shape, config in shapes(workload.config).items():
            folders[shape] = save_hf(new_model(config), Path(name, shape))
        yield _training(folders, workload, progress)
        for n_texts in (1, workload.decode_batch_size):
            yield _decoding(folders, n_texts, workload, progress)


def _training(folders: dict[str, Path], workload: Workload, progress) -> Table:
    theirs = "transformers, SDPA"
    contenders = [
        replace(train.contender(who, folders[shape], "fp32", workload), precision=shape)
        for who, shape in _everybody(theirs)
    ]
    found = race(contenders, workload.rounds, progress=progress)
    for row in found.rows:
        row.columns["last loss"] = f"{row.result:.4f}"
    return _table(
        f"{workload.batch_size} texts of {workload.n_tokens} tokens, AdamW fused, no balance loss.",
        found, "training step", theirs, workload, workload.batch_size * workload.n_tokens,
    )  # fmt: skip


def _decoding(folders: dict[str, Path], n_texts: int, workload: Workload, progress) -> Table:
    theirs, prompts = "transformers", [[i + 1] for i in range(n_texts)]
    contenders = [
        replace(
            decode.contender(who, "fp32", folders[shape], prompts, workload.n_new_tokens),
            precision=shape,
        )
        for who, shape in _everybody(theirs)
    ]
    found = race(contenders, workload.rounds, must_agree=folders, progress=progress)
    return _table(
        f"{workload.n_new_tokens} new tokens after a prompt of one, greedy; programs with the same "
        "weights wrote the same tokens, checked before the timing.",
        found, f"decoding, batch {n_texts}", theirs, workload, n_texts * workload.n_new_tokens,
    )  # fmt: skip


def _everybody(theirs: str) -> list[tuple[str, str]]:
    return [(OURS, DENSE), (theirs, DENSE), (OURS, MIXTURE), (theirs, MIXTURE), (OURS, LARGE)]


def _table(note: str, found: Race, job: str, theirs: str, workload: Workload, n_tokens) -> Table:
    dense = {row.name: row for row in found.rows if row.precision == DENSE}
    for row in found.rows:
        config = shapes(workload.config)[row.precision]
        row.columns["tokens/s"] = f"{n_tokens / row.median:,.0f}"
        row.columns["× dense, same program"] = f"{ratio(dense[row.name], row):.2f}"
        row.columns["active, million"] = f"{config.n_active_params / 1e6:.1f}"
        row.columns["in all, million"] = f"{config.n_params / 1e6:.1f}"
    return Table(
        key=f"experts {job}",
        title=f"Experts: {job}, fp32",
        unit="s",
        baseline=(theirs, SAME),
        rows=found.rows,
        absent=found.absent,
        notes=[
            f"{note} The mixture: random weights, a shared expert and {N_EXPERTS} others, of which "
            "a token visits one, each half as wide as the dense layer."
        ],
        kind="model",
    )
