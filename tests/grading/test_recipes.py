"""The recipes of docs/ for Gradescope and GitHub Classroom, run as far as one machine can."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.grading.conftest import N_POINTS, RIGHT, hand_in

DOCS = Path(__file__).parents[2] / "docs"
GRADESCOPE = DOCS / "gradescope"
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
ls -l "$2/submission" > "$AUTOGRADER/handed_in"
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


def workflow():
    yaml = pytest.importorskip("yaml")
    text = (DOCS / "github_classroom" / "classroom.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def scripts():
    steps = workflow()["jobs"]["grade"]["steps"]
    return [step["run"] for step in steps if "run" in step]


def test_every_script_is_bash():
    texts = [path.read_text(encoding="utf-8") for path in (*GRADESCOPE.glob("*.sh"),)]
    texts += [(GRADESCOPE / "run_autograder").read_text(encoding="utf-8"), *scripts()]
    assert len(texts) == 7
    for text in texts:
        done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr


def test_the_workflow_may_only_read_and_pastes_nothing_into_its_scripts():
    assert workflow()["permissions"] == {"contents": "read"}
    assert not [script for script in scripts() if "${{" in script]


def test_the_token_that_reads_all_repositories_is_gone_before_grading():
    steps = workflow()["jobs"]["grade"]["steps"]
    holders = [step.get("name") for step in steps if "CLASSROOM_TOKEN" in json.dumps(step)]
    assert holders == ["Collect"]


def test_the_options_in_the_guide_are_those_of_the_program():
    from typer.testing import CliRunner

    from llama_edu.cli import app

    shown = CliRunner().invoke(app, ["grade", "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    guide = (DOCS / "instructor.md").read_text(encoding="utf-8")
    commands = re.findall(r"^(?:llama-edu grade .*(?:\n    .*)*)", guide, re.MULTILINE)
    named = set(re.findall(r"--[a-z]+", "".join(commands)))
    assert {"--lesson", "--out", "--merge", "--shard"} < named
    assert named <= set(re.findall(r"--[a-z]+", shown.output))
