"""Every exercise keeps its points: whoever is honest has theirs, whoever attacks no more."""

import socket
import tempfile
import threading

import psutil
import pytest

from llama_edu.course.lessons import all_lessons, course_root
from llama_edu.grading.classroom import grade_class
from llama_edu.grading.levels import LEVELS, choose_level
from llama_edu.grading.sandbox import Limits
from llama_edu.grading.store import Assignment
from llama_edu.grading.submissions import read_class, read_submissions

from .conftest import hand_in
from .hostile_class import ATTACKS, Exercise, hostile_class

LESSONS = [
    lesson for lesson in all_lessons()
    if (course_root() / "exercises" / f"{lesson.name}.ipynb").is_file()
]  # fmt: skip
# One of each family that is over at once.
QUICK = (
    "searches_memory", "reads_project", "connects", "patches_judges", "forges_result",
    "raises_in_repr", "ends_python", "cannot_be_read", "leaves_files",
)  # fmt: skip
SECRET = "SECRET_OF_GRADER"


def deviations(lesson, level, seed, kinds, folder, seconds=5):
    """Grade a class of a lesson; whatever came out other than it should, a line each.

    Returns:
        How many submissions there were, and the lines.
    """
    submitted, out, temporary = (folder / name for name in ("submitted", "grades", "t"))
    marker = folder / "left" / "marker"
    for path in (submitted, temporary):
        path.mkdir()
    exercise = Exercise(lesson)
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.MonkeyPatch.context() as patch:
        accepted = []
        threading.Thread(target=_accept, args=(listener, accepted), daemon=True).start()
        root = str(course_root())
        places = {
            "ROOT": root, "PORT": listener.getsockname()[1], "MARKER": str(marker),
            "SEEN": [f"{root}/lessons", f"{root}/README.md", str(submitted), str(out)],
        }  # fmt: skip
        members = hostile_class(exercise, kinds, places)
        for student, member in members.items():
            hand_in(submitted, student, member.answers, lesson)
        patch.setenv(SECRET, SECRET)
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", None)
        submissions = read_submissions(read_class(submitted, lesson), list(exercise.points))
        assignment = Assignment(lesson, seed, Limits(seconds, 1 << 30), level)
        results, problems = grade_class(submissions, assignment, out)
    found = [f"{student} was not graded: {why}" for student, why in problems.items()]
    for result in results:
        member = members[result["student"]]
        for row in result["questions"]:
            if row["earned"] != member.deserves[row["question"]]:
                attack = member.attacks.get(row["question"], "")
                found.append(f"{result['student']} {attack}: {row}")
        if str(seed) in str(result):
            found.append(f"{result['student']}: the seed is in the result")
    left = [p.pid for p in psutil.process_iter(["cmdline"]) if "98764" in (p.info["cmdline"] or [])]
    found += [f"left processes {left}"] * bool(left) + [f"left {marker}"] * marker.exists()
    found += [f"reached from inside {len(accepted)} times"] * bool(accepted)
    found += [f"left {path}" for path in temporary.glob("llama_edu_*")]
    return len(results), found


def _accept(listener, accepted):
    while True:
        try:
            accepted.append(listener.accept())
        except OSError:
            return


def level(name):
    try:
        choose_level(name)
    except ValueError as error:
        return pytest.param(name, marks=pytest.mark.skip(reason=str(error)))
    return name


def kinds_at(name):
    """What may be tried at a level: without a sandbox nothing that would do harm."""
    return [kind for kind, attack in ATTACKS.items() if name != "limits" or not attack.shut_in]


@pytest.mark.parametrize("lesson", LESSONS[1:3], ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("name", [level("namespaces")])
def test_some_attacks_on_some_exercises(name, lesson, tmp_path):
    n_members, found = deviations(lesson, name, 20240229, QUICK, tmp_path)
    assert not found
    assert n_members > 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20240229, 19991231])
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("name", [level(name) for name in LEVELS])
def test_every_family_of_attacks_on_every_exercise(name, lesson, seed, tmp_path):
    n_members, found = deviations(lesson, name, seed, kinds_at(name), tmp_path)
    assert not found
    assert n_members > 3
