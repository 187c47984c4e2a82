"""Run a notebook from top to bottom in a kernel of its own, the same way on every machine.

Only what a reader should see is kept: no times, no addresses of files, no notes on stderr.
"""

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from llama_edu.data.sources import cache_dir

N_THREADS = 2
CELL_SECONDS = 300  # a whole lesson should take 60
ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
WIDGET = "application/vnd.jupyter.widget-view+json"


class CellError(RuntimeError):
    """A cell that did not do what it should.

    Args:
        position: of the cell in the notebook, from 0.
        line: within the cell, from 1.
        reason: what went wrong.
    """

    def __init__(self, position: int, line: int, reason: str):
        super().__init__(reason)
        self.position, self.line, self.reason = position, line, reason


async def execute(
    notebook: NotebookNode, course: Path, on_cell: Callable[[int], None]
) -> list[str]:
    """Run every code cell and put what it shows into the notebook.

    Args:
        notebook: changed in place.
        course: the folder whose lessons/ hold the questions that it checks.
        on_cell: called with each cell's position, from 0, before it runs.

    Returns:
        What cells wrote to stderr, such as warnings and progress: it is no part of the lesson.

    Raises:
        CellError: if a cell fails that is not tagged raises-exception, or the other way round; if
            it takes longer than `CELL_SECONDS`; if its kernel ends.
    """
    with TemporaryDirectory(prefix="llama_edu_", ignore_cleanup_errors=True) as folder:
        settings, here = Path(folder, "settings"), Path(folder, "here")
        settings.mkdir()
        here.mkdir()
        log = settings / "kernel.log"
        kernel = AsyncKernelManager(kernel_spec_manager=_ThisPython())
        client = NotebookClient(
            notebook, km=kernel, allow_errors=True, record_timing=False, coalesce_streams=True,
            timeout=CELL_SECONDS,
        )  # fmt: skip
        with log.open("wb") as stderr:
            await kernel.start_kernel(cwd=here, env=_environment(settings, course), stderr=stderr)
        try:
            await client.async_start_new_kernel_client()
            return await _run_cells(client, on_cell, log)
        finally:
            if client.kc is not None:
                client.kc.stop_channels()
            await kernel.shutdown_kernel(now=True)


async def _run_cells(client: NotebookClient, on_cell: Callable, log: Path) -> list[str]:
    notes, count = [], 0
    for position, cell in enumerate(client.nb.cells):
        if cell.cell_type != "code":
            continue
        on_cell(position)
        count += 1
        try:
            await client.async_execute_cell(cell, position, execution_count=count)
        except CellTimeoutError:
            raise CellError(position, 1, f"still running after {CELL_SECONDS} s") from None
        except DeadKernelError:
            if asyncio.current_task().cancelling():  # Ctrl-C looks the same to nbclient
                raise asyncio.CancelledError from None
            last_words = log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise CellError(position, 1, f"the kernel ended: {last_words}") from None
        _check(cell, position, count)
        notes += [out.text for out in cell.outputs if out.get("name") == "stderr"]
        cell.outputs = [tidy(out) for out in cell.outputs if out.get("name") != "stderr"]
    return notes


def tidy(output: NotebookNode) -> NotebookNode:
    """Drop from an output what differs between two runs or two machines, and nothing else."""
    if output.output_type == "error":
        plain = [ANSI_COLOUR.sub("", part) for part in output.traceback]
        output.traceback = [part for part in plain if not part.startswith("File ")]
    else:
        output.get("data", {}).pop(WIDGET, None)
    return output


def _check(cell: NotebookNode, position: int, count: int) -> None:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    may_fail = "raises-exception" in cell.metadata.get("tags", [])
    if may_fail and not errors:
        raise CellError(position, 1, "tagged raises-exception, but raised nothing")
    if errors and not may_fail:
        frames = ANSI_COLOUR.sub("", "\n".join(errors[0].traceback))
        line = [int(number) for number in re.findall(rf"Cell In\[{count}\], line (\d+)", frames)]
        reason = f"{errors[0].ename}: {errors[0].evalue}"
        raise CellError(position, line[-1] if line else 1, reason)


def _environment(settings: Path, course: Path) -> dict[str, str]:
    """The kernel's environment: this package, and no setting of the person who builds."""
    ours = Path(__file__).parents[2]
    fixed = {
        "LLAMA_EDU_COURSE": str(course),
        "OMP_NUM_THREADS": str(N_THREADS),
        "MKL_NUM_THREADS": str(N_THREADS),
        "OMP_WAIT_POLICY": "passive",  # threads that spin while they wait starve other notebooks
        "CUDA_VISIBLE_DEVICES": "",  # a GPU rounds otherwise than the CPUs that learners have
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ours), os.environ.get("PYTHONPATH")])),
        "TOKENIZERS_PARALLELISM": "false",
        "TQDM_DISABLE": "1",
        "COLUMNS": "80",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        # PNG, as the course draws it: SVG names its parts at random, and big maps grow large in it.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(cache_dir() / "matplotlib"),  # the list of fonts takes long to make
        "MATPLOTLIBRC": str(settings),
        "IPYTHONDIR": str(settings),
    }
    return os.environ | fixed


class _ThisPython(KernelSpecManager):
    """Knows one kernel: the Python that runs this, whatever else is installed as python3."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")
