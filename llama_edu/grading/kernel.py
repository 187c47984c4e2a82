"""nbval's kernel, in the sandbox: whatever it does wrong ends it at once, and says what it was."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

import zmq
from jupyter_client.manager import KernelManager
from nbval.kernel import RunningKernel

from llama_edu.grading.sandbox import PATIENCE, Limits, SandboxSpecs

START_SECONDS = 60
POLL_SECONDS = 0.25
SUBSCRIBE_SECONDS = 0.05
OUTPUT_SECONDS = 10  # for all that a cell has still to say once it is done
MAX_MESSAGE_BYTES = 8 << 20
MAX_QUEUED = 32  # messages that wait to be read, of each channel
MAX_MESSAGES = 500  # of one cell: an honest one sends five
MAX_CELL_BYTES = 64 << 20  # of all messages of a cell

FATAL = {
    "timeout": "It was still running after {seconds:g} s, and was stopped: an endless loop?",
    "memory": "It used more than {gigabytes:.3g} GB of memory, and was stopped.",
    "flood": "It sent more than anyone could read, and was stopped.",
    "forged": "It sent messages that no kernel sends, and was stopped.",
    "died": "It ended Python itself: a crash, or something like `os._exit()`.",
}


class SandboxError(RuntimeError):
    """The sandbox did not work, which is no student's fault."""


@dataclass
class Kernels:
    """The kernels of one submission; the next one starts while the last one works.

    Args:
        n_kernels: how many will be needed.
        limits: of each.
        sandbox: configuration of `SandboxProvisioner`.
    """

    n_kernels: int
    limits: Limits
    sandbox: dict
    running: list["StudentKernel"] = field(default_factory=list)
    starting: list[KernelManager] = field(default_factory=list)

    def take(self) -> KernelManager:
        """A kernel that is starting."""
        n_left = self.n_kernels - len(self.running)
        while len(self.starting) < min(n_left, 2):
            config = {"memory": self.limits.memory, "outcomes_only": True}
            manager = KernelManager(
                kernel_name="student", context=_context(),
                kernel_spec_manager=SandboxSpecs(self.sandbox | config),
            )  # fmt: skip
            manager.start_kernel()
            self.starting.append(manager)
        return self.starting.pop(0)

    def close(self) -> None:
        """End them all."""
        for kernel in self.running:
            kernel.close()
        for manager in self.starting:
            manager.shutdown_kernel(now=True)


class StudentKernel(RunningKernel):
    """nbval's kernel, in the sandbox; whatever it does wrong ends it at once."""

    kernels: Kernels  # of the submission that is being graded
    context = None

    def __init__(self, kernel_name, cwd=None, startup_timeout=START_SECONDS):
        self.fatal, self.n_messages, self.n_bytes, self.is_up = "", 0, 0, False
        self.done_at: float | None = None
        self.km = self.kernels.take()
        self.kernels.running.append(self)
        self.kc = self.km.client()
        self.kc.session.unpack = self._counting(self.kc.session.unpack)
        self.kc.start_channels(hb=False, stdin=False, control=False)
        try:
            self._ensure_iopub_up()
        except RuntimeError as error:
            words = getattr(self.km.provisioner, "words", "") or str(error)
            raise SandboxError(f"a kernel did not start: {words}") from None
        self.is_up = True

    def _ensure_iopub_up(self):
        """Wait until its messages arrive: what it says before we have subscribed is lost."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            message = self.kc.kernel_info()
            try:
                self.await_reply(message, START_SECONDS)
                return self.await_idle(message, SUBSCRIBE_SECONDS)
            except Empty:
                continue
        raise RuntimeError(f"it was not up after {START_SECONDS} s")

    def execute_cell_input(self, cell_input, allow_stdin=None):
        self.n_messages, self.n_bytes, self.done_at = 0, 0, None
        return super().execute_cell_input(cell_input, allow_stdin=False)

    def await_reply(self, msg_id, timeout=None):
        seconds, start = timeout or START_SECONDS, time.monotonic()
        worked = None
        while True:
            left = seconds - (time.monotonic() - start)
            try:
                message = self.get_message("shell", timeout=min(max(left, 0.01), POLL_SECONDS))
                if message["parent_header"].get("msg_id") == msg_id:
                    self.done_at = time.monotonic()
                    return
            except Empty:
                if not self.is_alive():
                    self.end("died")
                    raise RuntimeError("the kernel ended") from None
            if self.is_up and self.km.provisioner.memory_in_use() > self.kernels.limits.memory:
                self.end("memory")
                raise RuntimeError("too much memory")
            if self.is_up and worked is None:  # to look is slow, and most are done by now
                worked = self.km.provisioner.cpu_seconds()
            if left > 0:
                continue
            is_starved = self.km.provisioner.cpu_seconds() - (worked or 0.0) < seconds / 2
            if left < (1 - PATIENCE) * seconds or not is_starved:
                raise Empty

    def get_message(self, stream, timeout=None):
        """The next message; unlike nbval's, it is not written out for a log."""
        if self.fatal:
            raise Empty
        self.n_messages += 1
        is_late = self.done_at is not None and time.monotonic() - self.done_at > OUTPUT_SECONDS
        is_much = self.n_messages > MAX_MESSAGES or self.n_bytes > MAX_CELL_BYTES
        if is_much or (stream == "iopub" and is_late):
            self.end("flood")
            raise Empty
        read = self.kc.get_iopub_msg if stream == "iopub" else self.kc.get_shell_msg
        try:
            return read(timeout=timeout)
        except Empty:
            if stream == "iopub" and not self.is_alive():
                self.end("died")
            self.n_messages -= 1
            raise
        except (Exception, RecursionError):  # whatever makes a message unreadable was made to
            self.end("forged")
            raise Empty from None

    def _counting(self, unpack: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def counted(text: bytes) -> Any:
            self.n_bytes += len(text)
            return unpack(text)

        return counted

    def interrupt(self):
        """nbval asks after a timeout."""
        self.end("timeout")

    def end(self, why: str) -> None:
        self.fatal = self.fatal or why
        self.km.provisioner._process.end()

    def stop(self):
        self.close()

    def close(self) -> None:
        """End the kernel with all that it started, and remove what it was given."""
        if hasattr(self, "km"):
            if hasattr(self, "kc"):
                self.kc.stop_channels()
            self.km.shutdown_kernel(now=True)
            del self.km


def fatal_sentence(why: str, limits: Limits) -> str:
    """What a student is told whose answer ended its kernel."""
    return FATAL[why].format(seconds=limits.seconds, gigabytes=limits.memory / (1 << 30))


def _context() -> zmq.Context:
    """One for all kernels of this process; it refuses messages that nobody could read."""
    if StudentKernel.context is None or StudentKernel.context.closed:
        StudentKernel.context = zmq.Context()
        StudentKernel.context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        StudentKernel.context.setsockopt(zmq.RCVHWM, MAX_QUEUED)
    return StudentKernel.context
