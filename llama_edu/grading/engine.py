"""Run the notebooks of one submission under nbval, with kernels that cannot spoil the grading.

nbval runs the cells and asks whether an output is the one that is stored. Here the kernel is one
of the sandbox, the stored output never leaves this process, and "the same" means within the
question's tolerance.
"""

import contextlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import nbval.plugin
import pytest
from nbformat import NotebookNode

from llama_edu.course.checking.judge import judge
from llama_edu.course.checking.verdict import Verdict
from llama_edu.course.notebook import to_text
from llama_edu.grading.injection import GIVEN, OWN, TRIAL, Task
from llama_edu.grading.kernel import Kernels, SandboxError, StudentKernel
from llama_edu.grading.replies import read_reply
from llama_edu.grading.sandbox import Limits

GIVEN_SECONDS = 60
OPTIONS = (
    "-q", "-p", "nbval.plugin", "-p", "no:cacheprovider", "-p", "no:logging",
    "-p", "no:faulthandler", "-p", "no:warnings", "-p", "no:unraisableexception",
    "-p", "no:threadexception", "-s", "--noconftest", "-c", os.devnull, "--nbval",
)  # fmt: skip


@dataclass
class Page:
    """One notebook on its way through nbval, and what came of it."""

    task: Task
    notebook: NotebookNode
    verdict: Verdict | None = None
    own_error: str = ""
    kernel: StudentKernel | None = None
    fatal: str = ""


@dataclass
class Run:
    """The pages of one submission and how they are to be run: a plugin of pytest."""

    pages: Mapping[str, Page]
    limits: Limits
    problem: str = ""

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
        item.compare_outputs = lambda outputs, _: self.compare(page, outputs)

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

    def compare(self, page: Page, outputs: list) -> bool:
        """Whether the outputs are the expected ones, and which mistake it is if not."""
        task = page.task
        reply = read_reply(outputs, task.expected)
        if reply.verdict is not None:
            page.verdict = reply.verdict(task.question)
        else:
            page.verdict = judge(task.question, task.cases, task.expected, reply.got, task.seed)
        return page.verdict.ok


def run_pages(pages: Mapping[str, Page], limits: Limits, sandbox: dict) -> None:
    """Run the notebooks of one submission; what came of each is written into its page.

    Args:
        pages: by a name that can be a file's.
        limits: of each kernel.
        sandbox: configuration of `SandboxProvisioner`.

    Raises:
        SandboxError: if a kernel could not be had.
    """
    run = Run(pages, limits)
    nbval.plugin.RunningKernel = StudentKernel
    StudentKernel.kernels = Kernels(len(pages), limits, sandbox)
    try:
        with TemporaryDirectory(prefix="llama_edu_") as folder, _no_settings():
            paths = []
            for name, page in pages.items():
                paths.append(Path(folder) / f"{name}.ipynb")
                paths[-1].write_text(to_text(page.notebook), encoding="utf-8")
            with contextlib.redirect_stdout(io.StringIO()):
                pytest.main([*OPTIONS, "--rootdir", folder, *map(str, paths)], plugins=[run])
    finally:
        StudentKernel.kernels.close()
    for page in pages.values():
        if page.kernel is None or not page.kernel.is_up:
            raise SandboxError(run.problem or "a kernel did not start")


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
