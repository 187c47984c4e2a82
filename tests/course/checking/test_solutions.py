"""Solutions are taken from the exercise with all that comes before them."""

import pytest

from llama_edu.course.checking.solutions import solutions

EXERCISE = '''
    # %% [markdown]
    # # Exercise 01

    # %%
    import math

    factor = 2

    # %% grade_id="toy.double"
    def double(x):
        """Twice x."""
        ### BEGIN SOLUTION
        return factor * x
        ### END SOLUTION

    # %% grade_id="check.toy.double" points=1
    check("toy.double", double)

    # %% tags=["raises-exception"]
    raise ValueError("a cell that is meant to fail")

    # %%
    factor = 10

    # %% grade_id="toy.quadruple"
    def quadruple(x):
        """Four times x."""
        ### BEGIN SOLUTION
        return double(double(x))
        ### END SOLUTION
'''


@pytest.fixture
def found(write_lesson):
    return solutions(write_lesson("01_toy", exercise=EXERCISE))


def test_solutions_come_in_order_with_their_own_cell(found):
    assert [solution.question for solution in found] == ["toy.double", "toy.quadruple"]
    assert found[0].function_name == "double"
    assert found[0].source.startswith("def double(x):")
    assert "BEGIN SOLUTION" in found[0].source


def test_a_solution_sees_the_cells_before_it_alone(found):
    assert found[0].function()(3) == 6
    assert "double" not in found[0].scope


def test_a_solution_may_use_earlier_ones_as_the_notebook_would(found):
    assert found[1].function()(3) == 300  # the cell between made the factor 10


def test_another_text_may_stand_in_its_place_and_leaves_the_solution_alone(found):
    assert found[0].function("def double(x): return math.tau")(3) > 6
    assert found[0].function()(3) == 6


def test_a_text_without_the_function_is_an_error(found):
    with pytest.raises(KeyError, match="double"):
        found[0].function("pass")
