"""How well this machine can shut students' code in, and what such code may see.

Three levels: "namespaces" (a world without the disk, other processes and the network; warm, for
Linux that lets us), "bubblewrap" (the same by the program `bwrap`, where only that is allowed;
each kernel starts cold) and "limits" (memory and time alone: UNSANDBOXED, for a teacher's own
machine and code that is trusted).
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from llama_edu.course.lessons import course_root

LEVELS = ("namespaces", "bubblewrap", "limits")
INSIDE = Path(__file__).parent / "inside"
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache")
# Called as ../venv/bin/python it names itself so, and where it is shut in no ".." leads there.
PYTHON = str(Path(sys.executable).parent.resolve() / Path(sys.executable).name)
WRAPPED = "/inside"  # where bubblewrap puts what runs inside, away from this package's name


@dataclass(frozen=True)
class Level:
    """How well this machine can shut students' code in.

    Args:
        name: "namespaces", "bubblewrap" or "limits".
        reason: why it is not a better one; "" for the best.
    """

    name: str
    reason: str = ""

    @property
    def is_sandbox(self) -> bool:
        return self.name != "limits"


@cache
def best_level() -> Level:
    """The best level that works here, found by trying it."""
    if sys.platform != "linux":
        return Level(
            "limits", f"{sys.platform} has no namespaces: grade on Linux, or in a container"
        )
    wrong = _try_namespaces()
    if not wrong:
        return Level("namespaces")
    refused = _try_bubblewrap()
    return Level("limits", f"{wrong}; {refused}") if refused else Level("bubblewrap", wrong)


def choose_level(name: str) -> Level:
    """The level that was asked for; the best that works if none was.

    Raises:
        ValueError: if there is no such level, or it does not work here.
    """
    if not name:
        return best_level()
    if name not in LEVELS:
        raise ValueError(f"--sandbox {name} must be one of {', '.join(LEVELS)}")
    wrong = {"namespaces": _try_namespaces, "bubblewrap": _try_bubblewrap}.get(name, str)()
    if wrong:
        raise ValueError(f"--sandbox {name} does not work here: {wrong}")
    return Level(name, "asked for by --sandbox")


@cache
def readable_folders() -> tuple[str, ...]:
    """What Python and its packages lie in, as a Python without settings of the user's sees it."""
    code = """
import json, sys, sysconfig
own = [sys.prefix, sys.base_prefix, sys.exec_prefix]
own += map(sysconfig.get_path, ("stdlib", "platstdlib"))
print(json.dumps([own, sys.path]))
"""
    told = subprocess.check_output([PYTHON, "-I", "-c", code], env=bare_environment())
    own, found = json.loads(told)
    paths = {*own, *found}
    is_course = [path for path in found if (Path(path) / "lessons").is_dir()]  # a checkout of it
    return tuple(sorted(path for path in paths if Path(path).is_dir() and path not in is_course))


def private_folders() -> tuple[str, ...]:
    """What of these a student must not read: this package, the course and its answers."""
    packages = (Path(path) / "llama_edu" for path in readable_folders())
    found = [Path(__file__).parents[1], course_root(), *packages]
    return tuple(sorted({str(path) for path in found if path.is_dir()}))


def bare_environment() -> dict[str, str]:
    """Of a student's process: nothing of the grader's but where programs are."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "",
        "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }  # fmt: skip


def _try_namespaces() -> str:
    """Why namespaces cannot be had, or ""."""
    folder = mkdtemp(prefix="llama_edu_")
    probe = (
        f"import sys, os; sys.path.insert(0, {str(INSIDE)!r}); import isolation\n"
        f"view = isolation.View({readable_folders()!r}, {private_folders()!r}, {folder!r})\n"
        "isolation.enter(view)\n"
        "if os.fork() == 0:\n"
        "    try:\n"
        "        isolation.build_root(view); isolation.seal(view)\n"
        "        isolation.drop_privileges(isolation.FIRST_UID)\n"
        "    except OSError as error:\n"
        "        print(error); sys.stdout.flush()\n"
        "    os._exit(0)\n"
        "os.wait()\n"
    )
    try:
        done = subprocess.run(
            [PYTHON, "-I", "-c", probe], capture_output=True, text=True, timeout=60,
            env=bare_environment(), stdin=subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    words = f"{done.stdout}\n{done.stderr}".strip().splitlines()
    return words[-1] if words or done.returncode else ""


def _try_bubblewrap() -> str:
    """Why bubblewrap cannot be used, or ""."""
    if shutil.which("bwrap") is None:
        return "the program bwrap is not here"
    folder = mkdtemp(prefix="llama_edu_")
    settings = {
        "connection_file": f"{folder}/kernel.json", "visible": readable_folders(),
        "hidden": private_folders(),
    }  # fmt: skip
    try:
        done = subprocess.run(
            [*bubblewrap(settings), PYTHON, "-I", "-c", "pass"], capture_output=True,
            text=True, timeout=60, env=bare_environment(), stdin=subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    words = done.stderr.strip().splitlines()
    return (words[-1] if words else "bwrap failed") if done.returncode else ""


def bubblewrap(settings: dict[str, Any]) -> list[str]:
    """The same view as `isolation.build_root` makes, as arguments of bwrap."""
    folder = str(Path(settings["connection_file"]).parent)
    arguments = ["bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    arguments += ["--cap-drop", "ALL", "--hostname", "student", "--tmpfs", "/tmp", "--dev", "/dev"]
    for path in SYSTEM:
        if Path(path).is_symlink():
            arguments += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).exists():
            arguments += ["--ro-bind", path, path]
    kinds, emptied = dict.fromkeys(settings["hidden"], "--tmpfs"), []
    kinds |= dict.fromkeys(settings["visible"], "--ro-bind")
    for path in sorted(kinds, key=lambda path: path.count("/")):
        if kinds[path] == "--ro-bind":
            arguments += ["--ro-bind", os.path.realpath(path), path]
        elif any(Path(path).is_relative_to(outer) for outer in (*settings["visible"], "/usr")):
            arguments += ["--tmpfs", path]
            emptied += ["--remount-ro", path]  # once what lies in it is there
    arguments += ["--ro-bind-try", "/proc/cpuinfo", "/proc/cpuinfo"]  # for torch's float16
    arguments += ["--ro-bind", str(INSIDE), WRAPPED, "--bind", folder, folder]
    return [*arguments, *emptied, "--remount-ro", "/", "--chdir", "/tmp"]
