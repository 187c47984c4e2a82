"""Cells as notebooks hold them: what only IPython reads, and what Python refuses."""

import pytest

from llama_edu.course.learning.review import review
from llama_edu.grading.grade import grade_submission
from llama_edu.grading.levels import best_level
from llama_edu.grading.sandbox import Limits
from llama_edu.grading.submissions import Submission

from .conftest import LESSON, N_POINTS, QUESTIONS, RIGHT, hand_in
from .test_injection import LAST, sources

SCORES, SOFTMAX, MASK = "attention.scores", "attention.softmax", "attention.causal_mask"
ATTEND = "attention.attend"
HELPED = {LAST: "def grouped_attention(q, k, v):\n    return helper(q)"}
LIBRARY = "def softmax(scores, dim=-1):\n    return scores.softmax(dim)"


def graded(answers: dict[str, str]) -> dict[str, dict]:
    how = {"lesson": LESSON.name, "seed": 7, "limits": Limits(), "level": best_level().name}
    result = grade_submission(Submission("ann", answers), how)
    return {row["question"]: row for row in result["questions"]}


def test_what_only_ipython_reads_costs_nothing_in_grade_or_check(submissions):
    answers = RIGHT | {
        SCORES: f"!ls\n%time 1\n{RIGHT[SCORES]}\nscores?\n",
        SOFTMAX: f"# a page\x0cbreak\nimport math as m\n{RIGHT[SOFTMAX]}",
        MASK: f"%%time\n{RIGHT[MASK]}",
        ATTEND: f"files = !ls\n%timeit -n 1 -r 1 softmax(torch.ones(2, 3), -1)\n{RIGHT[ATTEND]}",
        LAST: f"%pip --version \\\n  -q\n{RIGHT[LAST]}",
    }
    rows = graded(answers)
    assert sum(row["earned"] for row in rows.values()) == N_POINTS, rows
    reviews = review(LESSON, hand_in(submissions, "ann", answers))
    assert [one.kind for one in reviews] == ["right"] * len(QUESTIONS)


def test_what_python_refuses_costs_its_own_question_in_grade_and_check(submissions):
    answers = RIGHT | {
        SCORES: f"def helper(a, a): pass\n{RIGHT[SCORES]}",
        SOFTMAX: f"nonlocal e\n{RIGHT[SOFTMAX]}",  # it forbids names, so it is compiled
        MASK: f"{RIGHT[MASK]}\nreturn causal_mask",  # which is run up to there
        ATTEND: f"%%capture\nawait 3 +\n{RIGHT[ATTEND]}",
    }
    rows = graded(answers)
    right = {name for name, row in rows.items() if row["earned"]}
    assert QUESTIONS.keys() - right == {SCORES, SOFTMAX, ATTEND}
    assert "duplicate argument 'a'" in rows[SCORES]["sentence"]
    assert rows[SOFTMAX]["sentence"].startswith("The cell itself fails: SyntaxError: nonlocal")
    reviews = review(LESSON, hand_in(submissions, "ann", answers))
    assert {one.question for one in reviews if one.earned} == right


@pytest.mark.parametrize("before", ["%%capture\n", "!ls\n", "# \x0c\n", "x = !ls\n", "softmax?\n"])
def test_a_forbidden_call_is_seen_below_what_only_ipython_reads(before):
    row = graded({SOFTMAX: before + LIBRARY})[SOFTMAX]
    assert (row["kind"], row["line"]) == ("forbidden", "In line 3: `return scores.softmax(dim)`")


@pytest.mark.parametrize("cell", [
    "!ls\ndef helper(x): return x", "%%time\ndef helper(x): return x", "%time helper = len",
    "# a page\x0cbreak, and no code\ndef helper(x): return x", "def helper(x): return x\nhelper?",
    "files = !ls\nhelper = files", "def helper(x:",
])  # fmt: skip
def test_a_helper_is_found_in_whatever_cell_it_stands(cell):
    assert cell in sources(LAST, HELPED | {SCORES: cell})


def test_a_cell_that_nobody_can_read_is_run_with_every_other_answer():
    endless = {LAST: "!ls\n" * 20_000 + RIGHT[LAST]}
    others = {name: f"x{i} = 1" for i, name in enumerate(QUESTIONS) if name != LAST}
    assert set(others.values()) <= set(sources(LAST, others | endless))


def test_a_local_variable_needs_no_answer_of_that_name():
    answers = {
        SCORES: RIGHT[SCORES],
        MASK: "def causal_mask(n, m):\n    scores = n\n    return scores",
    }
    assert RIGHT[SCORES] not in sources(MASK, answers)


HARMLESS = {
    "displays": "from IPython.display import clear_output, display\n"
    "for i in range(600):\n    display(i)\n    clear_output()",
    "figures": "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
    "for i in range(300):\n    plt.plot([1, 2])\n    plt.show()",
    "a package": "!pip install no-such-package\n%pip install no-such-package",
    "a bar": "from ipywidgets import IntProgress\nbar = IntProgress(max=600)\n"
    "for i in range(600):\n    bar.value = i",
    "a question's name": "def own(x):\n    causal_mask = x\n    return causal_mask",
}


def test_what_does_no_harm_costs_nothing():
    """Nor does another question's wrong answer, whose name is a local variable here."""
    answers = RIGHT | dict(zip(RIGHT, (f"{code}\n{RIGHT[name]}" for name, code in zip(
        RIGHT, HARMLESS.values(), strict=False)), strict=False))  # fmt: skip
    rows = graded(answers | {MASK: "def causal_mask(n, m):\n    return 1"})
    assert {name for name, row in rows.items() if not row["earned"]} == {MASK}


@pytest.mark.parametrize("code", [
    "raise ValueError(10**5000)", "return 10**5000", "return {10**5000: [10**5000]}",
    "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})(1)",
    "q.data = k.to_sparse()\n    return k", "raise KeyError({10**5000})",
])  # fmt: skip
def test_whatever_comes_back_there_is_a_verdict(code):
    row = graded({SCORES: f"def scores(q, k):\n    {code}"})[SCORES]
    assert row["kind"] not in ("right", "died", "forged")
    assert row["sentence"] != "The check could not be run."


def test_what_is_imported_of_the_package_does_no_harm_and_what_is_used_is_refused(submissions):
    answers = RIGHT | {
        SCORES: f"from llama_edu import plots\n{RIGHT[SCORES]}\nplots.heatmap(scores)",
        MASK: f"import llama_edu.model.masks as m\nfrom llama_edu.config import *\n{RIGHT[MASK]}",
        SOFTMAX: "from llama_edu.model.norm import rms_norm as s\n"
        "def softmax(x, dim):\n    return s(x, dim)",
        ATTEND: "def attend(q, k, v, mask=None):\n"
        "    from llama_edu.model.attention import explicit_attention\n"
        "    return explicit_attention(q, k, v, mask)[0]",
        LAST: "def grouped_attention(q, k, v):\n    return m.causal(q, k, v)",
    }
    rows, refused = graded(answers), {SOFTMAX: "s", ATTEND: "llama_edu", LAST: "m"}
    right = QUESTIONS.keys() - refused.keys() - {"attention.self_attention"}  # it calls the last
    assert {name for name, row in rows.items() if row["kind"] == "right"} == right
    for name, used in refused.items():
        assert rows[name]["sentence"].startswith(f"`{used}` must not be used here: an answer")
    assert rows[ATTEND]["line"].startswith("In line 2: `from llama_edu.model.attention import")
    reviews = review(LESSON, hand_in(submissions, "ann", answers))
    told = {one.question for one in reviews if "an answer imports nothing of llama_edu" in one.text}
    assert told == refused.keys()
    assert {one.question for one in reviews if one.kind == "right"} == right
