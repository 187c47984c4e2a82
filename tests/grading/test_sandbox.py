"""The sandbox as Jupyter's tools use it, at every level that this machine has."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from llama_edu.course.lessons import course_root
from llama_edu.grading import levels
from llama_edu.grading.levels import best_level, choose_level
from llama_edu.grading.sandbox import SandboxSpecs


def level(name):
    try:
        choose_level(name)
    except ValueError as error:
        return pytest.param(name, marks=pytest.mark.skip(reason=str(error)))
    return name


LEVELS = pytest.mark.parametrize("name", [level(name) for name in levels.LEVELS])
SHUT_IN = pytest.mark.parametrize("name", [level(name) for name in levels.LEVELS[:2]])


def run(name, code, **config):
    """What the last line of some code shows, in nbclient's hands."""
    cell = nbformat.v4.new_code_cell(textwrap.dedent(code))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    manager = KernelManager(
        kernel_name="student", kernel_spec_manager=SandboxSpecs({"level": name, **config})
    )
    try:
        NotebookClient(notebook, km=manager, timeout=60).execute()
    finally:
        manager.shutdown_kernel(now=True)
    return cell.outputs[-1].data["text/plain"]


@LEVELS
def test_nbclient_runs_a_notebook_in_it(name):
    assert run(name, "import torch\nint(torch.arange(4).sum())") == "6"


@LEVELS
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex64", "int8", "bool"])
def test_numbers_of_every_width_are_cast(name, dtype):
    """A right answer must not fail for files of the machine that are not shown."""
    code = f"import torch; int(torch.ones(2, 2, dtype=torch.{dtype}).float().sum().half().float())"
    assert run(name, code) == "4"


@LEVELS
def test_an_error_comes_back(name):
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run(name, "1 / 0")


@SHUT_IN
def test_this_package_the_network_and_other_processes_are_not_there(name, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    code = f"""
        import os, socket
        def refused(f, *a):
            try:
                f(*a)
            except (OSError, ImportError):
                return True
        [refused(__import__, "llama_edu"), refused(open, {str(tmp_path / "secret.txt")!r}),
         refused(socket.create_connection, ("127.0.0.1", 9), 1), refused(os.kill, {os.getpid()}, 0),
         refused(open, "/usr/x", "w"), refused(open, os.__file__, "a")]
        """
    assert run(name, code) == str([True] * 6)


@SHUT_IN
def test_the_environment_is_bare(name, monkeypatch):
    monkeypatch.setenv("GRADER_SECRET", "x")
    assert run(name, "import os; 'GRADER_SECRET' in os.environ") == "False"


@LEVELS
def test_modules_that_an_exercise_may_use_are_found(name, tmp_path):
    (tmp_path / "allowed.py").write_text("answer = 42")
    tmp_path.chmod(0o755)
    assert run(name, "import allowed; allowed.answer", path=str(tmp_path)) == "42"


@LEVELS
def test_ending_it_ends_all_that_it_started(name):
    manager = KernelManager(
        kernel_name="student", kernel_spec_manager=SandboxSpecs({"level": name})
    )
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    code = "import subprocess; subprocess.Popen(['sleep', '45678'], start_new_session=True)"
    client.execute_interactive(code, timeout=60)
    assert sleepers("45678")
    client.stop_channels()
    folder = manager.provisioner._folder
    manager.shutdown_kernel(now=True)
    assert not sleepers("45678")
    assert not folder.exists()


@LEVELS
def test_python_may_be_called_by_a_path_with_dots_in_it(name, tmp_path):
    """`../venv/bin/python -m llama_edu grade …`: its own name for itself has them too."""
    dotted = (
        os.path.relpath(Path(sys.executable).parent, tmp_path) + f"/{Path(sys.executable).name}"
    )
    code = f"from tests.grading.test_sandbox import run; print(run({name!r}, '6 * 7'))"
    environment = os.environ | {"PYTHONPATH": str(course_root())}
    done = subprocess.run(
        [dotted, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.stdout == "42\n", done.stderr


def sleepers(word):
    return [p for p in psutil.process_iter(["cmdline"]) if word in (p.info["cmdline"] or [])]


@pytest.mark.skipif(best_level().name != "namespaces", reason="needs namespaces")
def test_kernels_end_when_their_grader_is_killed():
    """However it dies: a leash that nobody holds any longer is cut."""
    code = """
        from jupyter_client.manager import KernelManager
        from llama_edu.grading.sandbox import SandboxSpecs
        manager = KernelManager(
            kernel_name="student", kernel_spec_manager=SandboxSpecs({"level": "namespaces"}))
        manager.start_kernel()
        client = manager.client(); client.start_channels(); client.wait_for_ready(timeout=60)
        client.execute("import subprocess; subprocess.Popen(['sleep', '56789'])")
        print("started", flush=True)
        input()
        """
    grader = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert grader.stdout.readline() == "started\n"
    wait_until(lambda: sleepers("56789"))
    grader.kill()
    grader.wait()
    wait_until(lambda: not sleepers("56789"))


def wait_until(holds, seconds=30):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_unknown_level_is_one_clear_line():
    with pytest.raises(ValueError, match="--sandbox jail must be one of namespaces, bubblewrap"):
        choose_level("jail")


def test_where_nothing_works_it_says_so_and_why(monkeypatch):
    monkeypatch.setattr(levels, "_try_namespaces", lambda: "unshare: not permitted")
    monkeypatch.setattr(levels, "_try_bubblewrap", lambda: "the program bwrap is not here")
    found = levels.best_level.__wrapped__()
    assert (found.name, found.is_sandbox) == ("limits", False)
    assert found.reason == "unshare: not permitted; the program bwrap is not here"
