"""Mutants that are right are told from those that a question must notice, even if they hang."""

import pytest

from llama_edu.course.authoring.mutants import main

QUESTIONS = """
    from llama_edu.course.checking.questions import Misconception, Question

    QUESTIONS = [
        Question(
            "toy.add",
            points=1,
            cases=lambda generator: {cases},
            reference=lambda a, b: a + b,
            misconceptions=[Misconception("minus", lambda a, b: a - b, "b is lost", "Add.")],
            equivalent_mutants={equivalent},
        )
    ]
"""
EXERCISE = """
    # %% grade_id="toy.add"
    def add(a, b):
        ### BEGIN SOLUTION
        {line}
        ### END SOLUTION
"""
GOOD_CASES = '[{"a": 2, "b": 3}, {"a": 5, "b": 0}]'


@pytest.fixture
def run(write_lesson, tmp_path, monkeypatch, capfd):
    def run(line="return a + b", cases=GOOD_CASES, equivalent=(), seconds=20.0):
        reasons = dict.fromkeys(equivalent, "because")
        questions = QUESTIONS.format(cases=cases, equivalent=reasons)
        write_lesson("01_toy", questions=questions, exercise=EXERCISE.format(line=line))
        monkeypatch.setenv("LLAMA_EDU_COURSE", str(tmp_path))
        return main(["toy", "--seconds", str(seconds)]), capfd.readouterr().out

    return run


def row(out: str) -> list[str]:
    return next(line for line in out.splitlines() if line.startswith("toy.add")).split()[1:]


def test_a_question_that_notices_everything_passes(run):
    code, out = run()
    assert code == 0
    # pass, a - b (which is named), a, b, b + b, a + a
    assert row(out) == ["6", "6", "1", "0", "0"]
    assert out.splitlines()[-1].split() == ["all", "6", "6", "1", "0", "0"]


def test_a_mutant_that_nobody_notices_is_shown_and_fails(run):
    code, out = run(cases='[{"a": 2, "b": 2}]')
    assert code == 1
    assert row(out) == ["6", "4", "1", "0", "2"]
    assert "toy.add: not noticed\n  return a + b -> return b + b" in out
    assert "toy.add: not noticed\n  return a + b -> return a + a" in out


def test_a_reason_excuses_a_survivor(run):
    names = ["return a + b -> return b + b", "return a + b -> return a + a"]
    code, out = run(cases='[{"a": 2, "b": 2}]', equivalent=names)
    assert code == 0
    assert row(out) == ["6", "4", "1", "2", "0"]


@pytest.mark.parametrize("name", ["return a + b -> return a - b", "return a -> pass"])
def test_a_reason_for_what_is_noticed_or_gone_fails(run, name):
    code, out = run(equivalent=[name])
    assert code == 1
    assert f"toy.add: listed as equivalent, but noticed or gone\n  {name}" in out


def test_mutants_that_hang_or_die_are_noticed(run):
    lines = (
        "import os",
        "while False:",
        "    pass",
        "if a < 0:",
        "    os._exit(1)",
        "return a + b",
    )
    code, out = run(line="\n        ".join(lines), seconds=2)
    # Without the loop or the exit the sum is the same: those mutants must be the survivors.
    survivors = out.partition("not noticed")[2]
    assert code == 1
    assert "os._exit(1) -> pass" in survivors
    for change in ("False: -> while True:", "False: -> while not False:", "0: -> if a > 0:"):
        assert change not in out
    assert int(row(out)[1]) > 8
