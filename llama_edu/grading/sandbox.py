"""Kernels for students' code, shut in as well as this machine allows.

Three levels: "namespaces" (a world without the disk, other processes and the network; warm, for
Linux that lets us), "bubblewrap" (the same by the program `bwrap`, where only that is allowed;
each kernel starts cold) and "limits" (memory and time alone: UNSANDBOXED, for a teacher's own
machine and code that is trusted).

Any Jupyter tool can use them: they are a kernel provisioner, `llama-edu-sandbox`.
"""

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Dict, Int, List, Unicode

from llama_edu.course.lessons import course_root

PROVISIONER = "llama-edu-sandbox"
LEVELS = ("namespaces", "bubblewrap", "limits")
INSIDE = Path(__file__).parent / "inside"
GIGABYTE = 1 << 30
CPU_SECONDS = 600
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


@dataclass(frozen=True)
class Limits:
    """What one kernel may use.

    Args:
        seconds: for one answer, or for all the cases of its check.
        memory: bytes, of all its processes together.
    """

    seconds: float = 10.0
    memory: int = 4 * GIGABYTE


class SandboxProvisioner(KernelProvisionerBase):
    """Starts one kernel in the sandbox, and ends it with all that it started.

    Every signal ends it: code that nobody trusts is not asked twice.
    """

    level = Unicode(help="one of LEVELS; the best that works if empty").tag(config=True)
    memory = Int(4 * GIGABYTE, help="bytes").tag(config=True)
    path = Unicode(help="a folder of modules that the exercise may import").tag(config=True)
    hidden = List(Unicode(), help="folders not to be seen").tag(config=True)
    environment = Dict(help="not used; the sandbox has its own").tag(config=True)

    _process: "_Forked | _Cold | None" = None
    _folder: Path | None = None

    @property
    def has_process(self) -> bool:
        return self._process is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        manager = self.parent
        self._folder = Path(mkdtemp(prefix="llama_edu_"))
        if sys.platform != "win32":
            manager.transport, manager.ip = "ipc", str(self._folder / "k")
        manager.connection_file = str(self._folder / "kernel.json")
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        level = self.level or best_level().name
        connection_file = self.parent.connection_file
        settings = {
            "connection_file": connection_file,
            "level": level,
            "visible": [*readable_folders(), *([self.path] if self.path else [])],
            "hidden": [*private_folders(), *self.hidden],
            "path": self.path,
            "memory": self.memory,
            "cpu_seconds": CPU_SECONDS,
        }
        is_warm = sys.platform == "linux" and level != "bubblewrap"
        self._process = fork_server().fork(settings) if is_warm else _Cold(level, settings)
        return self.connection_info

    def memory_in_use(self) -> int:
        """Bytes that the kernel and all that it started hold."""
        return self._process.memory_in_use() if self._process else 0

    async def poll(self) -> int | None:
        return self._process.poll() if self._process else 0

    async def wait(self) -> int | None:
        if self._process:
            self._process.end()
            self._process = None
        return 0

    async def send_signal(self, signum: int) -> None:
        if signum != 0:
            await self.kill()

    async def kill(self, restart: bool = False) -> None:
        if self._process:
            self._process.end()

    async def terminate(self, restart: bool = False) -> None:
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        await self.kill()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


class SandboxSpecs(KernelSpecManager):
    """Knows one kernel: Python in the sandbox.

    Args:
        config: of the provisioner: level, memory, path, hidden.
    """

    def __init__(self, config: dict[str, Any]):
        super().__init__()
        self._config = config

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        provisioner = {"provisioner_name": PROVISIONER, "config": self._config}
        return KernelSpec(
            argv=[], display_name="Python, shut in", language="python",
            metadata={"kernel_provisioner": provisioner},
        )  # fmt: skip


class ForkServer:
    """The process that has imported torch and forks the kernels of this one; it ends with it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(INSIDE / "forkserver.py"), str(theirs.fileno())],
            pass_fds=[theirs.fileno()], env=_environment(), cwd="/", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        theirs.close()
        if self._line() != "ready":
            error = self._process.stderr.read().decode(errors="replace").strip().splitlines()
            raise RuntimeError(f"the fork server did not start: {error[-1] if error else '?'}")
        threading.Thread(target=self._drain, daemon=True).start()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, settings: dict[str, Any]) -> "_Forked":
        """A new kernel, as `forkserver.Settings` says."""
        leash, leash_end = os.pipe()
        status_end, status = os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._channel, [json.dumps(settings).encode()], [leash, status])
                pid = int(self._line())
        finally:
            os.close(leash)
            os.close(status)
        return _Forked(pid, leash_end, status_end)

    def close(self) -> None:
        self._channel.close()
        self._process.wait(10)

    def _line(self) -> str:
        text = b""
        while not text.endswith(b"\n"):
            byte = self._channel.recv(1)
            if not byte:
                return ""
            text += byte
        return text.decode().strip()

    def _drain(self) -> None:
        """Read what it says, so that it never waits for a reader."""
        with contextlib.suppress(ValueError, OSError):
            while self._process.stderr.read(4096):
                pass


_servers: dict[int, ForkServer] = {}
_servers_lock = threading.Lock()


def fork_server() -> ForkServer:
    """The fork server of this process, started when it is first needed."""
    with _servers_lock:
        server = _servers.get(os.getpid())  # a fork of ours must not share its parent's
        if server is None or not server.is_alive:
            server = _servers[os.getpid()] = ForkServer()
            atexit.register(server.close)
        return server


class _Forked:
    """A kernel of the fork server: a leash that ends it, and a status that says when it is over."""

    def __init__(self, pid: int, leash: int, status: int):
        self._pid, self._leash, self._status = pid, leash, status
        self._code: int | None = None
        os.set_blocking(status, False)
        self._said = b""

    def poll(self) -> int | None:
        while self._code is None:
            try:
                words = os.read(self._status, 4096)
            except BlockingIOError:
                return None
            self._said += words
            if not words:
                self._code = self._exit_code()
                os.close(self._status)
                self._cut()
        return self._code

    def end(self) -> None:
        self._cut()
        if self._code is None:
            os.set_blocking(self._status, True)
            self.poll()

    def memory_in_use(self) -> int:
        return _resident_bytes(self._pid)

    @property
    def words(self) -> str:
        """Why it could not start, if it could not."""
        return self._said.decode(errors="replace").partition("\nended")[0].strip()

    def _cut(self) -> None:
        if self._leash >= 0:
            os.close(self._leash)
            self._leash = -1

    def _exit_code(self) -> int:
        words = self._said.decode(errors="replace").split()
        return int(words[-1]) if len(words) > 1 and words[-1].lstrip("-").isdigit() else 1


class _Cold:
    """A kernel that imports everything anew: under bubblewrap, or where Python cannot fork."""

    def __init__(self, level: str, settings: dict[str, Any]):
        is_wrapped = level == "bubblewrap"
        wrap, inside = (_bubblewrap(settings), WRAPPED) if is_wrapped else ([], str(INSIDE))
        script = [sys.executable, "-I", f"{inside}/forkserver.py", "--kernel"]
        self._process = subprocess.Popen(
            [*wrap, *script, json.dumps(settings)], env=_environment(), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def poll(self) -> int | None:
        return self._process.poll()

    def end(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
        self._process.wait()

    def memory_in_use(self) -> int:
        return _resident_bytes(self._process.pid)


@cache
def readable_folders() -> tuple[str, ...]:
    """What Python and its packages lie in, as a Python without settings of the user's sees it."""
    code = "import json, sys; print(json.dumps(sys.path))"
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=_environment())
    paths = {sys.prefix, sys.base_prefix, sys.exec_prefix, *json.loads(done.stdout)}
    paths |= {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    ours = [Path(path) for path in private_folders()]
    return tuple(sorted(path for path in paths if Path(path).is_dir() and Path(path) not in ours))


def private_folders() -> tuple[str, ...]:
    """What of these a student must not read: this package, the course and its answers."""
    return tuple(sorted({str(Path(__file__).parents[1]), str(course_root())}))


def _environment() -> dict[str, str]:
    """Of a student's process: nothing of the grader's but where programs are."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "",
        "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }  # fmt: skip


def _resident_bytes(pid: int) -> int:
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += process.memory_info().rss
    return total


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
            [sys.executable, "-I", "-c", probe], capture_output=True, text=True, timeout=60,
            env=_environment(), stdin=subprocess.DEVNULL,
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
            [*_bubblewrap(settings), sys.executable, "-I", "-c", "pass"], capture_output=True,
            text=True, timeout=60, env=_environment(), stdin=subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    words = done.stderr.strip().splitlines()
    return (words[-1] if words else "bwrap failed") if done.returncode else ""


def _bubblewrap(settings: dict[str, Any]) -> list[str]:
    """The same view as `isolation.build_root` makes, as arguments of bwrap."""
    folder = str(Path(settings["connection_file"]).parent)
    arguments = ["bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    arguments += ["--cap-drop", "ALL", "--hostname", "student", "--tmpfs", "/tmp", "--dev", "/dev"]
    for path in ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache"):
        if Path(path).is_symlink():
            arguments += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).exists():
            arguments += ["--ro-bind", path, path]
    kinds = dict.fromkeys(settings["hidden"], "--tmpfs")
    kinds |= dict.fromkeys(settings["visible"], "--ro-bind")
    for path in sorted(kinds, key=lambda path: path.count("/")):
        if kinds[path] == "--ro-bind":
            arguments += ["--ro-bind", os.path.realpath(path), path]
        elif any(Path(path).is_relative_to(outer) for outer in (*settings["visible"], "/usr")):
            arguments += ["--tmpfs", path]
    arguments += ["--ro-bind", str(INSIDE), WRAPPED]
    return [*arguments, "--bind", folder, folder, "--chdir", "/tmp"]
