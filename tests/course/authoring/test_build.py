"""Notebooks are made from lessons: what is fresh stays, what is stale is said, nothing is half."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llama_edu.course.authoring.build import BuildError, Watcher, build
from llama_edu.course.authoring.pages import orphans
from llama_edu.course.lessons import all_lessons, find_lesson

LESSON = """\
# %% [markdown]
# # Sums

# %% tags=["nbval-check-output"]
print({"two": 1 + 1}, sorted({"a", "b"}), {"c", "d", "e"})

# %% tags=["nbval-ignore-output"]
import matplotlib.pyplot as plt
from llama_edu import plots

plots.bars({"one": 1.0, "two": 2.0}, title="Two is more", x_label="size", alt="Two bars.")
"""
EXERCISE = """\
# %%
from llama_edu.course import check


# %% grade_id="sums.double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %% grade_id="check.sums.double" points=2
check("sums.double", double)
"""
QUESTIONS = """\
import torch

from llama_edu.course.checking.questions import Misconception, Question

QUESTIONS = [
    Question(
        "sums.double",
        points=2,
        cases=lambda generator: [{"x": torch.rand(3, generator=generator)} for _ in range(2)],
        reference=lambda x: x + x,
        misconceptions=[Misconception("squared", lambda x: x * x, "it is squared", "Add x to x.")],
    )
]
"""
SHORT = "# %% [markdown]\n# # Short\n\n# %%\nprint(1)\n"
MADE = ["notebooks/01_sums", "solutions/01_sums", "notebooks/02_short"]


class Log(Watcher):
    def __init__(self):
        self.seen = []

    def progress(self, name, n_done, n_cells):
        self.seen.append((name, n_done, n_cells))


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / "lessons" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for kind in ("notebooks", "exercises", "solutions")
        for path in (root / kind).rglob("*")
    }


def edit(path: Path, change) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A course of two lessons, one with an exercise, and what a watcher saw of its build."""
    root, log = tmp_path_factory.mktemp("built"), Log()
    write(root, {
        "01_sums/lesson.py": LESSON, "01_sums/exercise.py": EXERCISE,
        "01_sums/questions.py": QUESTIONS, "02_short/lesson.py": SHORT,
    })  # fmt: skip
    made = build(all_lessons(root), watcher=log)
    return root, made, log.seen


@pytest.fixture
def root(built, tmp_path):
    """A copy of it, to spoil."""
    return shutil.copytree(built[0], tmp_path / "course")


def stale(root: Path) -> dict[str, str]:
    before = contents(root)
    found = build(all_lessons(root), check_only=True)
    assert contents(root) == before
    return found


def cells(root: Path, name: str) -> list[dict]:
    return json.loads((root / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]


def test_everything_is_made_once(built):
    root, made, _ = built
    assert made == dict.fromkeys(MADE, "not made yet")
    names = {f"{name}.ipynb" for name in [*MADE, "exercises/01_sums"]}
    assert contents(root).keys() == names


def test_progress_is_told_until_the_file_is_there(built):
    _, _, seen = built
    assert [event for event in seen if event[0] == "notebooks/01_sums"] == [
        ("notebooks/01_sums", 1, 3), ("notebooks/01_sums", 2, 3), ("notebooks/01_sums", 3, 3),
    ]  # fmt: skip
    assert {name for name, n_done, n_cells in seen if n_done == n_cells} == set(MADE)


def test_the_lesson_is_executed(built):
    _, check, figure = cells(built[0], "notebooks/01_sums")
    assert check["outputs"][0]["text"][0].startswith("{'two': 2} ['a', 'b']")
    assert figure["outputs"][0]["metadata"] == {"image/png": {"alt": "Two bars."}}


def test_the_solution_keeps_its_code_and_is_right(built):
    _, answer, question = cells(built[0], "solutions/01_sums")
    assert "    ### BEGIN SOLUTION\n" in answer["source"]
    assert "sums.double: right, 2 points" in json.dumps(question["outputs"])


def test_the_exercise_has_a_stub_and_has_not_been_run(built):
    _, answer, question = cells(built[0], "exercises/01_sums")
    assert answer["source"][1:] == ["    # YOUR CODE HERE\n", "    raise NotImplementedError()"]
    assert [cell["outputs"] for cell in (answer, question)] == [[], []]
    assert [cell["execution_count"] for cell in (answer, question)] == [None, None]


def test_building_again_changes_nothing(root):
    before = contents(root)
    assert build(all_lessons(root)) == {}
    assert contents(root) == before


def test_a_forced_build_gives_the_same_bytes(root):
    before = contents(root)
    assert build(all_lessons(root), force=True, jobs=3) == dict.fromkeys(MADE, "asked for")
    assert contents(root) == before


def test_only_what_changed_is_stale(root):
    write(root, {"02_short/lesson.py": SHORT + "print(2)\n"})
    assert stale(root) == {"notebooks/02_short": "its cells are not those of lesson.py"}
    assert list(build(all_lessons(root))) == ["notebooks/02_short"]
    assert stale(root) == {}


def test_the_questions_belong_to_what_can_ask_them(root):
    write(root, {"01_sums/questions.py": QUESTIONS + "# changed\n"})
    why = "made with another version of the package or of the questions"
    assert stale(root) == {"solutions/01_sums": why}


def test_a_page_that_shows_the_map_changes_with_it(root):
    syllabus = root / "lessons" / "syllabus.toml"
    syllabus.write_text('01 = "sums"\n02 = "short"\n', encoding="utf-8")
    shows = "# %%\nfrom llama_edu.course.lessons import course_map\n\nprint(len(course_map()))\n"
    write(root, {"02_short/lesson.py": shows})
    build([find_lesson("02", root)])
    assert stale(root) == {}
    syllabus.write_text('01 = "sums"\n02 = "short"\n03 = "to come"\n', encoding="utf-8")
    assert list(stale(root)) == ["notebooks/02_short"]


def test_a_page_that_reads_measurements_beside_it_changes_with_them(root):
    """Of two files there, only with the one that it names."""
    write(root, {"02_short/lesson.py": SHORT + "# reads measured.json\n"})
    write(root, {"02_short/measured.json": "[1]", "02_short/other.json": "[1]"})
    build([find_lesson("02", root)])
    write(root, {"02_short/other.json": "[2]"})
    assert stale(root) == {}
    write(root, {"02_short/measured.json": "[2]"})
    assert list(stale(root)) == ["notebooks/02_short"]


def test_another_version_of_the_package_makes_stale(root, monkeypatch):
    monkeypatch.setattr(
        "llama_edu.course.authoring.pages.fingerprint", lambda files, also: "0" * 16
    )
    assert list(stale(root)) == MADE


def forget_to_run(notebook):
    notebook["cells"][1]["execution_count"] = None


def fail(notebook):
    error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
    notebook["cells"][1]["outputs"] = [error]


@pytest.mark.parametrize("change, why", [
    (lambda notebook: notebook["cells"][1].update(source="1"), "its cells are not those of"),
    (lambda notebook: notebook["cells"].pop(), "its cells are not those of"),
    (lambda notebook: notebook["metadata"].pop("llama_edu"), "made with another version"),
    (forget_to_run, "not run from top to bottom without an error"),
    (fail, "not run from top to bottom without an error"),
])  # fmt: skip
def test_a_notebook_that_was_edited_is_stale(root, change, why):
    edit(root / "notebooks/02_short.ipynb", change)
    assert list(stale(root)) == ["notebooks/02_short"]
    assert stale(root)["notebooks/02_short"].startswith(why)


def test_a_file_that_is_no_notebook_is_stale(root):
    for text in ("", "[1]", '{"cells": 3}'):
        (root / "notebooks/02_short.ipynb").write_text(text, encoding="utf-8")
        assert stale(root) == {"notebooks/02_short": "not a notebook"}


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("{}")])
def test_an_exercise_that_is_not_the_solutions_is_stale(root, spoil):
    spoil(root / "exercises/01_sums.ipynb")
    assert stale(root) == {"solutions/01_sums": "exercises/01_sums is not the exercise to it"}


def test_a_failed_lesson_leaves_the_old_files_and_the_others_are_made(root):
    before = contents(root)
    write(root, {
        "01_sums/exercise.py": EXERCISE.replace("2 * x", "x * x"),
        "02_short/lesson.py": SHORT + "\n# %%\ny = 1\nprint(1 / 0)\n",
        "03_new/lesson.py": SHORT,
    })  # fmt: skip
    with pytest.raises(BuildError) as failed:
        build(all_lessons(root))
    wrong, divided = str(failed.value).split("\n02_short")
    assert wrong.startswith('01_sums/exercise.py, line 13, cell 3: check("sums.double", double)\n')
    assert "CheckFailed: sums.double" in wrong
    assert divided == (
        "/lesson.py, line 9, cell 3: print(1 / 0)\n    ZeroDivisionError: division by zero"
    )
    after = contents(root)
    assert after.pop("notebooks/03_new.ipynb")
    assert after == before


def test_an_authoring_mistake_is_named_with_its_file(root):
    write(root, {"02_short/lesson.py": SHORT.replace("# %%\n", '# %% tags=["chek"]\n')})
    says = "02_short/lesson.py, line 5: tags must be among .*, got chek"
    with pytest.raises(BuildError, match=says):
        build(all_lessons(root))
    write(root, {"02_short/lesson.py": SHORT + "x = = 1\n"})
    with pytest.raises(BuildError, match=r"02_short/lesson.py, line 6: x = = 1 \(invalid syntax"):
        build(all_lessons(root))


def test_a_lesson_without_its_file_is_named(root):
    (root / "lessons/02_short/lesson.py").unlink()
    assert stale(root) == {"notebooks/02_short": "02_short/lesson.py must exist"}


def test_notebooks_of_no_lesson_are_found(root):
    assert orphans(all_lessons(root), root) == []
    (root / "exercises/02_short.ipynb").write_text("{}", encoding="utf-8")
    assert orphans(all_lessons(root), root) == ["exercises/02_short.ipynb"]


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise on Windows")
def test_ctrl_c_leaves_the_old_files_and_no_kernel(tmp_path):
    wait = f"# %%\nimport os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
    write(tmp_path, {"01_slow/lesson.py": wait + "time.sleep(60)\n"})
    old = tmp_path / "notebooks/01_slow.ipynb"
    old.parent.mkdir()
    old.write_text("old", encoding="utf-8")
    command = (
        # Where tests run in the background, Ctrl-C is ignored, and children inherit that.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from pathlib import Path; from llama_edu.course.authoring.build import build; "
        "from llama_edu.course.lessons import all_lessons; build(all_lessons(Path.cwd()))"
    )
    path = os.pathsep.join(filter(None, [str(Path.cwd()), os.environ.get("PYTHONPATH")]))
    builder = subprocess.Popen(
        [sys.executable, "-c", command],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    builder.send_signal(signal.SIGINT)
    _, stderr = builder.communicate(timeout=30)
    assert stderr.endswith("KeyboardInterrupt\n")
    kernel = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_alive(kernel))
    assert contents(tmp_path) == {"notebooks/01_slow.ipynb": b"old"}


def wait_until(is_so, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
