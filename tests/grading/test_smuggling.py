"""Students who write the hidden inputs into whatever they may say: it ends with the teacher."""

import json

import pytest

from llama_edu.grading.export import write_outputs
from llama_edu.grading.grade import grade_submission
from llama_edu.grading.injection import make_task
from llama_edu.grading.levels import best_level
from llama_edu.grading.sandbox import Limits
from llama_edu.grading.submissions import Submission
from tests.grading.conftest import LESSON, QUESTIONS

SEED = 20240229
DIGITS = """
def digits(x):
    return "".join(c for c in repr(x.flatten()[0].item()) if c in "0123456789")
"""

# By question: the input whose first number is carried out, and how. The harness is in the same
# process, so its words can be replaced.
THIEVES = {
    "attention.scores": ("q", """
def scores(q, k):
    raise type("T" + digits(q), (Exception,), {})(digits(q))
"""),
    "attention.softmax": ("x", """
def softmax(x, dim):
    return type("T" + digits(x), (), {})()
"""),
    "attention.attend": ("q", """
import harness
def attend(q, k, v, mask):
    line = f"In line 1: `{digits(q)}`"
    words = {"module": "builtins", "type": "RuntimeError", "text": digits(q), "line": line}
    harness.in_words = lambda error, function: words
    raise RuntimeError
"""),
    "attention.split_heads": ("x", """
import harness
harness.signature_misfit = lambda function, cases: [digits(harness.decode(cases[0]["x"]))]
def split_heads(x, n_heads):
    return x
"""),
    "attention.grouped_attention": ("q", """
import harness
honest = harness.attempt
def attempt(function, case, seed):
    return honest(function, case, seed) | {"changed": [digits(harness.decode(case["q"]))]}
harness.attempt = attempt
def grouped_attention(q, k, v):
    return q
"""),
}  # fmt: skip


@pytest.fixture(scope="module")
def graded():
    if not best_level().is_sandbox:
        pytest.skip(best_level().reason)
    answers = {name: f"{DIGITS}\n{code}" for name, (_, code) in THIEVES.items()}
    assignment = {
        "lesson": LESSON.name, "seed": SEED, "limits": Limits(), "level": best_level().name,
    }  # fmt: skip
    return grade_submission(Submission("thief", answers), assignment) | {"key": ""}


def secret(question: str) -> str:
    value = make_task(QUESTIONS[question], SEED).cases[0][THIEVES[question][0]]
    return "".join(c for c in repr(value.flatten()[0].item()) if c in "0123456789")


@pytest.mark.parametrize("question", THIEVES)
def test_the_theft_succeeds_as_far_as_the_teachers_file(graded, question):
    (row,) = (row for row in graded["questions"] if row["question"] == question)
    assert secret(question) in row["sentence"]


def test_no_output_holds_what_was_stolen(graded, tmp_path):
    for path in write_outputs(tmp_path, [graded]):
        text = path.read_text(encoding="utf-8")
        # As it is, and in the pieces into which a page may cut it.
        assert not [name for name in THIEVES if secret(name)[:7] in text], path
    assert json.loads((tmp_path / "gradescope/thief.json").read_text(encoding="utf-8"))["tests"]
