"""From a GGUF file to a model that can run."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from benchmarks import peers
from benchmarks.race import Contender, race
from benchmarks.report import Table
from benchmarks.workload import Workload
from llama_edu.data.sources import SourceError, pull
from llama_edu.weights import load_gguf

SOURCE = "smollm2-135m-instruct"
MAX_ROUNDS = 3  # transformers takes a quarter of a minute each
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def tables(
    workload: Workload, progress: Callable[[str], None] = print, file: Path | None = None
) -> Iterator[Table]:
    """One table: SmolLM2 from its pinned package, or another GGUF file.

    Args:
        workload: only its `rounds` are read.
        progress: told what is going on.
        file: to load; SmolLM2-135M-Instruct, which is fetched if need be, if None.
    """
    title = f"Loading {file.name if file else 'SmolLM2-135M-Instruct'} from GGUF"
    table = Table("load", title, "s", ("transformers", "fp32"), rows=[])
    try:
        file = file or _smollm2()
    except SourceError as error:
        table.absent = [f"everybody: the file cannot be had: {error}"]
        yield table
        return
    contenders = [
        contender
        for precision, dtype in DTYPES.items()
        for contender in (
            Contender("llama_edu", precision, lambda d=dtype: ours(file, d), side="ours"),
            Contender(
                "transformers", precision, lambda d=dtype: transformers(file, d),
                needs="accelerate", install=f"{peers.INSTALL['transformers']} accelerate",
            ),
        )
    ]  # fmt: skip
    found = race(contenders, min(workload.rounds, MAX_ROUNDS), must_agree=DTYPES, progress=progress)
    table.rows, table.absent = found.rows, found.absent
    table.notes = [
        f"A file of {file.stat().st_size / 1e6:,.0f} MB that is already in the operating system's "
        "cache, expanded to the precision named. All models hold equally many numbers."
    ]
    yield table


def _smollm2() -> Path:
    return next(pull(SOURCE).glob("*.gguf"))


def ours(file: Path, dtype: torch.dtype) -> Callable[[], int]:
    """Load with this package; the result is the number of weights."""
    return lambda: sum(p.numel() for p in load_gguf(file, dtype).parameters())


def transformers(file: Path, dtype: torch.dtype) -> Callable[[], int]:
    """Load with transformers, which needs accelerate to read GGUF."""
    from transformers import AutoModelForCausalLM

    peers.silence_transformers()

    def run() -> int:
        model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=dtype)
        return sum(p.numel() for p in model.parameters())

    return run
