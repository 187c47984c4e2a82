"""Where submissions are graded: processes of this machine, or a Dask cluster's."""

import contextlib
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor

from llama_edu.grading.processes import fork_server

WATCH_SECONDS = 1.0


@contextlib.contextmanager
def executor(jobs: int = 1, scheduler: str | None = None) -> Iterator[Executor]:
    """An executor whose work ends with it, whatever happens.

    Args:
        jobs: local processes.
        scheduler: address of a Dask scheduler, "tcp://...", instead.

    Raises:
        ValueError: if a scheduler is named and Dask is not installed, or does not answer.
    """
    if scheduler:
        with _dask(scheduler) as found:
            yield found
        return
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    pool = ProcessPoolExecutor(jobs, context, initializer=_end_with_parent, initargs=(os.getpid(),))
    try:
        yield pool
    except BaseException:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        raise
    pool.shutdown()


@contextlib.contextmanager
def _dask(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            "--scheduler needs Dask: python -m pip install 'llama_edu[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=10)
    except (OSError, TimeoutError) as error:
        raise ValueError(f"--scheduler {address} does not answer: {error}") from None
    with client:
        # A task is pure: another worker grades anew what a lost one had.
        yield client.get_executor(retries=3)


def _end_with_parent(parent: int) -> None:
    """A grader that is killed leaves nobody behind: its workers look whether it is there."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # A grammar of addresses that jsonschema would build, in seconds, for formats no notebook has.
    sys.modules.setdefault("rfc3987_syntax", None)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if sys.platform == "linux":  # it imports torch while we do
        threading.Thread(target=fork_server, daemon=True).start()
