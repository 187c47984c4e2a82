"""Show how a download goes: a bar for a person, two plain lines for a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def megabytes(n_bytes: int) -> str:
    """Write a size in units of 10^6 bytes: megabytes(3_196_628) -> "3.2 MB"."""
    return f"{n_bytes / 1e6:.1f} MB"


@contextmanager
def progress(title: str, held: int, n_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show a download on stderr: a bar on a terminal, else one line before and one after.

    Yields a function to call with the number of bytes held so far; `held` were there before.
    """
    if not sys.stderr.isatty():
        rest = f", {megabytes(held)} of it already here" if held else ""
        print(f"fetching {title} ({megabytes(n_bytes)}{rest})", file=sys.stderr)
        start = time.monotonic()
        yield lambda done: None
        print(f"fetched {title} in {time.monotonic() - start:.1f} s", file=sys.stderr)
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, completed=held, total=n_bytes)
        yield lambda done: bar.update(task, completed=done)
