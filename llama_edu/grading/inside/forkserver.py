"""Start kernels for students' code, quickly: torch is imported once, and each kernel is a fork.

Run as a script of its own, without this package on its path and with a bare environment, so that
a fork holds nothing but Python, torch, Jupyter's kernel and the harness.

    python -I forkserver.py SOCKET_FD            fork a kernel for every request
    python -I forkserver.py --kernel SETTINGS    be one kernel (where one cannot fork)

A request is a line of JSON (`Settings`) with two files: a leash, which ends the kernel as soon as
its other end is closed, by whatever death of the one who holds it; and a status, which is closed
once all is over.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.modules["debugpy"] = None  # a kernel that nobody debugs starts three times faster
sys.path.insert(0, str(Path(__file__).parent))
import harness  # noqa: E402  torch comes with it
import isolation  # noqa: E402
from ipykernel.kernelapp import IPKernelApp  # noqa: E402
from IPython.utils.text import SList  # noqa: E402

sys.path.pop(0)
# What a kernel imports while it starts; imported here once.
for _name in (
    "faulthandler", "ipykernel.debugger", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.extensions.storemagic", "tornado.platform.asyncio", "tornado.queues",
):  # fmt: skip
    with contextlib.suppress(ImportError):
        importlib.import_module(_name)
# The first cast from float16 asks the CPU what it is, by files that are not there later.
harness.torch.zeros(1, dtype=harness.torch.float16).float()
SOCKETS = ("shell", "iopub", "stdin", "control", "hb")
BIND_SECONDS = 30
FAILED = 70
BOUND = b"bound"
# Figures, widgets, progress bars: an honest plot in a loop sends hundreds.
SHOWS = {
    "clear_output", "comm_close", "comm_msg", "comm_open", "display_data", "execute_result",
    "stream", "update_display_data",
}  # fmt: skip
QUIET = ("--HistoryManager.enabled=False", "--log-level=CRITICAL", "--quiet")


@dataclass(frozen=True)
class Settings:
    """One kernel.

    Args:
        connection_file: Jupyter's description of its sockets, in a folder of its own.
        level: "namespaces" or "limits".
        visible: what of the disk is seen under "namespaces".
        hidden: what of that is empty.
        path: a folder of modules that the exercise may import, or "".
        memory: bytes.
        cpu_seconds: in all.
        outcomes_only: whether the harness's message is all that a cell may show.
    """

    connection_file: str
    level: str
    visible: list[str]
    hidden: list[str]
    path: str
    memory: int
    cpu_seconds: int
    outcomes_only: bool

    @property
    def view(self) -> isolation.View:
        folder = os.path.dirname(self.connection_file)
        return isolation.View(tuple(self.visible), tuple(self.hidden), folder)


def serve(channel: socket.socket) -> None:
    """Fork a keeper for every request until the other side hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's to handle
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no burial
    gc.freeze()  # a fork that looked for garbage among all this would have to copy it
    channel.sendall(b"ready\n")
    while True:
        line, files, _, _ = socket.recv_fds(channel, 1 << 16, 2)
        if not line:
            return
        pid = os.fork()
        if pid == 0:
            channel.close()
            keep(Settings(**json.loads(line)), *files)
        for file in files:
            os.close(file)
        channel.sendall(b"%d\n" % pid)


def keep(settings: Settings, leash: int, status: int) -> None:
    """Fork a student's world, and end it when it is over or the leash is cut. Never returns."""
    code = FAILED
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        has_world = settings.level == "namespaces"
        if has_world:
            isolation.enter(settings.view)
        elif sys.platform == "linux":
            isolation.set_process(isolation.PR_SET_CHILD_SUBREAPER, 1)
        keeper = os.getpid()
        child = os.fork()
        if child == 0:
            os.close(leash)
            if has_world:
                rule(settings, keeper, status)
            become_kernel(settings, keeper)
        code = _wait(child, leash)
        if not has_world:
            _end_all_children()
    except BaseException as error:
        os.write(status, f"{type(error).__name__}: {error}".encode()[:4000])
    finally:
        os.write(status, f"\nended {code}".encode())
        os._exit(0)


def rule(settings: Settings, keeper: int, status: int) -> None:
    """Be process 1 of a world: build it, fork the kernel, seal it, outlive it by nothing."""
    try:
        isolation.build_root(settings.view)
        isolation.set_process(isolation.PR_SET_DUMPABLE, 0)  # the student is not to look in here
        isolation.set_process(isolation.PR_SET_PDEATHSIG, signal.SIGKILL)
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child == 0:
            ours.close()
            become_kernel(settings, isolation.FIRST_UID + keeper, theirs)
        theirs.close()
        words = ours.recv(4000)
        if words == BOUND:
            isolation.seal(settings.view)
            ours.sendall(b"sealed")
        else:
            os.write(status, words)
        ours.close()
        while True:
            pid, how = os.wait()  # orphans too
            if pid == child:
                os._exit(os.waitstatus_to_exitcode(how) & 127)
    except BaseException as error:
        os.write(status, f"{type(error).__name__}: {error}".encode()[:4000])
        os._exit(FAILED)


def become_kernel(settings: Settings, uid: int, ruler: socket.socket | None = None) -> None:
    """Give up every right, and run the kernel. Never returns."""
    try:
        keep_open = [ruler.fileno()] if ruler else []
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        isolation.close_all_but(keep_open)
        if ruler:
            if os.geteuid() == 0:
                os.chown(settings.view.writable, uid, uid)
                os.chown(settings.connection_file, uid, uid)
            os.setsid()
            isolation.drop_privileges(uid)
            isolation.set_process(isolation.PR_SET_PDEATHSIG, signal.SIGKILL)
            isolation.forbid_calls()
        run_kernel(settings, ruler)
    except BaseException as error:
        if ruler and ruler.fileno() >= 0:
            ruler.sendall(f"{type(error).__name__}: {error}".encode()[:4000])
        os._exit(FAILED)
    os._exit(0)


def run_kernel(settings: Settings, ruler: socket.socket | None = None) -> None:
    """Jupyter's kernel, without what a student's code could flood or wait for."""
    if settings.path:
        sys.path.insert(0, settings.path)
    home = os.path.dirname(settings.connection_file) if ruler is None else "/tmp"
    os.chdir(home)
    os.environ |= {
        "HOME": home,
        "IPYTHONDIR": f"{home}/ipython",
        "TMPDIR": home,
        "MPLBACKEND": "agg",
    }
    os.environ |= {"PIP_NO_INDEX": "1", "PIP_RETRIES": "0"}  # it would ask a network that is none
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if hasattr(isolation, "limit"):
        isolation.limit(settings.memory, settings.cpu_seconds)
        if ruler is not None:  # where users are shared, so are their limits
            isolation.lower("RLIMIT_NPROC", isolation.MAX_PROCESSES)
    # What a student prints goes nowhere: values come back through the harness.
    sys.stdout = sys.__stdout__ = open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(os.devnull, "w")  # noqa: SIM115
    app = IPKernelApp.instance(outstream_class=None, capture_fd_output=False, parent_handle=0)
    app.initialize(["-f", settings.connection_file, *QUIET])
    # `!ls` and `x = !ls` would ask for a terminal, and there is none.
    app.shell.system, app.shell.getoutput = app.shell.system_raw, output_of
    if settings.outcomes_only:
        # What an answer displays goes where its prints go; a loop of figures need not be drawn.
        app.session.send = only_outcomes(app.session.send)
        app.shell.enable_matplotlib = lambda gui=None: (gui, "agg")
    if ruler is not None:
        _wait_for_sockets(settings.connection_file)
        ruler.sendall(BOUND)
        ruler.recv(6)
        ruler.close()
    app.start()


def only_outcomes(send: Callable) -> Callable:
    """Of all that a cell can show, send the harness's own message and nothing else."""

    def sent(stream: Any, message: Any, content: Any = None, *more: Any, **how: Any) -> Any:
        is_whole = isinstance(message, dict)
        kind = message["header"]["msg_type"] if is_whole else message
        shown = (message["content"] if is_whole else content or {}).get("data", ())
        if kind in SHOWS and harness.MIME not in shown:
            return None
        return send(stream, message, content, *more, **how)

    return sent


def output_of(command: str, split: bool = True, depth: int = 0) -> SList | str:
    """What a command prints, as IPython's own `getoutput` gives it."""
    done = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, capture_output=True)
    text = done.stdout.decode(errors="replace")
    return SList(text.splitlines()) if split else text


def _wait_for_sockets(connection_file: str) -> None:
    """The heartbeat's thread binds its own, in its own time."""
    with open(connection_file) as file:
        connection = json.load(file)
    paths = [f"{connection['ip']}-{connection[f'{name}_port']}" for name in SOCKETS]
    deadline = time.monotonic() + BIND_SECONDS
    while not all(map(os.path.exists, paths)):
        if time.monotonic() > deadline:
            raise TimeoutError("the kernel's sockets were not bound")
        time.sleep(0.002)


def _wait(child: int, leash: int) -> int:
    """The exit code of a child, which is killed when the leash is cut."""
    wait = select.poll()
    wait.register(leash, select.POLLIN | select.POLLHUP)
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if wait.poll(20):
            os.kill(child, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _end_all_children() -> None:
    """Kill whatever the kernel left, and what that left, until there is nothing."""
    import psutil

    deadline = time.monotonic() + BIND_SECONDS
    while time.monotonic() < deadline:
        left = psutil.Process().children(recursive=True)
        if not left:
            return
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


if __name__ == "__main__":
    if sys.argv[1] == "--kernel":
        settings = Settings(**json.loads(sys.argv[2]))
        if settings.level == "bubblewrap":
            isolation.forbid_calls()
        run_kernel(settings)
    else:
        serve(socket.socket(fileno=int(sys.argv[1])))
