"""Start, check, progress and release as they are typed: what they print, and how they end."""

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from llama_edu.cli import app, course
from llama_edu.course.learning import jupyter, workspace
from llama_edu.course.learning.progress import Progress
from llama_edu.course.learning.review import Review
from llama_edu.course.learning.workspace import Change
from llama_edu.course.lessons import Lesson

ROOT = Path(__file__).parents[2]
NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """A lesson of a course at tmp_path/course, with a lesson page; one stands in tmp_path."""
    root = tmp_path / "course"
    folder = root / "lessons" / "05_attention"
    folder.mkdir(parents=True)
    (folder / "lesson.py").write_text("# # Attention\n", encoding="utf-8")
    (root / "notebooks").mkdir()
    (root / "notebooks" / "00_start.ipynb").write_text(NOTEBOOK, encoding="utf-8")
    monkeypatch.setenv("LLAMA_EDU_COURSE", str(root))
    monkeypatch.chdir(tmp_path)
    return Lesson("05", "attention", folder)


@pytest.fixture
def run(capsys):
    """A function that runs the program, and gives its exit code and what it printed."""

    def call(*arguments):
        code = app(arguments, standalone_mode=False) or 0
        return code, capsys.readouterr().out

    return call


@pytest.fixture
def fake_lab(monkeypatch):
    """Takes the place of JupyterLab: notes how it was asked for, and stops at once."""
    asked = []

    class FakeLab:
        address = "http://127.0.0.1:8888/lab/tree/x?token=y"

        def wait(self):
            return "interrupted"

    @contextlib.contextmanager
    def start(*arguments):
        asked.append(arguments)
        yield FakeLab()

    monkeypatch.setattr(jupyter, "jupyterlab", start)
    monkeypatch.setattr(jupyter, "has_display", lambda: True)
    return asked


def test_start_opens_the_first_page_of_a_new_copy(lesson, run, fake_lab, tmp_path):
    code, shown = run("start", "--no-welcome")
    copy = tmp_path / "llama_edu_course"
    assert code == 0
    assert fake_lab == [(copy, "notebooks/00_start.ipynb", None, True)]
    assert (copy / "notebooks" / "00_start.ipynb").exists()
    assert f"{copy}: 1 new, 0 replaced" in shown
    assert "JupyterLab opens at\n    http://127.0.0.1:8888/" in shown
    assert f"your work is in {copy}" in shown


def test_start_takes_a_folder_a_port_and_no_browser(lesson, run, fake_lab, tmp_path):
    _, shown = run("start", "--no-welcome", "--no-browser", "--port", "9001", "--dir", "mine")
    assert fake_lab == [(tmp_path / "mine", "notebooks/00_start.ipynb", 9001, False)]
    assert "JupyterLab is at\n" in shown


def test_start_once_waits_for_nobody(lesson, run, fake_lab, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    code, shown = run("start", "--no-welcome", "--once")
    assert code == 0
    assert fake_lab[0][-1] is False  # no browser
    assert "JupyterLab is stopped (it has answered, as --once asks); your work is in" in shown


def test_start_without_a_terminal_says_what_ends_it(lesson, run, fake_lab, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    assert "A SIGTERM or SIGINT ends it.\n" in run("start", "--no-welcome")[1]


def test_start_says_what_became_of_changed_files(lesson, run, fake_lab, monkeypatch):
    changes = [Change("exercises/a.ipynb", "merged", "exercises/b.ipynb"),
               Change("notebooks/c.ipynb", "kept", "notebooks/d.ipynb")]  # fmt: skip
    monkeypatch.setattr(workspace, "refresh", lambda folder: changes)
    _, shown = run("start", "--no-welcome")
    assert "exercises/a.ipynb: new version, with your answers; before: exercises/b.ipynb" in shown
    assert "notebooks/c.ipynb: yours is kept; the new version: notebooks/d.ipynb" in shown


@pytest.mark.parametrize(("reviews", "code", "lines"), [
    (
        [Review("a.one", 1, "right"), Review("a.two", 2, "right")], 0,
        ["✓ a.one: 1 of 1 point", "2 of 2 questions right, 3 of 3 points",
         "Next: llama-edu progress"],
    ),
    (
        [Review("a.one", 1, "right"), Review("a.two", 2, "wrong", "Not 3.\n\nHint: 4.")], 1,
        ["✗ a.two: 0 of 2 points", "    Not 3.", "    Hint: 4.",
         "1 of 2 questions right, 1 of 3 points",
         "Next: mend a.two, save, then llama-edu check 05 'my file.ipynb'"],
    ),
    (
        [Review("a.one", 1, "open")], 1,
        ["· a.one: not answered yet, 0 of 1 point",
         "Next: answer a.one, save, then llama-edu check 05 'my file.ipynb'"],
    ),
])  # fmt: skip
def test_check_goes_question_by_question(lesson, run, monkeypatch, reviews, code, lines):
    asked = []
    monkeypatch.setattr(
        "llama_edu.course.learning.review.review",
        lambda *arguments: asked.append(arguments) or reviews,
    )
    kept = []
    monkeypatch.setattr(
        "llama_edu.course.learning.checked.remember",
        lambda *arguments: kept.append(arguments),
    )
    got, shown = run("check", "05", "my file.ipynb", "--timeout", "7")
    assert asked == [(lesson, Path("my file.ipynb"), 7)]
    right = [one.question for one in reviews if one.kind == "right"]
    assert kept == [(Path("my file.ipynb"), [one.question for one in reviews], right)]
    assert got == code
    assert [line for line in shown.splitlines() if line in lines] == lines


def test_check_without_a_working_copy_says_what_makes_one(lesson, run):
    with pytest.raises(FileNotFoundError, match="llama-edu start makes it"):
        run("check", "attention")


def test_check_names_what_it_cannot_check(lesson, run):
    with pytest.raises(ValueError, match=r"LESSON='01' must be one that is written, .*: 05_att"):
        run("check", "01")
    with pytest.raises(ValueError, match="lesson 05_attention has no exercise yet"):
        run("check", "5", "my.ipynb")


@pytest.mark.parametrize("command", [["progress", "--dir"], ["start", "--dir"], ["release"]])
def test_a_file_is_no_folder(lesson, run, tmp_path, command):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"DIR=.*file must be a folder"):
        run(*command, "file")


def test_progress_shows_a_map_and_what_is_next(lesson, run, monkeypatch, tmp_path):
    half = Progress(lesson, {"a.one": 2, "a.two": 2}, frozenset({"a.two"}), frozenset({"a.one"}))
    broken = Progress(lesson, {"b.one": 1}, problem="05_attention.ipynb must be a notebook: x")
    monkeypatch.setattr(
        "llama_edu.course.learning.progress.progress", lambda folder: [half, broken]
    )
    (tmp_path / "llama_edu_course" / "exercises").mkdir(parents=True)
    code, shown = run("progress")
    assert code == 0
    assert "Attention  1 of 2  2 of 4  █████░░░░░" in shown
    assert "exercises: 05_attention.ipynb must be a notebook: x" in shown
    assert "05_attention: 1 answer is not checked yet: llama-edu check 05" in shown
    assert "2 of 5 points, in " in shown
    assert "Next: exercises/05_attention.ipynb, Attention" in shown


def test_progress_leads_to_the_lesson_before_its_exercise(lesson, run, monkeypatch, tmp_path):
    new = Progress(lesson, {"a.one": 2})
    monkeypatch.setattr("llama_edu.course.learning.progress.progress", lambda folder: [new])
    (tmp_path / "llama_edu_course" / "exercises").mkdir(parents=True)
    assert run("progress")[1].endswith("Next: notebooks/05_attention.ipynb, Attention\n")


def test_progress_before_the_start_points_to_it(lesson, run):
    assert run("progress")[1].splitlines()[-1].startswith("Next: llama-edu start, which")


def test_release_says_where_it_is(lesson, run, tmp_path):
    code, shown = run("release", "bundle")
    assert (code, shown.splitlines()[0]) == (0, "2 files in bundle")
    assert "llama-edu start --dir ." in (tmp_path / "bundle" / "README.md").read_text("utf-8")


def test_a_port_that_is_taken_is_an_error_only_if_it_was_asked_for(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(ValueError, match=f"port={taken} must be one that is free"):
            jupyter._free_port(taken)
        monkeypatch.setattr(jupyter, "FIRST_PORT", taken)
        assert jupyter._free_port(None) > taken


def test_without_jupyterlab_one_line_says_so(lesson, run, monkeypatch):
    monkeypatch.setattr(jupyter.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="JupyterLab is not installed: python -m pip"):
        run("start", "--no-welcome")


def test_a_jupyterlab_that_ends_at_once_is_quoted():
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    process.wait()
    log = io.StringIO("first\nno room on the disk\n")
    with pytest.raises(RuntimeError, match="did not start: no room on the disk"):
        jupyter._wait_until_it_answers(process, 1, log)


@pytest.mark.slow
@pytest.mark.parametrize("stop", ["interrupted", "terminated"])
def test_a_real_jupyterlab_serves_without_input_until_a_signal(lesson, tmp_path, stop):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "llama_edu", "start", "--no-browser", "--no-welcome"],
        cwd=tmp_path, text=True,
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while "http://" not in (line := process.stdout.readline()):
        assert line
    with urllib.request.urlopen(line.strip(), timeout=60) as page:
        assert b"announcements" in page.read()  # among the extensions that are switched off
    time.sleep(3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT if stop == "interrupted" else signal.SIGTERM)
    shown, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert f"JupyterLab is stopped ({stop}); your work is in" in shown
    with pytest.raises(OSError):
        urllib.request.urlopen(line.strip(), timeout=5)


def test_the_first_page_is_one_of_the_course():
    assert (ROOT / "lessons" / Path(course.FIRST_PAGE).stem).is_dir()
