"""Time several ways of doing one job in turns, so that all of them meet the same noise."""

import gc
import importlib
import re
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

Side = Literal["ours", "peer", "bound"]
COMPILED = ", compiled"  # ends the names of those that run under torch.compile


@dataclass(frozen=True)
class Contender:
    """One way of doing a job.

    Args:
        name: as the report calls it.
        precision: of the arithmetic, "fp32", "bf16" or "fp16".
        make: builds all that the job needs and returns a function that does the job once; what
            that function returns shows that the job was done.
        side: "ours", "peer", or "bound" for a measured limit that is no implementation.
        needs: module without which it cannot run; None if nothing of the kind.
        install: command that brings that module.
        is_fresh: whether `make` is called anew, off the clock, before every run.
    """

    name: str
    precision: str
    make: Callable[[], Callable[[], object]]
    side: Side = "peer"
    needs: str | None = None
    install: str = ""
    is_fresh: bool = False


@dataclass
class Row:
    """What was measured of one contender: one number a round, and the last result."""

    name: str
    precision: str
    side: Side = "peer"
    samples: list[float] = field(default_factory=list)
    result: object = None
    columns: dict[str, str] = field(default_factory=dict)

    @property
    def median(self) -> float:
        return median(self.samples)

    @property
    def is_compiled(self) -> bool:
        return self.name.endswith(COMPILED)


@dataclass
class Race:
    """The rows of one race, and a sentence for each contender that is not among them."""

    rows: list[Row] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def race(
    contenders: Iterable[Contender],
    rounds: int,
    must_agree: Collection[str] = (),
    progress: Callable[[str], None] = lambda line: None,
) -> Race:
    """Warm every contender up once, then let all run once a round, and time each run.

    Args:
        contenders: a peer that is not installed or breaks is left out and listed, and so is
            whoever cannot be compiled here; any other error of ours is raised.
        rounds: how often each runs after its warm-up, >= 1.
        must_agree: precisions in which the first result of each must equal that of the first
            contender; whoever did other work is left out and listed.
        progress: told what is going on.

    Raises:
        ValueError: if `rounds` is not positive.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    found, runs, references = Race(), [], {}
    for contender in contenders:
        progress(f"warming up: {contender.name}, {contender.precision}")
        run, result, reason = _warm_up(contender)
        if run is not None:
            reference = references.setdefault(contender.precision, result)
            if contender.precision in must_agree and result != reference:
                run, reason = None, "not timed: its result differs from ours"
        if run is None:
            found.absent.append(f"{contender.name}, {contender.precision}: {reason}")
        else:
            runs.append(contender.make if contender.is_fresh else lambda run=run: run)
            found.rows.append(Row(contender.name, contender.precision, contender.side))
    try:
        for number in range(rounds):
            progress(f"round {number + 1} of {rounds}")
            gc.collect()
            gc.disable()  # a collection would be on the clock of whoever happens to trigger it
            for row, ready in zip(found.rows, runs, strict=True):
                run = ready()
                start = time.perf_counter()
                row.result = run()
                row.samples.append(time.perf_counter() - start)
    finally:
        gc.enable()
    return found


def _warm_up(contender: Contender) -> tuple[Callable[[], object] | None, object, str]:
    """Build and run once: the function, its result, and the reason if there is no function."""
    if contender.needs:
        try:
            importlib.import_module(contender.needs)
        except ImportError as error:
            return None, None, f"not installed ({error}): {contender.install}"
    try:
        run = contender.make()
        return run, run(), ""
    except Exception as error:
        if contender.side != "peer" and not contender.name.endswith(COMPILED):
            raise
        first_line = str(error).strip().partition("\n")[0]
        without_folders = re.sub(r"/\S*/", "", first_line)
        return None, None, f"failed: {type(error).__name__}: {without_folders}"
