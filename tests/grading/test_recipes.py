"""The recipes of docs/ for Gradescope and for repositories, run as far as one machine can."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from llama_edu.grading.submissions import read_class
from tests.grading.conftest import LESSON, N_POINTS, RIGHT, hand_in

DOCS = Path(__file__).parents[2] / "docs"
GRADESCOPE, REPOSITORIES = DOCS / "gradescope", DOCS / "repositories"
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@pytest.fixture
def autograder(tmp_path):
    """Gradescope's folder as it is when a submission comes, with programs of our choice."""
    shutil.copytree(GRADESCOPE, tmp_path / "source")
    hand_in(tmp_path, "submission", RIGHT)
    (tmp_path / "submission" / "link").symlink_to("/etc")
    return tmp_path


def install(autograder, **programs):
    for name, script in programs.items():
        file = autograder / "venv" / "bin" / name.replace("_", "-")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)


def run(autograder):
    return subprocess.run(
        ["bash", autograder / "source" / "run_autograder"], cwd=autograder, text=True,
        capture_output=True, env=os.environ | {"AUTOGRADER": str(autograder)}, timeout=300,
    )  # fmt: skip


def results(autograder):
    return autograder / "results" / "results.json"


FAKE = """
echo "$@" > "$AUTOGRADER/arguments"
ls -l "$2/submission/files" > "$AUTOGRADER/handed_in"
mkdir -p "$6/gradescope"
echo seed > "$6/instructor.json"
echo '{"score": 14}' > "$6/gradescope/submission.json"
"""


def test_without_a_sandbox_nothing_is_run_and_nothing_graded(autograder):
    install(
        autograder, python="echo limits no namespaces here", llama_edu=f"touch {autograder}/ran"
    )
    done = run(autograder)
    assert done.returncode == 1
    assert "no sandbox here (no namespaces here)" in done.stdout
    assert not results(autograder).exists()
    assert not (autograder / "ran").exists()


def test_a_teacher_may_do_without_a_sandbox(autograder):
    install(autograder, python="exit 1", llama_edu=FAKE)
    config = autograder / "source" / "config.sh"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("=refuse", "=mark"), encoding="utf-8")
    assert run(autograder).returncode == 0
    assert json.loads(results(autograder).read_text(encoding="utf-8")) == {"score": 14}


def test_the_submission_is_handed_on_with_its_links_unfollowed(autograder):
    install(autograder, python="echo namespaces", llama_edu=FAKE)
    done = run(autograder)
    assert done.returncode == 0, done.stderr
    assert "seed" in done.stdout  # which Gradescope shows to instructors alone
    arguments = (autograder / "arguments").read_text(encoding="utf-8").split()
    assert arguments[0] == "grade"
    assert arguments[2:5] == ["--lesson", "05", "--out"]
    assert arguments[6:] == ["--timeout", "10", "--memory", "2GB"]
    assert "link -> /etc" in (autograder / "handed_in").read_text(encoding="utf-8")
    assert not Path(arguments[1]).exists()  # it cleans up


def test_a_failed_grading_leaves_no_result(autograder):
    install(autograder, python="echo namespaces", llama_edu="exit 1")
    assert run(autograder).returncode == 1
    assert not results(autograder).exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
def test_gradescope_grades_the_solution_with_full_marks(autograder):
    exec_ = f'exec "{sys.executable}"'
    install(autograder, python=f'{exec_} "$@"', llama_edu=f'{exec_} -m llama_edu "$@"')
    done = run(autograder)
    if "no sandbox here" in done.stdout:
        pytest.skip(done.stdout)
    assert done.returncode == 0, done.stderr
    found = json.loads(results(autograder).read_text(encoding="utf-8"))
    assert found["score"] == N_POINTS == sum(test["score"] for test in found["tests"])


def test_every_script_is_bash():
    texts = [*GRADESCOPE.glob("*.sh"), GRADESCOPE / "run_autograder", *REPOSITORIES.glob("*.sh")]
    assert len(texts) == 6
    for path in texts:
        done = subprocess.run(["bash", "-n", path], text=True, capture_output=True)
        assert done.returncode == 0, done.stderr


def git(*arguments, cwd):
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments], cwd=cwd, text=True, check=True,
        capture_output=True, env=os.environ | IDENTITY,
    )  # fmt: skip
    return done.stdout.strip()


IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "T"), ("EMAIL", "t@x.edu"))
}


@pytest.fixture
def hosted(tmp_path):
    """Two students' repositories on a host, a clone of one, and a table of three."""
    for name in ("anna", "ben"):
        work = tmp_path / "work" / name
        hand_in(work, "exercises", RIGHT)
        (work / "link").symlink_to("/etc/passwd")
        git("init", "-q", "-b", "main", cwd=work)
        git("add", "-A", cwd=work)
        git("commit", "-qm", "first", "--date", "2026-01-01T00:00:00Z", cwd=work)
        git("clone", "-q", "--bare", work, tmp_path / f"{name}.git", cwd=tmp_path)
    rows = [f"{name},{tmp_path / name}.git" for name in ("anna", "ben", "gone")]
    rows += ["../eve,x", "eve,ext::sh -c 'touch broken'", "eve,--upload-pack=touch broken"]
    table = tmp_path / "students.csv"
    table.write_text("student,repository\r\n" + "\r\n".join(rows), encoding="utf-8")
    return tmp_path


def recipe(hosted, name, *arguments):
    return subprocess.run(
        ["bash", REPOSITORIES / name, "students.csv", *arguments], cwd=hosted, text=True,
        capture_output=True, env=os.environ | IDENTITY | {"GIT_TERMINAL_PROMPT": "0"}, timeout=100,
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_repositories_are_collected_and_get_their_feedback(hosted):
    done = recipe(hosted, "collect.sh", "submitted")
    assert done.returncode == 1
    assert done.stderr.strip().endswith("failed: gone ../eve eve eve")
    class_ = read_class(hosted / "submitted", LESSON)
    assert [(one.name, len(one.files)) for one in class_.students] == [("anna", 1), ("ben", 1)]
    assert not (hosted / "submitted" / "anna" / "link").is_symlink()
    assert not list(hosted.rglob("broken"))

    for lesson in ("05", "06"):
        pages = hosted / lesson / "feedback"
        pages.mkdir(parents=True)
        (hosted / lesson / "instructor.json").write_text("secret", encoding="utf-8")
        for name in ("anna", "ben"):
            (pages / f"{name}.html").write_text(f"{lesson} of {name}\n", encoding="utf-8")
        assert "anna: pushed" in recipe(hosted, "publish.sh", "submitted", lesson, lesson).stdout
    assert "anna: unchanged" in recipe(hosted, "publish.sh", "submitted", "06", "06").stdout
    bare = hosted / "ben.git"
    assert git("ls-tree", "--name-only", "feedback", cwd=bare).split() == ["05.html", "06.html"]
    assert git("show", "feedback:05.html", cwd=bare) == "05 of ben"
    assert git("log", "--format=%s", "main", cwd=bare) == "first"


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_what_was_committed_by_the_deadline_counts(hosted):
    work, dates = hosted / "work" / "anna", {"GIT_COMMITTER_DATE": "2026-03-01T00:00:00Z"}
    (work / "late.txt").write_text("x", encoding="utf-8")
    git("add", "-A", cwd=work)
    subprocess.run(["git", "commit", "-qm", "late"], cwd=work, check=True,
                   env=os.environ | IDENTITY | dates)  # fmt: skip
    git("push", "-q", hosted / "anna.git", "main", cwd=work)
    recipe(hosted, "collect.sh", "submitted", "2040-01-01")
    assert (hosted / "submitted" / "anna" / "late.txt").exists()
    done = recipe(hosted, "collect.sh", "submitted", "2026-02-01")
    assert "nothing before 2026-02-01" in done.stdout  # the first commit was made today


def test_the_options_in_the_guide_are_those_of_the_program():
    from typer.testing import CliRunner

    from llama_edu.cli import app

    shown = CliRunner().invoke(app, ["grade", "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    guide = (DOCS / "instructor.md").read_text(encoding="utf-8")
    commands = re.findall(r"^(?:llama-edu grade .*(?:\n    .*)*)", guide, re.MULTILINE)
    commands = [one for one in commands if not one.startswith("llama-edu grade export")]
    named = set(re.findall(r"--[a-z]+", "".join(commands)))
    assert {"--lesson", "--out", "--merge", "--shard"} < named
    assert named <= set(re.findall(r"--[a-z]+", shown.output))
