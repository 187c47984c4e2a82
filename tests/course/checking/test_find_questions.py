"""Questions are loaded from a lesson's folder, once, and found by name."""

from pathlib import Path
from textwrap import dedent

import pytest

from llama_edu.course.checking.questions import Question, find_question, load_questions

DOUBLE = """
    from llama_edu.course.checking.questions import Misconception, Question

    def question(name):
        return Question(
            name,
            points=2,
            cases=lambda generator: [{"x": 1}],
            reference=lambda x: 2 * x,
            misconceptions=[Misconception("same", lambda x: x, "x stays", "Twice it.")],
        )

"""
TWO = DOUBLE + '    QUESTIONS = [question("toy.double"), question("toy.twice")]'


def test_questions_come_in_order_and_only_once(write_lesson):
    lesson = write_lesson("01_toy", questions=TWO)
    first = load_questions(lesson)
    assert [question.name for question in first] == ["toy.double", "toy.twice"]
    assert first[0].function_name == "double"
    assert first[0].misconceptions[0].says == "x stays"
    assert load_questions(lesson)[0].cases is first[0].cases


def test_lessons_of_one_name_in_two_courses_are_two(write_lesson, tmp_path):
    here = write_lesson("01_toy", questions=TWO)
    there = tmp_path / "other" / "lessons" / "01_toy"
    there.mkdir(parents=True)
    text = here.question_files[0].read_text(encoding="utf-8").replace("points=2", "points=3")
    (there / "questions.py").write_text(text, encoding="utf-8")
    assert find_question("toy.double", tmp_path).points == 2
    assert find_question("toy.double", tmp_path / "other").points == 3
    assert find_question("toy.double", tmp_path).points == 2


def write_package(folder: Path, factor: int) -> None:
    (folder / "questions").mkdir(parents=True)
    (folder / "questions" / "numbers.py").write_text(f"FACTOR = {factor}\n", encoding="utf-8")
    text = "from .numbers import FACTOR\n" + dedent(TWO.replace("2 * x", "FACTOR * x"))
    (folder / "questions" / "__init__.py").write_text(text, encoding="utf-8")


def test_many_questions_may_be_a_package(write_lesson, tmp_path):
    here, there = write_lesson("01_toy", lesson=""), tmp_path / "other" / "lessons" / "01_toy"
    write_package(here.folder, 2)
    write_package(there, 7)
    assert [file.name for file in here.question_files] == ["__init__.py", "numbers.py"]
    for course, result in ((tmp_path, 6), (tmp_path / "other", 21), (tmp_path, 6)):
        assert find_question("toy.double", course).reference(3) == result


def test_a_lesson_may_ask_nothing(write_lesson):
    assert load_questions(write_lesson("01_toy", lesson="")) == []


@pytest.mark.parametrize("text, reason", [
    ("", "must end in a list QUESTIONS"),
    ("QUESTIONS = 3", "must end in a list QUESTIONS"),
    (DOUBLE + '    QUESTIONS = [question("toy.a")] * 2', "must use a name once"),
])  # fmt: skip
def test_a_file_that_is_no_list_of_questions_is_refused(write_lesson, text, reason):
    with pytest.raises(ValueError, match=f"01_toy/questions.py {reason}"):
        load_questions(write_lesson("01_toy", questions=text))


def test_a_file_that_fails_fails_again(write_lesson):
    lesson = write_lesson("01_toy", questions="QUESTIONS = []\n1 / 0")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            load_questions(lesson)


def test_a_question_is_found_without_loading_other_topics(write_lesson, tmp_path):
    write_lesson("00_broken", questions="1 / 0")
    write_lesson("01_toy_and_more", questions=TWO)
    assert find_question("toy.twice", tmp_path).name == "toy.twice"


def test_a_question_may_stand_in_a_lesson_of_another_name(write_lesson, tmp_path):
    write_lesson("00_other", questions="QUESTIONS = []")
    write_lesson("01_third", questions=TWO)
    assert find_question("toy.twice", tmp_path).name == "toy.twice"


def test_a_question_that_is_not_there_lists_its_neighbours(write_lesson, tmp_path):
    write_lesson("01_toy", questions=TWO)
    with pytest.raises(ValueError, match=r"'toy.trice' must be one of toy.double, toy.twice"):
        find_question("toy.trice", tmp_path)
    with pytest.raises(ValueError, match=r"'nil\.x' must be a question of .* 01_toy$"):
        find_question("nil.x", tmp_path)


@pytest.mark.parametrize("name, points, reason", [
    ("double", 1, "must be words"),
    ("toy.double", 0, "points=0 of toy.double must be above 0"),
])  # fmt: skip
def test_a_question_needs_a_full_name_and_points(name, points, reason):
    with pytest.raises(ValueError, match=reason):
        Question(name, points=points, cases=list, reference=abs, misconceptions=[])
