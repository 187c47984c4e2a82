"""Hostile and unlucky submissions: each gets what it deserves, and nobody else is touched."""

import socket
import tempfile
import threading

import psutil
import pytest

from llama_edu.course.lessons import course_root
from llama_edu.grading.classroom import grade_class
from llama_edu.grading.levels import choose_level
from llama_edu.grading.sandbox import Limits
from llama_edu.grading.store import Assignment
from llama_edu.grading.submissions import read_class, read_submissions

from .attacks import ATTACKS
from .conftest import LESSON, N_POINTS, QUESTIONS, RIGHT, hand_in, notebook, without_checks

ATTACKED, BYSTANDER = "attention.scores", "attention.causal_mask"
LIMITS = Limits(seconds=5, memory=2 << 30)
SECRET = "SECRET_OF_GRADER"


def available(name: str):
    try:
        choose_level(name)
    except ValueError as error:
        return pytest.param(name, marks=pytest.mark.skip(reason=str(error)))
    return pytest.param(name, marks=[pytest.mark.slow] if name == "bubblewrap" else [])


@pytest.fixture(scope="module", params=[available("namespaces"), available("bubblewrap")])
def graded(request, tmp_path_factory):
    """All of them graded as one class, and what was left on the machine."""
    folder, out = tmp_path_factory.mktemp("submitted"), tmp_path_factory.mktemp("grades")
    marker = folder.parent / "marker"
    temporary = tmp_path_factory.mktemp("t")
    listener = socket.create_server(("127.0.0.1", 0))
    accepted = []
    threading.Thread(target=accept, args=(listener, accepted), daemon=True).start()
    names = {
        "root": str(course_root()), "submissions": str(folder), "out": str(out),
        "port": listener.getsockname()[1], "marker": str(marker),
    }  # fmt: skip
    for name, attack in ATTACKS.items():
        code = attack.code
        for key, value in names.items():
            code = code.replace(f"{{{key}!r}}", repr(value)).replace(f"{{{key}}}", str(value))
        code = code.replace("{{", "{").replace("}}", "}") if "{{" in code else code
        hand_in(folder, name, {ATTACKED: code, BYSTANDER: RIGHT[BYSTANDER]})
    hand_in(folder, "honest", dict(RIGHT))
    hand_in(folder, "deleted_checks", without_checks(notebook(RIGHT)))
    shuffled = notebook(RIGHT)
    shuffled.cells.reverse()
    hand_in(folder, "out_of_order", shuffled)
    submissions = read_submissions(read_class(folder, LESSON), list(QUESTIONS))
    assignment = Assignment(LESSON, 20240229, LIMITS, request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET, SECRET)
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", None)
        results, problems = grade_class(submissions, assignment, out, jobs=2)
    listener.close()
    return {
        "results": {result["student"]: result for result in results},
        "problems": problems,
        "accepted": accepted,
        "marker": marker,
        "folders": list(temporary.glob("llama_edu_*")),
    }


def accept(listener: socket.socket, accepted: list) -> None:
    while True:
        try:
            accepted.append(listener.accept())
        except OSError:
            return


def rows(result: dict) -> dict[str, dict]:
    return {row["question"]: row for row in result["questions"]}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_what_it_deserves(graded, name):
    row = rows(graded["results"][name])[ATTACKED]
    assert row["kind"] in ATTACKS[name].kinds, row
    assert row["earned"] == ATTACKS[name].points


def test_no_attack_takes_the_points_of_another_question(graded):
    lost = {
        name: rows(graded["results"][name])[BYSTANDER]
        for name in ATTACKS
        if rows(graded["results"][name])[BYSTANDER]["earned"] != 2
    }
    assert not lost


@pytest.mark.parametrize("name", ["honest", "deleted_checks", "out_of_order"])
def test_nobody_else_loses_a_point(graded, name):
    assert graded["results"][name]["score"] == N_POINTS


def test_everybody_is_graded(graded):
    assert not graded["problems"]
    assert len(graded["results"]) == len(ATTACKS) + 3


def test_nothing_is_left(graded):
    assert not graded["accepted"]
    assert not graded["marker"].exists()
    assert not graded["folders"]
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        assert "98765" not in words
        is_orphan = process.ppid() == 1
        assert not (is_orphan and any(word.endswith("forkserver.py") for word in words))


def test_no_secret_is_written_into_a_result_of_a_student(graded):
    for result in graded["results"].values():
        assert "20240229" not in str(result)
