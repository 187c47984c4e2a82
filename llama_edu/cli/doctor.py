"""`llama-edu doctor`: look at this machine and say what it means for the course."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import llama_edu
from llama_edu.cli import diagnosis
from llama_edu.cli.diagnosis import Line
from llama_edu.cli.program import typed
from llama_edu.data import sources

# PyTorch's names of the instruction sets that its matrix products profit from.
CPU_FEATURES = {
    "avx2": "AVX2",
    "avx512_f": "AVX-512",
    "avx512_bf16": "AVX-512 bf16",
    "amx_bf16": "AMX bf16",
    "neon": "NEON",
    "bf16": "NEON bf16",
    "sve": "SVE",
    "sve_bf16": "SVE bf16",
}
STYLES = {"ok": "green", "warn": "yellow", "bad": "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For a bug report.")] = False,
) -> None:
    """Say what this machine has, what that means for the course, what to do if it is bad."""
    lines = list(examine())
    if as_json:
        about = {"llama_edu": llama_edu.__version__, "platform": platform.platform()}
        print(json.dumps({**about, "lines": [asdict(line) for line in lines]}, indent=2))
    else:
        _show(lines)
    if any(line.mark == "bad" for line in lines):
        raise typer.Exit(1)


def examine() -> Iterator[Line]:
    """Look at everything, in the order in which a person would mend it."""
    import psutil

    yield diagnosis.check_python(sys.version_info[:3])
    yield from _torch_lines()
    memory = psutil.virtual_memory()
    limit = container_limit("memory.max") or memory.total
    yield diagnosis.check_memory(min(limit, memory.total), min(limit, memory.available))
    yield from _cache_lines()
    yield from _sandbox_lines()


def container_limit(file: str, folder: Path = Path("/sys/fs/cgroup")) -> float | None:
    """What a Linux container may use, which neither PyTorch nor psutil takes note of.

    Args:
        file: "cpu.max", in processors, or "memory.max", in bytes.
        folder: where the control group's files are.

    Returns:
        None where there is no limit.
    """
    try:
        amount, *rest = (folder / file).read_text(encoding="ascii").split()
    except OSError:
        return None
    period = int(rest[0]) if rest else 1  # processor time is granted per period, memory is not
    return None if amount == "max" else int(amount) / period


def archive_is_found(name: str, seconds: float = 8) -> bool:
    """Whether pip finds the archive of a source in its package index, asked for a short while.

    Raises:
        ValueError: if no source has this name.
    """
    source = sources.find(name)
    command = (sys.executable, "-m", "pip", "index", "versions", source.package)
    options = ("--no-input", "--disable-pip-version-check", "--retries", "0", "--timeout", "4")
    try:
        answer = subprocess.run(
            [*command, *options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return source.version in answer.stdout


def _torch_lines() -> Iterator[Line]:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library of its own is missing
        yield diagnosis.check_torch(None, str(error).partition("\n")[0])
        return
    from llama_edu.pretrained import faster_dtype

    yield diagnosis.check_torch(torch.__version__)
    # Newer than the oldest PyTorch that is allowed.
    found = getattr(torch.cpu, "get_capabilities", dict)()
    yield diagnosis.check_cpu(
        found.get("cpu_name") or platform.processor() or platform.machine(),
        [words for feature, words in CPU_FEATURES.items() if found.get(feature)],
        platform.machine().lower() in ("x86_64", "amd64", "i386", "i686"),
        torch.backends.cpu.get_cpu_capability(),
        faster_dtype() is torch.bfloat16,
    )
    yield diagnosis.check_threads(torch.get_num_threads(), _usable_processors())
    yield diagnosis.check_gpu(_gpu_name())


def _usable_processors() -> float:
    import psutil

    mine = psutil.Process()
    # macOS cannot bind a process to processors.
    n_mine = len(mine.cpu_affinity()) if hasattr(mine, "cpu_affinity") else os.cpu_count() or 1
    return min(n_mine, container_limit("cpu.max") or n_mine)


def _gpu_name() -> str | None:
    import torch

    if torch.cuda.is_available():
        gpu = torch.cuda.get_device_properties(0)
        return f"{gpu.name}, {gpu.total_memory / diagnosis.GB:.0f} GB (cuda)"
    return "Apple's (mps)" if torch.backends.mps.is_available() else None


def _cache_lines() -> Iterator[Line]:
    from llama_edu.pretrained import DEFAULT_MODEL

    folder = sources.cache_dir()
    missing = {
        name: source.archive_bytes + source.unpacked_bytes
        for name, source in sources.SOURCES.items()
        if not sources.cached(name)
    }
    model_is_cached = DEFAULT_MODEL not in missing
    # The folder itself is only made when something is fetched.
    parent = next(path for path in (folder, *folder.parents) if path.is_dir())
    yield diagnosis.check_disk(
        shutil.disk_usage(parent).free, missing.get(DEFAULT_MODEL, 0), sum(missing.values())
    )
    yield diagnosis.check_cache(
        str(folder).replace(str(Path.home()), "~", 1),  # a bug report need not name its author
        _is_writable(parent),
        len(sources.SOURCES) - len(missing),
        len(sources.SOURCES),
        model_is_cached,
    )
    yield diagnosis.check_network(archive_is_found(DEFAULT_MODEL), model_is_cached, not missing)


def _sandbox_lines() -> Iterator[Line]:
    from llama_edu.grading.levels import best_level

    level = best_level()
    yield diagnosis.check_sandbox(level.name, level.reason)


def _is_writable(folder: Path) -> bool:
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _show(lines: list[Line]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid("mark", "name", "text", padding=(0, 2, 0, 0))
    for line in lines:
        text = Text(line.fact).append(f"\n{line.meaning}", "dim")
        if line.remedy:
            text.append(f"\ndo: {line.remedy}", STYLES[line.mark])
        table.add_row(Text(line.mark, STYLES[line.mark]), line.name, text)
    console = Console(highlight=False)
    console.print(table)
    console.print(Text(typed(f"\nNext: {diagnosis.next_step(lines)}")))
