"""What students hand in: whatever it is, it is a note on them alone."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from llama_edu.course.checking.questions import load_questions
from llama_edu.course.lessons import all_lessons
from llama_edu.grading.handed_in import MAX_BYTES
from llama_edu.grading.names import file_name
from llama_edu.grading.submissions import check_exercise, read_class, read_submissions

from .conftest import LESSON, QUESTIONS, RIGHT, hand_in, notebook

NAMES = list(QUESTIONS)


def read(path):
    return {one.student: one for one in read_submissions(read_class(path, LESSON), NAMES)}


def graded_cell(name, source):
    graded = {"grade_id": name.replace(".", "-"), "solution": True, "grade": False}
    return {"cell_type": "code", "source": source, "metadata": {"nbgrader": graded}, "outputs": []}


def put(folder, content, student="ann", file="05_attention.ipynb"):
    path = folder / student / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_answers_are_taken_by_id_and_nothing_else(submissions):
    hand_in(submissions, "ann", RIGHT)
    ann = read(submissions)["ann"]
    assert ann.answers == RIGHT
    assert (ann.notebook, ann.notes) == ("05_attention.ipynb", ())


def test_nbgrader_s_tree_is_read(submissions):
    hand_in(submissions / "ann", "hw1", RIGHT)
    assert read(submissions)["ann"].answers == RIGHT


def test_a_file_a_student_is_read(submissions):
    hand_in(submissions, "x", RIGHT).rename(submissions / "ann.ipynb")
    (submissions / "x").rmdir()
    assert read(submissions)["ann"].answers == RIGHT


@pytest.mark.parametrize("top", ["", "class/"])
def test_a_zip_is_read_without_unpacking(tmp_path, submissions, top):
    file = hand_in(submissions, "ann", RIGHT)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(file, f"{top}ann/a.ipynb")
        archive.write(file, f"{top}bob/deep/a.ipynb")
        archive.writestr(f"{top}cy/readme.txt", "hello")
    before = sorted(tmp_path.rglob("*"))
    found = read(tmp_path / "all.zip")
    assert found["ann"].answers == found["bob"].answers == RIGHT
    assert found["cy"].notes == ("there is no notebook, only readme.txt",)
    assert sorted(tmp_path.rglob("*")) == before


def test_of_two_cells_with_one_id_the_last_filled_counts(submissions):
    name = NAMES[0]
    stub = "def scores(q, k):\n    raise NotImplementedError()"
    first, second = (f"def scores(q, k):\n    return {i}" for i in range(2))
    cells = [graded_cell(name, code) for code in (first, second, stub)]
    put(submissions, {"nbformat": 4, "cells": cells})
    ann = read(submissions)["ann"]
    assert ann.answers == {name: second}
    assert f"{name}: 3 cells have this id: joined, without old attempts" in ann.notes
    assert f"{NAMES[1]}: the answer cell is missing" in ann.notes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "JSON"),
        (b"\xff\xfe\x00", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b'{"cells": [', "JSON"),
        ([], "format 4"),
        ({"nbformat": 3, "worksheets": []}, "nbformat=3"),
        ({"nbformat": "9" * 1000, "cells": []}, "format 4"),
        ({"nbformat": 4}, "at most"),
        ({"nbformat": 4, "cells": [{}] * 3000}, "at most"),
        ({"nbformat": 4, "cells": []}, "no notebook has an answer cell"),
        ({"nbformat": 4, "cells": [7, None, {"cell_type": "code", "metadata": 3}]}, "no notebook"),
        ({"nbformat": 4, "cells": [graded_cell(NAMES[0], 7)]}, "no notebook has"),
        ({"nbformat": 4, "cells": [graded_cell(NAMES[0], "x" * 200_000)]}, "no notebook has"),
    ],
)
def test_what_is_no_notebook_is_a_note(submissions, content, words):
    put(submissions, content)
    hand_in(submissions, "bob", RIGHT)
    found = read(submissions)
    assert not found["ann"].answers
    assert any(words in note for note in found["ann"].notes)
    assert found["bob"].answers == RIGHT


def test_a_huge_file_is_not_read(submissions):
    path = put(submissions, b"")
    os.truncate(path, 100_000_000)
    assert "100 MB" in read(submissions)["ann"].notes[0]


def test_symbolic_links_are_not_followed(submissions, tmp_path):
    secret = hand_in(tmp_path, "secret", RIGHT)
    (submissions / "ann").mkdir()
    (submissions / "ann" / "05_attention.ipynb").symlink_to(secret)
    (submissions / "bob").symlink_to(secret.parent)
    found = read(submissions)
    assert not found["ann"].answers
    assert not found["bob"].answers
    assert "symbolic link" in found["ann"].notes[0]
    assert "symbolic link" in found["bob"].notes[0]


def test_a_pipe_does_not_hold_up_the_class(submissions):
    (submissions / "ann").mkdir()
    os.mkfifo(submissions / "ann" / "05_attention.ipynb")
    assert "not a plain file" in read(submissions)["ann"].notes[0]


def test_the_newest_of_several_notebooks_counts(submissions):
    old = hand_in(submissions, "ann", {NAMES[0]: "old"})
    new = hand_in(submissions, "ann/again", {NAMES[0]: "new"})
    os.utime(old, (1, 1))
    put(submissions, {"nbformat": 4, "cells": []}, file="other.ipynb")
    hidden = put(submissions, b"{", file=".ipynb_checkpoints/x.ipynb")
    ann = read(submissions)["ann"]
    assert ann.answers[NAMES[0]] == "new"
    assert ann.notebook == f"again/{new.name}"
    assert "the newest of 2" in ann.notes[0]
    assert hidden.exists()


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name) if isinstance(name, str) else name
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return path


def test_a_clone_of_the_whole_course_is_graded_for_its_exercise(submissions):
    for folder, answers in (("solutions", RIGHT), ("exercises", {})):
        hand_in(submissions, f"ann/{folder}", answers)
    ann = read(submissions)["ann"]
    assert ann.notebook == f"exercises/{LESSON.name}.ipynb"


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = zipped(tmp_path / "a.zip", {"ann/a.ipynb": b"0" * (MAX_BYTES + 1), "bob/a.ipynb": b"{"})
    assert path.stat().st_size < 100_000
    found = read(path)
    assert "allowed" in found["ann"].notes[0]
    assert "JSON" in found["bob"].notes[0]


def test_a_zip_that_lies_about_a_size_is_not_unpacked(tmp_path):
    path = zipped(tmp_path / "a.zip", {"ann/a.ipynb": b"0" * (MAX_BYTES + 5)})
    data = path.read_bytes().replace(
        (MAX_BYTES + 5).to_bytes(4, "little"), (9).to_bytes(4, "little")
    )
    path.write_bytes(data)
    assert not read(path)["ann"].answers
    assert read(path)["ann"].notes


@pytest.mark.parametrize("name", ["../ann/a.ipynb", "ann/../../a.ipynb", "/etc/a.ipynb"])
def test_paths_that_climb_out_are_not_read(tmp_path, name):
    text = json.dumps(notebook(RIGHT)).encode()
    path = zipped(tmp_path / "a.zip", {name: text, "bob/a.ipynb": text})
    found = read(path)
    assert found.pop("bob").answers == RIGHT
    assert all("climbs out" in one.notes[0] for one in found.values())
    assert found


def test_links_in_a_zip_are_not_followed(tmp_path):
    link = zipfile.ZipInfo("ann/a.ipynb")
    link.external_attr = 0o120777 << 16
    path = zipped(tmp_path / "a.zip", {link: "/etc/passwd"})
    assert "symbolic link" in read(path)["ann"].notes[0]


def test_what_a_mac_adds_to_a_zip_changes_nothing(tmp_path):
    text = json.dumps(notebook(RIGHT)).encode()
    members = {f"class/{name}/a.ipynb": text for name in ("ann", "bob")}
    extra = ("__MACOSX/class/ann/._a.ipynb", "class/.DS_Store", "class/notes.txt", "readme.txt")
    path = zipped(tmp_path / "a.zip", members | dict.fromkeys(extra, b"x"))
    assert list(read(path)) == ["ann", "bob"]


def test_one_student_s_zip_is_that_student_s(tmp_path):
    path = zipped(tmp_path / "a.zip", {"ann/05/a.ipynb": json.dumps(notebook(RIGHT)).encode()})
    assert list(read(path)) == ["ann"]


def test_nobody_s_files_are_written_over_another_s(submissions):
    hand_in(submissions, "Ann", RIGHT)
    hand_in(submissions, "ann", {NAMES[0]: "other"})
    hand_in(submissions, "O'Brien", RIGHT)
    made = file_name("O'Brien")
    hand_in(submissions, made, RIGHT)
    found = read(submissions)
    files = [file_name(student).casefold() for student in found]
    assert len(set(files)) == len(files) == 4
    assert any("two students are called ann" in note for note in found["ann~"].notes)


@pytest.mark.parametrize("name", ["語" * 82, "con", "NUL.x", "a" * 119, ".", "a/b", "x."])
def test_a_name_makes_a_file_on_every_system(name):
    made = file_name(name)
    assert len(made.encode()) < 128
    assert made.partition(".")[0].lower() not in ("con", "nul")
    assert not set(made) & set('/\\:*?"<>|')
    assert not made.endswith((".", " "))


def test_a_folder_and_a_file_of_one_name_are_one_student(submissions):
    hand_in(submissions, "x", RIGHT).rename(submissions / "ann.ipynb")
    hand_in(submissions, "ann", {NAMES[0]: "older"})
    os.utime(submissions / "ann" / "05_attention.ipynb", (1, 1))
    ann = read(submissions)["ann"]
    assert ann.answers == RIGHT
    assert "the newest of 2" in ann.notes[0]


def test_one_student_cannot_keep_the_class_waiting(submissions):
    for i in range(5):
        put(submissions, {"nbformat": 4, "cells": [], "x": "x" * 6_000_000}, file=f"{i}.ipynb")
    assert any("not read after" in note for note in read(submissions)["ann"].notes)


def test_an_encrypted_member_is_a_note(tmp_path):
    path = zipped(tmp_path / "a.zip", {"ann/a.ipynb": b"{}"})
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    path.write_bytes(data)
    assert "cannot be unpacked" in read(path)["ann"].notes[0]


def test_a_name_cannot_write_on_the_terminal(submissions):
    hand_in(submissions, "an\x1b[31mn", RIGHT)
    assert list(read(submissions)) == ["an_[31mn"]


@pytest.mark.parametrize("kind", ["missing", "text", "empty"])
def test_a_class_that_is_none_is_one_clear_line(tmp_path, kind):
    path = tmp_path / kind
    if kind == "text":
        path.write_text("hello")
    if kind == "empty":
        path.mkdir()
    with pytest.raises(ValueError, match="SUBMISSIONS="):
        read(Path(path))


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_a_name_that_is_no_unicode_does_not_stop_the_class(submissions):
    try:
        folder = os.fsdecode(b"an\xffn")
        (submissions / folder).mkdir()
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    (student,) = read(submissions)
    assert student.encode() == b"an_n"


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_an_exercise_with_all_its_questions_may_be_graded(lesson):
    check_exercise(lesson, [question.name for question in load_questions(lesson)])


def test_an_exercise_older_than_its_questions_is_told_by_question():
    first, *others = NAMES
    with pytest.raises(ValueError, match="build it again with `llama-edu build 05`") as raised:
        check_exercise(LESSON, [*others, "attention.old"])
    lines = str(raised.value).splitlines()[1:]
    assert lines == [
        f"{first}: the notebook has no cell for it",
        "attention.old: the lesson does not ask it",
    ]
