"""A right answer is found whatever an editor, a platform or a tool did to its cells."""

import pytest

from llama_edu.course.pieces import MAX_SOURCE, answers_in

SCORES, MASK = "attention.scores", "attention.causal_mask"
QUESTIONS = [SCORES, MASK]
RIGHT = "def scores(q, k):\n    y = q @ k\n    return y"
STUB = 'def scores(q, k):\n    """q k."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
TOP, REST = "def scores(q, k):\n    y = q @ k", "    return y"


def cell(source, name=SCORES, role="solution", **other):
    graded = {"grade_id": name.replace(".", "-"), "solution": False, "grade": False, role: True}
    found = {"cell_type": "code", "source": source, "metadata": {"nbgrader": graded}}
    return found | other


def plain(source, **other):
    return {"cell_type": "code", "source": source, "metadata": {}, **other}


def check(name=SCORES):
    return cell(f'check("{name}", f)', f"check.{name}", "grade")


def run(source):
    """What the answer's function gives for 3 and 5."""
    scope = {}
    exec(source, scope)
    return scope["scores"](Right(3), Right(5))


class Right(int):
    def __matmul__(self, other):
        return int(self) * int(other)


CELLS = {
    "as it was": [cell(RIGHT), check()],
    "split in the function": [cell(TOP), cell(REST), check()],
    "split, the rest without metadata": [cell(TOP), plain(REST), check()],
    "split before the function": [cell("import math"), cell(RIGHT), check()],
    "split before it, the function without metadata": [cell("import math"), plain(RIGHT), check()],
    "an empty second half": [cell(RIGHT), cell(""), check()],
    "an empty first half": [cell("\n"), cell(RIGHT), check()],
    "blanks and a comment behind": [cell(RIGHT), cell("  \n"), cell("# done"), check()],
    "a stub behind": [cell(RIGHT), cell(STUB), check()],
    "a stub before": [cell(STUB), cell(RIGHT), check()],
    "a copy of the stub below the check": [cell(RIGHT), check(), cell(STUB)],
    "an old attempt before": [cell("def scores(q, k):\n    return 1"), cell(RIGHT), check()],
    "an old attempt before, broken": [cell("def scores(q, k:\n    retrun"), cell(RIGHT), check()],
    "an old attempt below the check": [cell(RIGHT), check(), cell("def scores(q, k): return 1")],
    "a broken one below it": [cell(RIGHT), check(), cell("def scores(q, k: 1")],
    "an old one that refuses to compile": [cell("return 5"), cell(RIGHT), check()],
    "no metadata, an id": [plain(RIGHT, id="attention-scores"), check()],
    "no metadata, the id in them": [plain(RIGHT, metadata={"id": "attention-scores"}), check()],
    "no metadata, no id": [plain("import torch"), plain(RIGHT, id="a1b2"), check()],
    "nothing left at all": [plain(RIGHT), plain('check("attention.scores", scores)')],
    "the answer in another cell": [cell(STUB), plain(RIGHT), check()],
    "metadata of the wrong type": [plain(RIGHT, metadata={"nbgrader": [1]}), check()],
    "source in lines": [cell(RIGHT.splitlines(keepends=True)), check()],
    "a helper in a cell of its own": [
        cell("def scores(q, k):\n    return times(q, k)"),
        cell("def times(q, k):\n    return q @ k"), check(),
    ],
    "a helper split off without metadata": [
        cell("def scores(q, k):\n    return times(q, k)"),
        plain("def times(q, k):\n    return q @ k"), check(),
    ],
    "in three": [cell("def scores(q, k):"), cell("    y = q @ k"), cell("    return y"), check()],
    "a trial behind": [cell(RIGHT), cell("assert scores"), check()],
    "async and lambda": [cell("async def other(): pass\nscores = lambda q, k: q @ k"), check()],
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_a_right_answer_is_found(name):
    text = {"cell_type": "markdown", "source": "# 1", "metadata": {}}
    found = answers_in([text, *CELLS[name], text, cell("x = 1", MASK)], QUESTIONS)
    assert run(found.sources[SCORES]) == 15
    assert found.sources[MASK] == "x = 1"


@pytest.mark.parametrize("cells", [
    [cell(RIGHT, MASK), cell("causal_mask = 1", MASK)],  # copied from there, with its id
    [cell(STUB), check(), cell(f"{RIGHT}\ncausal_mask = 1", MASK)],
    [cell(""), cell(f"causal_mask = 1\n{RIGHT}", MASK)],
    [cell(STUB), cell(f"{RIGHT}\ncheck = print", f"check.{SCORES}", "grade"),
     cell("causal_mask = 1", MASK)],
])  # fmt: skip
def test_an_answer_in_the_cell_of_another_counts(cells):
    found = answers_in(cells, QUESTIONS)
    assert run(found.sources[SCORES]) == 15
    assert "causal_mask = 1" in found.sources[MASK]


def test_a_variable_in_the_cell_of_another_is_no_answer():
    found = answers_in([cell(STUB), cell("scores = causal_mask(2, 2)", MASK)], QUESTIONS)
    assert found.sources[SCORES] == STUB


def test_an_old_attempt_is_not_part_of_the_answer():
    """It may call what the question forbids."""
    old = "def scores(q, k):\n    return forbidden(q, k)"
    assert answers_in([cell(old), cell(RIGHT), check()], QUESTIONS).sources[SCORES] == RIGHT


def test_as_it_was_handed_out_it_is_a_stub():
    assert answers_in([cell(STUB), check()], QUESTIONS).sources == {SCORES: STUB}
    assert answers_in([cell(STUB), cell(""), check()], QUESTIONS).sources == {SCORES: STUB}


def test_what_was_done_is_said():
    assert answers_in([cell(TOP), cell(REST), check()], QUESTIONS).remarks == (
        f"{SCORES}: 2 cells have this id: joined, without old attempts",
        f"{MASK}: the answer cell is missing",
    )
    assert "has lost its id" in answers_in([plain(RIGHT)], QUESTIONS).remarks[0]


def test_cells_of_another_exercise_are_none_of_this_one():
    found = answers_in([cell(RIGHT, "positions.scores")], QUESTIONS)
    assert (found.sources, found.remarks, found.n_marked) == ({}, (), 0)


@pytest.mark.parametrize("cells", [
    [7, None, [], {}], [{"cell_type": "code"}], [plain(7)],
    [plain("x", id=7)], [plain("x") | {"metadata": 7}], [cell(["a", 7])], [{"cell_type": []}],
])  # fmt: skip
def test_what_is_no_cell_answers_nothing(cells):
    assert not answers_in(cells, QUESTIONS).sources


def test_far_too_much_does_not_count_and_is_soon_known():
    found = answers_in([cell("x" * 60_000), cell("y" * 60_000)], QUESTIONS)
    assert not found.sources
    many = answers_in([cell("!ls\n" * 1000)] * 1000 + [cell(RIGHT)], QUESTIONS)
    assert len(many.sources.get(SCORES, "")) < MAX_SOURCE
