"""Lessons are found by their folders, and cells keep their names through nbgrader's rules."""

import pytest

from llama_edu.course import lessons
from llama_edu.course.lessons import (
    all_lessons,
    cell_name,
    course_map,
    course_root,
    find_lesson,
    nbgrader_id,
)


@pytest.fixture
def course(tmp_path, write_lesson):
    for name in ("10_generation", "05_attention", "24_capstone"):
        write_lesson(name, lesson=f"# %% [markdown]\n# # Lesson {name}\n#\n# ## A part")
    (tmp_path / "lessons" / "06_a_file.txt").write_text("", encoding="utf-8")
    (tmp_path / "lessons" / "drafts").mkdir()
    return tmp_path


def test_lessons_come_in_the_order_of_their_numbers_and_nothing_else_does(course):
    assert [lesson.name for lesson in all_lessons(course)] == [
        "05_attention",
        "10_generation",
        "24_capstone",
    ]


def test_the_map_holds_written_and_planned_lessons(course):
    syllabus = course / "lessons" / "syllabus.toml"
    syllabus.write_text('24 = "capstone"\n10 = "g"\n05 = "a"\n06 = "positions"\n', "utf-8")
    entries = course_map(course)
    assert [(one.number, one.title) for one in entries] == [
        ("05", "a"), ("06", "positions"), ("10", "g"), ("24", "capstone")
    ]  # fmt: skip
    assert [one.is_written for one in entries] == [True, False, True, True]
    assert entries[2].lesson == find_lesson("10", course)


def test_a_written_lesson_must_be_on_the_map(course):
    (course / "lessons" / "syllabus.toml").write_text('05 = "a"\n10 = "g"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"syllabus.toml must name every lesson, and lacks 24"):
        course_map(course)


def test_the_course_has_27_lessons_and_those_that_stand_are_on_its_map():
    entries = course_map()
    assert [int(one.number) for one in entries] == [*range(27)]
    assert [one.lesson for one in entries if one.is_written] == all_lessons()


@pytest.mark.parametrize("name", ["05", "5", "attention", "05_attention"])
def test_a_lesson_is_found_by_number_topic_or_both(course, name):
    lesson = find_lesson(name, course)
    assert (lesson.number, lesson.topic) == ("05", "attention")
    assert lesson.question_files == []
    assert lesson.title == "Lesson 05_attention"


def test_a_lesson_that_is_not_there_lists_those_that_are(course, tmp_path):
    with pytest.raises(ValueError, match=r"LESSON='1' must be one .*: 05_attention, 10_generation"):
        find_lesson("1", course)
    with pytest.raises(ValueError, match=f"none in {tmp_path / 'empty'}"):
        find_lesson("05", tmp_path / "empty")


def test_a_lesson_needs_a_heading(course, write_lesson):
    lesson = write_lesson("05_attention", lesson="# %% [markdown]\n# ## Too low")
    with pytest.raises(ValueError, match=r"05_attention/lesson.py must have a heading"):
        _ = lesson.title


def test_the_course_is_the_chosen_one_then_the_checkout_then_the_installed_copy(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("LLAMA_EDU_COURSE", str(tmp_path))
    assert course_root() == tmp_path
    monkeypatch.delenv("LLAMA_EDU_COURSE")
    package = tmp_path / "llama_edu"
    monkeypatch.setattr(lessons, "__file__", str(package / "course" / "lessons.py"))
    assert course_root() == package.resolve() / "_course"
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    assert course_root() == tmp_path.resolve()


@pytest.mark.parametrize("name", ["attention.causal_mask", "check.attention.scores", "norm.l2"])
def test_names_of_cells_come_back(name):
    assert "." not in nbgrader_id(name)
    assert cell_name(nbgrader_id(name)) == name


@pytest.mark.parametrize("name", ["attention", "a-b.c", "a..b", "a.b ", "größe.x", ""])
def test_names_that_would_not_come_back_are_refused(name):
    with pytest.raises(ValueError, match="must be words"):
        nbgrader_id(name)
