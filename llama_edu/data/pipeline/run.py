"""Run the steps: skip what is done, share shards out among processes, stop cleanly."""

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing.connection import wait
from pathlib import Path

from llama_edu.data.pipeline.files import (
    COLLECTED,
    FINISHED,
    PARTIAL,
    PREPARED,
    SELECTED,
    file_key,
    read_json,
    stored_key,
)
from llama_edu.data.pipeline.finish import finish
from llama_edu.data.pipeline.reference import REFERENCE, learn
from llama_edu.data.pipeline.report import Report, write_report
from llama_edu.data.pipeline.select import DONE, select
from llama_edu.data.pipeline.settings import Settings
from llama_edu.data.pipeline.shards import collect, prepare, source_key

Step = Callable[[str, Path, Settings], None]


def build(
    root: Path,
    settings: Settings | None = None,
    n_jobs: int = 1,
    progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Build a corpus in a folder, or go on with one that was stopped.

    Whatever was killed when, and however many processes worked: the same bytes come out.

    Args:
        root: folder of the build; made when missing.
        settings: `Settings()` if None.
        n_jobs: processes, >= 1.
        progress: told what is done.

    Raises:
        ValueError: if the folder holds a build with other settings, another run is at work in it,
            or an input is wrong.
        SourceError: if an archive cannot be had.
    """
    from filelock import FileLock, Timeout

    if n_jobs < 1:
        raise ValueError(f"n_jobs must be at least 1, got {n_jobs}")
    settings = settings or Settings()
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / ".lock")
    try:
        with lock.acquire(timeout=0):
            return _build(root, settings, n_jobs, progress)
    except Timeout:
        raise ValueError(f"root={root} is being built by another process") from None


def _build(root: Path, settings: Settings, n_jobs: int, progress) -> Report:
    _check_settings(root, settings)
    shutil.rmtree(root / PARTIAL, ignore_errors=True)  # of a run that was killed
    with _Workers(n_jobs) as workers:

        def run(step: Step, folder: str, keys: dict[str, str]) -> None:
            """Do a step for each name whose last file has not the key of what goes in now."""
            files = {name: root / folder / f"{_marker(name)}.json" for name in keys}
            missing = [name for name, key in keys.items() if stored_key(files[name]) != key]
            progress(f"{step.__name__}: {len(missing)} of {len(keys)} to do")
            for name in missing:  # what is old must not look new if this run is killed
                files[name].unlink(missing_ok=True)
            workers.run(step, missing, root, settings)

        run(collect, COLLECTED, {source: source_key(source) for source in settings.sources})
        lists = [read_json(root / COLLECTED / f"{Path(s).stem}.json") for s in settings.sources]
        shards = [shard for one in lists for shard in one["shards"]]
        keys = {shard: file_key(root / COLLECTED / f"{shard}.jsonl") for shard in shards}
        run(prepare, PREPARED, keys)
        key = hashlib.sha256(json.dumps(keys).encode()).hexdigest()
        if stored_key(root / SELECTED / DONE) != key:
            progress("select")
            (root / SELECTED / DONE).unlink(missing_ok=True)
            select(shards, root, settings, key)
        stems = [Path(source).stem for source in settings.sources]
        if settings.reference in stems and stored_key(root / REFERENCE) != key:
            progress("learn")
            learn(shards, root, settings)
        run(finish, FINISHED, dict.fromkeys(shards, key))
    _drop_others(root, {*shards, *stems})
    report = write_report(shards, root)
    shutil.rmtree(root / PARTIAL, ignore_errors=True)
    return report


def _marker(name: str) -> str:
    """Of a source's path its name; a shard's is its own."""
    return Path(name).stem if name.endswith(".jsonl") else name


def _drop_others(root: Path, names: set[str]) -> None:
    """Drop what was made of an input that is shorter now."""
    for folder in (COLLECTED, PREPARED, SELECTED, FINISHED, "train", "test"):
        for path in (root / folder).glob("*"):
            is_ours = path.name in (DONE, Path(REFERENCE).name) and folder == SELECTED
            parts = path.name.split(".")
            if not is_ours and not {".".join(parts[:i]) for i in range(len(parts))} & names:
                path.unlink()


def _check_settings(root: Path, settings: Settings) -> None:
    path = root / "settings.json"
    if not path.exists():
        part = path.with_suffix(".part")
        if any(child.name not in (".lock", part.name) for child in root.iterdir()):
            raise ValueError(f"root={root} must be empty, or a build that was stopped")
        part.write_text(settings.as_json(), encoding="utf-8")
        part.replace(path)
    elif path.read_text(encoding="utf-8") != settings.as_json():
        raise ValueError(f"root={root} holds a build with other settings; choose another folder")


class _Workers:
    """Runs a step for each name, here or in other processes."""

    def __init__(self, n_jobs: int):
        self.n_jobs, self.pool = n_jobs, None

    def __enter__(self) -> "_Workers":
        if self.n_jobs > 1:
            self.pool = ProcessPoolExecutor(
                self.n_jobs, multiprocessing.get_context("spawn"), initializer=_end_with_parent
            )
        return self

    def __exit__(self, kind, *_) -> None:
        if self.pool:
            self.pool.shutdown(cancel_futures=kind is not None)

    def run(self, step: Step, names: list[str], root: Path, settings: Settings) -> None:
        if not self.pool:
            for name in names:
                step(name, root, settings)
            return
        for future in as_completed([self.pool.submit(step, n, root, settings) for n in names]):
            future.result()


def _end_with_parent() -> None:
    """End this worker when its parent is killed: it would wait for work for ever.

    Ctrl-C is the parent's to answer; it lets the shards at hand be finished.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
