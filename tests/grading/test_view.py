"""No student reads what a neighbour handed in, wherever the teacher keeps it."""

import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from llama_edu.course.lessons import course_root
from llama_edu.grading import view
from llama_edu.grading.levels import best_level
from llama_edu.grading.view import check_unseen, hidden_folders

from .conftest import LESSON, RIGHT, hand_in
from .test_grade_command import grade
from .test_sandbox import SHUT_IN, run

SANDBOXED = pytest.mark.skipif(not best_level().is_sandbox, reason=best_level().reason)


@pytest.fixture
def shown():
    """A folder in the environment that this Python runs from, which students' code sees."""
    folder = Path(tempfile.mkdtemp(prefix="llama_edu_test_", dir=sys.prefix))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@SHUT_IN
def test_a_class_in_the_environment_would_be_read(name, shown):
    (shown / "answer.txt").write_text("secret")
    assert run(name, f"open({str(shown / 'answer.txt')!r}).read()") == "'secret'"


@SANDBOXED
@pytest.mark.parametrize("where", ["folder", "zip", "link", "out", "out that is a link"])
def test_so_it_is_refused_in_one_line(capsys, shown, tmp_path, where):
    outside = tmp_path / "outside"
    for root in (shown / "class", outside):
        hand_in(root, "ann", RIGHT)
    with zipfile.ZipFile(shown / "class.zip", "w") as archive:
        archive.write(outside / "ann" / f"{LESSON.name}.ipynb", f"ann/{LESSON.name}.ipynb")
    (tmp_path / "link").symlink_to(shown / "class")
    (tmp_path / "grades").symlink_to(shown)
    submissions, out = {
        "folder": (shown / "class", tmp_path / "new"),
        "zip": (shown / "class.zip", tmp_path / "new"),
        "link": (tmp_path / "link", tmp_path / "new"),
        "out": (outside, shown / "new"),
        "out that is a link": (outside, tmp_path / "grades" / "new"),
    }[where]
    code, said = grade(capsys, submissions, "--lesson", "05", "--out", out)
    assert (code, len(said.strip().splitlines())) == (1, 1)
    assert f"lies in {sys.prefix}" in said and "Move it to another folder" in said
    assert not out.exists()


@SANDBOXED
@pytest.mark.parametrize(
    "folder", [str(Path(os.__file__).parent), sys.base_prefix, "/usr/x", "/bin"]
)
def test_every_folder_that_is_shown_is_refused(folder):
    with pytest.raises(ValueError, match="lies in /"):
        check_unseen("--out x", Path(folder))


def test_what_is_hidden_or_not_there_is_not_refused(tmp_path):
    check_unseen("--out x", tmp_path)
    check_unseen("--out x", course_root() / "class")
    check_unseen("--out x", Path(__file__))


def test_what_is_shown_under_another_name_is_found_and_hidden(monkeypatch, tmp_path):
    """An environment that is reached by a link, with the course in it."""
    (tmp_path / "real" / "course").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setattr(view, "readable_folders", lambda: (str(tmp_path / "link"),))
    monkeypatch.setattr(view, "private_folders", lambda: (str(tmp_path / "real" / "course"),))
    assert str(tmp_path / "link" / "course") in hidden_folders()
    check_unseen("--out x", tmp_path / "real" / "course" / "grades")
    with pytest.raises(ValueError, match=r"--out x lies in .*/link, which students' code"):
        check_unseen("--out x", tmp_path / "real" / "grades")


@SHUT_IN
def test_temporary_files_are_hidden_where_they_lie_in_the_environment(name, shown, monkeypatch):
    (shown / "notebook.ipynb").write_text("of a neighbour")
    monkeypatch.setattr(tempfile, "tempdir", str(shown))
    code = f"import os\n[len(os.listdir({str(shown)!r})), os.access({str(shown)!r}, os.W_OK)]"
    assert run(name, code) == "[1, False]", "its own sockets and nothing else"
