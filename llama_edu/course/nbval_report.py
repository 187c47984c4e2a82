"""A pytest plugin for nbval that writes down what came of every cell.

It also keeps one bad cell from spoiling the rest: a dead kernel is noticed at once and started
anew, and cells after one that ran too long are judged like any other.

    pytest -p nbval.plugin -p llama_edu.course.nbval_report --nbval-lax --cell-report out.jsonl
"""

import json
import time
from pathlib import Path
from queue import Empty

import nbval.plugin
import pytest
from nbval.kernel import RunningKernel

GIVEN_SECONDS = 300  # for cells that nobody wrote an answer in: the first one imports torch
MAX_CHARACTERS = 20_000
REPORT = pytest.StashKey[Path]()
LIMIT = pytest.StashKey[float]()
OUTCOME = pytest.StashKey[str]()


class WatchedKernel(RunningKernel):
    """nbval's kernel, but one that ends is noticed when it ends, not when the time is up."""

    def await_reply(self, msg_id, timeout=None):
        deadline = time.monotonic() + (timeout or 0)
        while True:
            left = deadline - time.monotonic()
            try:
                return super().await_reply(msg_id, timeout=min(max(left, 0.01), 0.5))
            except Empty:
                if not self.is_alive():
                    raise RuntimeError("the kernel ended") from None
                if left <= 0:
                    raise


def pytest_addoption(parser):
    parser.addoption("--cell-report", help="Write one line of JSON for every cell to this file.")


def pytest_configure(config):
    nbval.plugin.RunningKernel = WatchedKernel
    config.stash[REPORT] = Path(config.option.cell_report)
    config.stash[LIMIT] = config.option.nbval_cell_timeout


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Undo what an earlier cell did to this one, before nbval looks at it."""
    is_graded = "nbgrader" in item.cell.metadata
    limit = item.config.stash[LIMIT]
    item.config.option.nbval_cell_timeout = limit if is_graded else GIVEN_SECONDS
    page = item.parent
    page.timed_out = False  # or nbval expects every cell after it to fail
    if page.kernel is not None and not page.kernel.is_alive():
        page.setup()
        for earlier in item.session.items[: item.session.items.index(item)]:
            is_check = earlier.cell.metadata.get("nbgrader", {}).get("grade", False)
            if earlier.stash.get(OUTCOME, "") == "passed" and not is_check:
                message = page.kernel.execute_cell_input(earlier.cell.source, allow_stdin=False)
                page.kernel.await_reply(message, GIVEN_SECONDS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[OUTCOME] = _outcome(item, report)
        line = {"cell": item.cell.id, "outcome": item.stash[OUTCOME]} | _words(item)
        with item.config.stash[REPORT].open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
    return report


def _outcome(item, report) -> str:
    if item.parent.timed_out:
        return "timed out"
    if not item.parent.kernel.is_alive():
        return "died"
    return "passed" if report.passed else "failed"


def _words(item) -> dict[str, object]:
    """What the cell displayed as text, piece by piece, and the error that ended it, if one did."""
    shown, error = [], ""
    for output in item.test_outputs or []:
        if output.output_type == "error":
            error = f"{output.ename}: {output.evalue}"[:MAX_CHARACTERS]
        elif "data" in output:
            shown.append(output.data.get("text/plain", "")[:MAX_CHARACTERS])
    return {"shown": shown, "error": error}
