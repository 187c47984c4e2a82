"""On what the numbers were measured."""

import os
import platform
import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8")
LIBRARIES = (
    "torch",
    "transformers",
    "tokenizers",
    "sentencepiece",
    "litgpt",
    "llama-cpp-python",
    "gguf",
    "numpy",
    "llama_edu",
)


def describe() -> str:
    """Processor, its instructions, memory, versions and threads, as Markdown lines."""
    import psutil

    model, flags = _cpu()
    present = [flag for flag in FLAGS if flag in flags] or ["none known"]
    absent = [flag for flag in FLAGS if flag not in flags]
    lines = [
        f"{model}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB; "
        f"{platform.system()} {platform.machine()}",
        f"instructions: {', '.join(present)}; without {', '.join(absent) or 'none of these'}",
        f"{torch.get_num_threads()} threads; Python {platform.python_version()}; "
        + ", ".join(f"{name} {_version(name)}" for name in LIBRARIES),
    ]
    return "\n".join(f"- {line}" for line in lines)


class Others:
    """How much of the processor other programs took since this was made."""

    def __init__(self):
        self.start, self.hour = _seconds(), f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"

    def __str__(self) -> str:
        return f"{self.hour}, while other programs took {100 * self.share():.0f} % of the processor"

    def share(self) -> float:
        """Their part of all cores, 0 to 1. Beyond a few hundredths the timings are worth less."""
        wall, busy, own = (now - then for now, then in zip(_seconds(), self.start, strict=True))
        return max(0.0, busy - own) / (wall * os.cpu_count())


def _seconds() -> tuple[float, float, float]:
    """Wall time, processor time of everybody, and that of this process and those it started."""
    import psutil

    everybody, this, own = psutil.cpu_times(), psutil.Process(), 0.0
    idle = everybody.idle + getattr(everybody, "iowait", 0)
    for process in [this, *this.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # it has ended since it was listed
            own += sum(process.cpu_times()[:4])  # its own, and those of its ended children
    return time.monotonic(), sum(everybody) - idle, own


def _cpu() -> tuple[str, set[str]]:
    file = Path("/proc/cpuinfo")
    if not file.exists():
        return platform.processor() or platform.machine(), set()
    facts = dict(
        (part.strip() for part in line.split(":", 1))
        for line in file.read_text(encoding="utf-8").splitlines()
        if ":" in line
    )
    name = facts.get("model name", platform.machine())
    return name, set(facts.get("flags", facts.get("Features", "")).split())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
