"""The numbers that count as stated, and the outputs that count as showing them."""

import pytest
from prose_numbers import Number, shown_numbers, stated_numbers, unshown_numbers

from llama_edu.course.notebook import to_notebook


@pytest.mark.parametrize("text, numbers", [
    ("The loss is 2.31, or 1.50 after it.", ["2.31", "1.50"]),
    ("It gets 34% or 34 % or 7 percent.", ["34 %", "34 %", "7 percent"]),
    ("134,515,008 numbers, 80 MB, 3 s, 20ms", ["134,515,008", "80 MB", "3 s", "20 ms"]),
    ("twice: 2× faster, 3x, 5 times", ["2 ×", "3 x", "5 times"]),
    ("The 1.5ms and -0.5 and −0.25.", ["1.5 ms", "0.5", "0.25"]),
    ("30 layers of 9 heads, from 11 to 16", ["30", "11", "16"]),
    ("a 3 × 4 matrix, 2 x 3, 10 of them, 5/5", []),
    ("`0.5` and ``` x = 0.5 ``` and $0.5$ and [0.5](page#0.5) and <b size=0.5>", []),
    ("## 0.5 percent\\n\\nText", []),
    ("arXiv:2302.13971, eq. 4.2, sec. 2.2, lessons 12, 13 and 14, https://a.b/0.5", []),
    ("Llama 3.1 and LLaMA 1 to 4, Llama 2 70B, GPT-3.5, SmolLM2, v1.2, 2017, int8", []),
    ("1. One\\n2. Two", []),
    ("**Time:** about 55 minutes: masks 20 ·\\nheads 35\\n\\nIt took 55 minutes.", ["55 minutes"]),
])  # fmt: skip
def test_stated_numbers(text, numbers):
    assert [str(number) for number in stated_numbers(text.replace("\\n", "\n"))] == numbers


@pytest.mark.parametrize("number, output", [
    (Number("0.34"), "loss 0.3412"),
    (Number("0.34"), "-0.34"),
    (Number("1,234"), "1234 words"),
    (Number("1,234"), "1,234 words"),
    (Number("20,000"), "n = 20_000"),
    (Number("34", "%"), "34%"),
    (Number("34", "%"), "33.9 %"),
    (Number("80", "MB"), "[79.6]"),
    (Number("0.001"), "1e-3"),
])  # fmt: skip
def test_an_output_shows_a_number_that_it_rounds_to(number, output):
    assert number.is_among(shown_numbers(output))


@pytest.mark.parametrize("number, output", [
    (Number("0.34"), "0.35"),
    (Number("0.340"), "0.3412"),
    (Number("0.34"), "x0.34"),
    (Number("34", "%"), "0.34 or 34"),
    (Number("1,234"), "1,235"),
    (Number("0.34"), ""),
])  # fmt: skip
def test_no_other_output_shows_it(number, output):
    assert not number.is_among(shown_numbers(output))


LESSON = """\
# %% [markdown]
# The loss is 2.31 after 250 steps.

# %% tags={tags}
n_steps = {n_steps}
"""


def lesson(shown: str, tags: str = '["nbval-check-output"]', n_steps: int = 250):
    notebook = to_notebook(LESSON.format(tags=tags, n_steps=n_steps))
    notebook.cells[1].outputs = [{"output_type": "stream", "name": "stdout", "text": shown}]
    return notebook


def test_all_is_well_where_a_compared_output_or_the_code_shows_it():
    assert unshown_numbers(lesson("loss 2.3101")) == []
    assert unshown_numbers(lesson("loss 2.31 at 250", n_steps=0)) == []


def test_a_measured_number_must_be_in_a_compared_output():
    assert unshown_numbers(lesson("loss 2.4")) == ["cell-01: 2.31"]
    assert unshown_numbers(lesson("loss 2.31", tags='["nbval-ignore-output"]')) == ["cell-01: 2.31"]


def test_another_number_must_be_somewhere():
    assert unshown_numbers(lesson("loss 2.31", n_steps=100)) == ["cell-01: 250"]


def test_numbers_of_a_cited_source_are_not_the_lessons():
    notebook = lesson("")
    notebook.cells[0].metadata["tags"] = ["sourced"]
    assert unshown_numbers(notebook) == []
