"""The property tests of all questions fail where a question has one of the faults they are for."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROPERTIES = Path(__file__).parents[1] / "lessons" / "test_questions.py"

QUESTIONS = """
    import torch
    from llama_edu.course.checking.questions import Misconception, Question

    def cases(generator):
        yield {"x": torch.randn(3, generator=generator)}

    def constant(generator):
        yield {"x": torch.arange(3.0)}

    def same(x):
        return x

    def write_into(x):
        x *= 2
        return x

    def triple(x):
        return 3 * x

    TRIPLED = Misconception("tripled", triple, "x is tripled", "Twice it.")

    def question(name, known, cases=cases, reference=lambda x: 2 * x):
        return Question(
            f"toy.{name}", points=1, cases=cases, reference=reference, misconceptions=known
        )

    QUESTIONS = [
        question("sound", [TRIPLED]),
        question("unnamed", []),
        question("harmless", [TRIPLED, Misconception("none", lambda x: x + x, "it is", "No.")]),
        question("twins", [TRIPLED, Misconception("thrice", lambda x: x * 3, "it is", "No.")]),
        question("badly_put", [Misconception("same", same, "X stays.", "no full stop")]),
        question("unseeded", [TRIPLED], cases=constant),
        question("destructive", [TRIPLED], reference=write_into),
        question("unsolved", [TRIPLED]),
    ]
"""
ANSWER = """
    # %% grade_id="toy.{name}"
    def {name}(x):
        ### BEGIN SOLUTION
        return {factor} * x
        ### END SOLUTION

    # %% grade_id="check.toy.{name}" points=1
    check("toy.{name}", {name})
"""
NAMES = [
    "sound", "unnamed", "harmless", "twins", "badly_put", "unseeded", "destructive", "unsolved",
]  # fmt: skip


@pytest.mark.slow
def test_each_fault_is_found_and_a_sound_question_has_none(write_lesson, tmp_path):
    answers = (ANSWER.format(name=n, factor=4 if n == "unsolved" else 2) for n in NAMES)
    write_lesson("01_toy", questions=QUESTIONS, exercise="".join(answers))
    environment = os.environ | {"LLAMA_EDU_COURSE": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(PROPERTIES)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    failed = re.findall(r"^FAILED \S+::test_(\w+)\[toy\.(\w+)", done.stdout, re.MULTILINE)
    assert set(failed) == {
        ("some_mistakes_are_known", "unnamed"),
        ("the_same_answer_gets_the_same_words", "unnamed"),
        ("misconception_fails_and_is_named", "harmless"),
        ("misconception_fails_and_is_named", "twins"),
        ("words_make_sentences", "badly_put"),
        ("a_seed_gives_the_same_values_again_and_another_seed_others", "unseeded"),
        ("reference_passes_and_leaves_its_inputs", "destructive"),
        ("solution_passes", "unsolved"),
    }
    assert done.returncode == 1
