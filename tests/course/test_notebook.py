"""Authored files become notebooks: the right cells, ids and metadata, and mistakes are named."""

import nbformat
import pytest

from llama_edu.course.notebook import (
    first_lines,
    replace_regions,
    to_notebook,
    to_text,
    without_outputs,
    without_solutions,
)

EXERCISE = '''\
# %% [markdown]
# # Exercise

# %%
from llama_edu.course import check


# %% grade_id="sums.double"
def double(x: int) -> int:
    """Twice x."""
    ### BEGIN SOLUTION
    y = x + x
    return y
    ### END SOLUTION


# %% grade_id="check.sums.double" points=2
check("sums.double", double)
### BEGIN HIDDEN TESTS
assert double(0) == 0
### END HIDDEN TESTS
'''


@pytest.fixture
def exercise():
    return to_notebook(EXERCISE)


def with_answer(*lines: str) -> str:
    return '# %% grade_id="sums.double"\n' + "\n".join(lines)


def test_cells_keep_their_kind_and_their_text(exercise):
    assert [cell.cell_type for cell in exercise.cells] == ["markdown", "code", "code", "code"]
    assert exercise.cells[0].source == "# Exercise"
    assert exercise.cells[1].source == "from llama_edu.course import check"


def test_cells_are_named_after_their_question_or_position(exercise):
    names = [cell.id for cell in exercise.cells]
    assert names == ["cell-01", "cell-02", "sums-double", "check-sums-double"]


def test_an_answer_cell_is_open_and_a_check_cell_is_locked(exercise):
    answer, question = (cell.metadata for cell in exercise.cells[2:])
    assert answer == {
        "deletable": False,
        "nbgrader": {
            "schema_version": 3, "grade_id": "sums-double",
            "grade": False, "solution": True, "locked": False, "task": False,
        },
    }  # fmt: skip
    assert question == {
        "deletable": False,
        "editable": False,
        "nbgrader": {
            "schema_version": 3, "grade_id": "check-sums-double", "points": 2,
            "grade": True, "solution": False, "locked": True, "task": False,
        },
    }  # fmt: skip


def test_the_learner_gets_stubs_and_no_hidden_tests(exercise):
    stubs = without_solutions(exercise)
    assert stubs.cells[2].source == (
        "def double(x: int) -> int:\n"
        '    """Twice x."""\n'
        "    # YOUR CODE HERE\n"
        "    raise NotImplementedError()"
    )
    assert stubs.cells[3].source == 'check("sums.double", double)'
    assert [cell.metadata for cell in stubs.cells] == [cell.metadata for cell in exercise.cells]


def test_making_stubs_leaves_the_solution_notebook_alone(exercise):
    without_solutions(exercise)
    assert "### BEGIN SOLUTION" in exercise.cells[2].source
    assert "### BEGIN HIDDEN TESTS" in exercise.cells[3].source


def test_outputs_and_counts_are_taken_out(exercise):
    exercise.cells[1].outputs = [nbformat.v4.new_output("stream", text="hello")]
    exercise.cells[1].execution_count = 1
    assert without_outputs(exercise) == to_notebook(EXERCISE)


def test_tags_are_kept():
    made = to_notebook('# %% tags=["nbval-check-output"]\n1')
    assert made.cells[0].metadata == {"tags": ["nbval-check-output"]}


def test_the_same_text_gives_the_same_bytes(exercise):
    text = to_text(exercise)
    assert text == to_text(to_notebook(EXERCISE))
    assert text.endswith("}\n")
    assert nbformat.reads(text, as_version=4) == exercise


def test_the_metadata_say_nothing_of_the_machine(exercise):
    assert exercise.metadata.keys() == {"kernelspec", "language_info"}
    assert "version" not in exercise.metadata.language_info


def test_lines_are_those_of_the_authored_file():
    text = "# %% [markdown]\n# Words.\n\n# %%\n\n\nx = 1\ny = 2\n# %%\nz = 3\n"
    lines = text.splitlines()
    assert first_lines(text) == [2, 7, 10]
    assert [lines[n - 1] for n in first_lines(text)] == ["# Words.", "x = 1", "z = 3"]
    assert to_notebook(text).cells[1].source == "x = 1\ny = 2"


def test_a_region_is_replaced_as_far_indented():
    source = "if x:\n    ### BEGIN A\n    1\n    ### END A\n    2\n### BEGIN A\n### END A"
    assert replace_regions(source, "A", ("p", "q")) == "if x:\n    p\n    q\n    2\np\nq"


@pytest.mark.parametrize("source, says", [
    ("### BEGIN A\n1", "'### BEGIN A' must be closed by '### END A'"),
    ("### END A", "'### END A' must come in turn with its counterpart"),
    ("### BEGIN A\n### BEGIN A\n### END A", "'### BEGIN A' must come in turn"),
])  # fmt: skip
def test_a_broken_region_is_an_error(source, says):
    with pytest.raises(ValueError, match=says):
        replace_regions(source, "A", ())


BODY = ("### BEGIN SOLUTION", "def double(x):", "    return 2 * x", "### END SOLUTION")
ANSWER = ("def double(x):", "    ### BEGIN SOLUTION", "    return 2 * x", "    ### END SOLUTION")


@pytest.mark.parametrize("text, says", [
    ("x = 1", "line 1 must begin with '# %%'"),
    ('# %%\nx = """\n# %%\n"""', "no string may have such a line"),
    ("# %%\nx = 1\n# %%\n\n# %%\ny = 2", "line 5: a cell must not be empty"),
    ("# %% [markdown]\n# Text.\n# %% A title\nx = 1", "line 4: options must be .* 'A title'"),
    ("# %% color=3\nx = 1", "line 2: options must be .*{'color': 3}"),
    ("# %% [raw]\n# x = 1", "line 2: options must be .* raw text"),
    ('# %% tags=["chek"]\nx = 1', "tags must be among nbval-check-output, .*, got chek"),
    ("# %%\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION", "must be in a cell with a grade_id"),
    (with_answer("def double(x):", "    return 2 * x"), "must define double round a solution"),
    (with_answer(*BODY), "must define double round a solution"),
    (with_answer(*ANSWER).replace(".double", ".triple"), "must define triple round a solution"),
    (with_answer(*ANSWER, "x = = 1"), "line 2: invalid syntax"),
    (with_answer(*ANSWER[:-1]), "must be closed by '### END SOLUTION'"),
    (with_answer(*ANSWER).replace(' grade_id="sums.double"', ' grade_id="double"'), "joined by"),
    (with_answer(*ANSWER).replace('double"\n', 'double" points=2\n'), "on the check cell"),
    (with_answer(*ANSWER) + "\n" + with_answer(*ANSWER), "used once, got sums-double again"),
    ('# %% grade_id="check.sums.double"\ncheck("sums.double", double)', "points=None of"),
    ('# %% grade_id="check.sums.double" points=0\ncheck("sums.double", double)', "points=0 of"),
    ('# %% grade_id="check.sums.double" points=1\ncheck("sums.twice", double)',
     r'must be check\("sums.double", double\), got check\("sums.twice", double\)'),
])  # fmt: skip
def test_an_authoring_mistake_is_named(text, says):
    with pytest.raises(ValueError, match=says):
        to_notebook(text)
