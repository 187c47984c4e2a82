"""Run the notebooks of one submission under nbval, with kernels that cannot spoil the grading.

nbval runs the cells and asks whether an output is the one that is stored. Here the kernel is one
of the sandbox, the stored output never leaves this process, and "the same" means within the
question's tolerance.
"""

import contextlib
import io
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory

import nbval.plugin
import pytest
import zmq
from jupyter_client.manager import KernelManager
from nbformat import NotebookNode
from nbval.kernel import RunningKernel

from llama_edu.course.diagnose import judge
from llama_edu.course.notebook import to_text
from llama_edu.course.verdict import Verdict
from llama_edu.grading.injection import GIVEN, OWN, TRIAL, Task
from llama_edu.grading.replies import UNREADABLE, Reply, read_reply
from llama_edu.grading.sandbox import Limits, SandboxSpecs

START_SECONDS = 60
GIVEN_SECONDS = 60
POLL_SECONDS = 0.25
SUBSCRIBE_SECONDS = 0.05
MAX_MESSAGE_BYTES = 32 << 20
MAX_MESSAGES = 500  # of one cell: an honest one sends five
OPTIONS = (
    "-q", "-p", "nbval.plugin", "-p", "no:cacheprovider", "-p", "no:logging",
    "-p", "no:faulthandler", "-p", "no:warnings", "-p", "no:unraisableexception",
    "-p", "no:threadexception", "-s", "--noconftest", "-c", os.devnull, "--nbval",
)  # fmt: skip

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
class Page:
    """One notebook on its way through nbval, and what came of it."""

    task: Task
    notebook: NotebookNode
    verdict: Verdict | None = None
    own_error: str = ""
    kernel: "StudentKernel | None" = None
    fatal: str = ""


@dataclass
class Run:
    """The pages of one submission and how they are to be run: a plugin of pytest."""

    pages: Mapping[str, Page]
    limits: Limits
    sandbox: dict
    kernels: list["StudentKernel"] = field(default_factory=list)
    ready: list[KernelManager] = field(default_factory=list)
    problem: str = ""

    def take_kernel(self) -> KernelManager:
        """A kernel that is starting; the next one starts meanwhile."""
        n_left = len(self.pages) - len(self.kernels)
        while len(self.ready) < min(n_left, 2):
            manager = KernelManager(
                kernel_name="student", context=_context(),
                kernel_spec_manager=SandboxSpecs(self.sandbox | {"memory": self.limits.memory}),
            )  # fmt: skip
            manager.start_kernel()
            self.ready.append(manager)
        return self.ready.pop(0)

    def close(self) -> None:
        for kernel in self.kernels:
            kernel.close()
        for manager in self.ready:
            manager.shutdown_kernel(now=True)

    def page(self, item) -> Page:
        return self.pages[item.parent.path.stem]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        page = self.page(item)
        item.parent.timed_out = False  # or nbval expects every cell after it to fail
        page.kernel = item.parent.kernel
        role = item.cell.metadata["llama_edu"]
        is_given = role == GIVEN
        item.config.option.nbval_cell_timeout = GIVEN_SECONDS if is_given else self.limits.seconds
        item.options["check"] = role == TRIAL
        item.cell.execution_count = 1
        item.comparison_traceback = []
        item.compare_outputs = lambda outputs, _: self.compare(page, read_reply(outputs))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        page = self.page(item)
        if call.when == "setup" and call.excinfo:
            self.problem = str(call.excinfo.value)
        if call.when == "call":
            page.fatal = page.fatal or (page.kernel.fatal if page.kernel else "")
            errors = [o for o in item.test_outputs or () if o.output_type == "error"]
            if errors and item.cell.metadata["llama_edu"] == OWN:
                page.own_error = f"{errors[-1].ename}: {errors[-1].evalue}"[:300]
        return report

    def pytest_internalerror(self, excrepr, excinfo):
        self.problem = str(excinfo.value) or str(excrepr)

    def compare(self, page: Page, reply: Reply) -> bool:
        """Whether the outputs are the expected ones, and which mistake it is if not."""
        task = page.task
        if reply.verdict is None and len(reply.got) != len(task.cases):
            reply = UNREADABLE
        if reply.verdict is not None:
            page.verdict = reply.verdict(task.question)
        else:
            page.verdict = judge(task.question, task.cases, task.expected, reply.got, task.seed)
        return page.verdict.ok


class StudentKernel(RunningKernel):
    """nbval's kernel, in the sandbox; whatever it does wrong ends it at once."""

    run: Run  # of the submission that is being graded
    context = None

    def __init__(self, kernel_name, cwd=None, startup_timeout=START_SECONDS):
        self.fatal, self.n_messages, self.is_up = "", 0, False
        self.km = self.run.take_kernel()
        self.run.kernels.append(self)
        self.kc = self.km.client()
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
        self.n_messages = 0
        return super().execute_cell_input(cell_input, allow_stdin=False)

    def await_reply(self, msg_id, timeout=None):
        deadline = time.monotonic() + (timeout or START_SECONDS)
        while True:
            left = deadline - time.monotonic()
            try:
                return super().await_reply(msg_id, timeout=min(max(left, 0.01), POLL_SECONDS))
            except Empty:
                if not self.is_alive():
                    self.end("died")
                    raise RuntimeError("the kernel ended") from None
                if self.is_up and self.km.provisioner.memory_in_use() > self.run.limits.memory:
                    self.end("memory")
                    raise RuntimeError("too much memory") from None
                if left <= 0:
                    raise

    def get_message(self, stream, timeout=None):
        if self.fatal:
            raise Empty
        self.n_messages += 1
        if self.n_messages > MAX_MESSAGES:
            self.end("flood")
            raise Empty
        try:
            return super().get_message(stream, timeout)
        except Empty:
            if stream == "iopub" and not self.is_alive():
                self.end("died")
            self.n_messages -= 1
            raise
        except (Exception, RecursionError):  # whatever makes a message unreadable was made to
            self.end("forged")
            raise Empty from None

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


def run_pages(pages: Mapping[str, Page], limits: Limits, sandbox: dict) -> None:
    """Run the notebooks of one submission; what came of each is written into its page.

    Args:
        pages: by a name that can be a file's.
        limits: of each kernel.
        sandbox: configuration of `SandboxProvisioner`.

    Raises:
        SandboxError: if a kernel could not be had.
    """
    run = Run(pages, limits, sandbox)
    nbval.plugin.RunningKernel = StudentKernel
    StudentKernel.run = run
    try:
        with TemporaryDirectory(prefix="llama_edu_") as folder, _no_settings():
            paths = []
            for name, page in pages.items():
                paths.append(Path(folder) / f"{name}.ipynb")
                paths[-1].write_text(to_text(page.notebook), encoding="utf-8")
            with contextlib.redirect_stdout(io.StringIO()):
                pytest.main([*OPTIONS, "--rootdir", folder, *map(str, paths)], plugins=[run])
    finally:
        run.close()
    for page in pages.values():
        if page.kernel is None or not page.kernel.is_up:
            raise SandboxError(run.problem or "a kernel did not start")


def fatal_sentence(why: str, limits: Limits) -> str:
    """What a student is told whose answer ended its kernel."""
    return FATAL[why].format(seconds=limits.seconds, gigabytes=limits.memory / 1e9)


@contextlib.contextmanager
def _no_settings():
    """The grader's own settings and plugins of pytest have no part in this."""
    before = {name: os.environ.get(name) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    fixed = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    before |= {name: os.environ.get(name) for name in fixed}
    for name in before:
        os.environ.pop(name, None)
    os.environ.update(fixed)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _context() -> zmq.Context:
    """One for all kernels of this process; it refuses messages that nobody could read."""
    if StudentKernel.context is None or StudentKernel.context.closed:
        StudentKernel.context = zmq.Context()
        StudentKernel.context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    return StudentKernel.context
