"""What is printed to be typed works as it stands, in a shell where nothing was activated."""

import subprocess
import sys

import pytest

from llama_edu.cli import program
from llama_edu.cli.program import typed


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """A virtual environment that is not activated, below the folder one stands in."""
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").touch()
    (folder / "llama-edu").touch()
    monkeypatch.setattr(program, "which", lambda name: None)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_program_that_the_shell_finds_is_called_by_its_name():
    assert typed("Next: llama-edu check 05") == "Next: llama-edu check 05"


def test_else_by_its_path_from_here(environment):
    assert typed("Next: llama-edu check 05") == "Next: .venv/bin/llama-edu check 05"
    assert typed("error: `llama-edu start` makes it; llama-edu doctor") == (
        "error: `.venv/bin/llama-edu start` makes it; .venv/bin/llama-edu doctor"
    )


def test_from_elsewhere_by_its_whole_path(environment, monkeypatch):
    (environment.parents[1] / "my course").mkdir()
    monkeypatch.chdir(environment.parents[1] / "my course")
    assert typed("llama-edu start") == f"{environment / 'llama-edu'} start"
    monkeypatch.chdir(environment)
    assert typed("llama-edu start") == f"{environment / 'llama-edu'} start"


def test_without_a_script_python_runs_the_package(environment):
    (environment / "llama-edu").unlink()
    assert typed("llama-edu start") == ".venv/bin/python -m llama_edu start"


def test_a_path_with_a_blank_is_quoted(environment, monkeypatch):
    other = environment.parents[1] / "my env" / "bin"
    other.mkdir(parents=True)
    (other / "llama-edu").touch()
    monkeypatch.setattr(sys, "executable", str(other / "python"))
    assert typed("llama-edu start") == "'my env/bin/llama-edu' start"


@pytest.mark.parametrize("text", [
    "llama-edu", "in /home/me/llama-edu course", "my-llama-edu start", "llama_edu start",
])  # fmt: skip
def test_what_is_no_command_stays(environment, text):
    assert typed(text) == text


def test_what_is_printed_runs(monkeypatch):
    monkeypatch.setattr(program, "which", lambda name: None)
    command = typed("llama-edu check --help")
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    assert "LESSON" in done.stdout
