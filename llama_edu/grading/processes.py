"""The processes that students' kernels are: forks of one that has imported torch, or cold ones."""

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from typing import Any

import psutil

from llama_edu.grading.levels import INSIDE, PYTHON, WRAPPED, bare_environment, bubblewrap


class ForkServer:
    """The process that has imported torch and forks the kernels of this one; it ends with it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [PYTHON, "-I", str(INSIDE / "forkserver.py"), str(theirs.fileno())],
            pass_fds=[theirs.fileno()], env=bare_environment(), cwd="/", start_new_session=True,
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

    def fork(self, settings: dict[str, Any]) -> "Forked":
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
        return Forked(pid, leash_end, status_end)

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


class Forked:
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

    def cpu_seconds(self) -> float:
        return _cpu_seconds(self._pid)

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


class Cold:
    """A kernel that imports everything anew: under bubblewrap, or where Python cannot fork."""

    def __init__(self, level: str, settings: dict[str, Any]):
        is_wrapped = level == "bubblewrap"
        wrap, inside = (bubblewrap(settings), WRAPPED) if is_wrapped else ([], str(INSIDE))
        script = [PYTHON, "-I", f"{inside}/forkserver.py", "--kernel"]
        self._process = subprocess.Popen(
            [*wrap, *script, json.dumps(settings)], env=bare_environment(), start_new_session=True,
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

    def cpu_seconds(self) -> float:
        return _cpu_seconds(self._process.pid)


def _cpu_seconds(pid: int) -> float:
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                times = process.cpu_times()
                total += times.user + times.system
    return total


def _resident_bytes(pid: int) -> int:
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += process.memory_info().rss
    return total
