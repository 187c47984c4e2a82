"""Each rule for lessons finds what breaks it, and is silent where nothing does."""

import nbformat
import pytest
import rules

from llama_edu.course.notebook import to_notebook

GOOD = """\
# %% [markdown]
# # Two
#
# **What you need:** nothing.
#
# **What you will be able to do:** add.
#
# **Time:** about 5 minutes: adding 5.
#
# The sum is 2.5.

# %% tags=["nbval-check-output"]
1.5 + 1

# %% tags=["nbval-ignore-output"]
plots.bars(heights, title="Two is more", x_label="size", alt="Two bars.")

# %% [markdown] tags=["sourced"]
# It was 3.5 before (arXiv:2302.13971).
"""


def picture(alt: str | None = "Two bars."):
    metadata = {"image/png": {"alt": alt}} if alt else {}
    return nbformat.v4.new_output("display_data", {"image/png": "iVBO"}, metadata=metadata)


def text(shown: str):
    return nbformat.v4.new_output("stream", text=shown)


def lesson(authored: str = GOOD, outputs: dict | None = None):
    """A notebook as if it had been run: what each code cell shows, by its position from 0."""
    notebook = to_notebook(authored)
    for position, output in (outputs or {1: text("2.5"), 2: picture()}).items():
        notebook.cells[position].outputs = [output]
    return notebook


@pytest.mark.parametrize("rule", rules.RULES)
def test_a_good_lesson_breaks_no_rule(rule):
    assert rule(lesson()) == []


GUESS = "# %%\nguess = None  # a number\n\n"
SHOWN, ANSWERED = "# %%\nprint(3)\n", '# %%\nanswer_guess(guess, 3, "so")\n'
HASTY = "# %%\nimport math\n\n" + GOOD
NO_TIME = GOOD.replace("**Time:** about", "About")
TURNED = GOOD.replace("What you need", "Time", 1).replace("**Time:** about", "**What you need:** a")


@pytest.mark.parametrize("rule", rules.EXERCISE_RULES)
def test_a_good_exercise_breaks_no_rule(rule):
    assert rule(lesson()) == []


def test_a_guess_that_is_answered_at_once_breaks_no_rule():
    assert rules.leaves_a_guess_unanswered(to_notebook(GUESS + ANSWERED)) == []


LONG_PROSE, LONG_CODE = "# %% [markdown]\n# " + 121 * "word ", "# %%\n" + 26 * "x = 1\n"
NO_TITLE = GOOD.replace('title="Two is more", ', "")
EMPTY_TITLE = GOOD.replace("Two is more", "")
UNTAGGED = GOOD.replace(' tags=["nbval-ignore-output"]', "")
NO_SOURCE = GOOD.replace("arXiv:2302.13971", "the paper")
CLASS = "# %%\nclass ModelConfig:\n    pass"
METHOD = "# %%\nif True:\n    def find_lesson():\n        pass"


@pytest.mark.parametrize("rule, notebook, says", [
    (rules.does_not_say_what_it_takes, to_notebook(HASTY), "got []"),
    (rules.does_not_say_what_it_takes, lesson(NO_TIME), "'What you will be able to do:']"),
    (rules.does_not_say_what_it_takes, lesson(TURNED), "got ['Time:', "),
    (rules.leaves_a_guess_unanswered, to_notebook(GUESS), "cell-01"),
    (rules.leaves_a_guess_unanswered, to_notebook(GUESS + SHOWN + ANSWERED), "cell-01"),
    (rules.asks_a_guess, to_notebook(GUESS + ANSWERED), "cell-01"),
    (rules.has_no_compared_cell, lesson(outputs={2: picture()}), "no cell is tagged"),
    (rules.has_no_compared_cell, lesson(UNTAGGED.replace("-check-", "-ignore-")), "no cell"),
    (rules.states_what_it_does_not_show, lesson(outputs={1: text("2.6")}), "cell-01: 2.5"),
    (rules.cites_nothing, lesson(NO_SOURCE), "cell-04"),
    (rules.defines_a_name_of_the_package, lesson(CLASS, {0: text("")}),
     "cell-01: ModelConfig is in llama_edu.config"),
    (rules.defines_a_name_of_the_package, lesson(METHOD, {0: text("")}), "find_lesson is in"),
    (rules.is_too_long, to_notebook(LONG_PROSE), "cell-01: 121 words, at most 120"),
    (rules.is_too_long, to_notebook(LONG_CODE), "cell-01: 26 lines of code, at most 25"),
    (rules.hides_prose_in_code, to_notebook("# %%\nx = 1\n# ## Lost"), "cell-01: # ## Lost"),
    (rules.hides_prose_in_code, to_notebook("# %%\nx = 1\n#\n# Lost."), "cell-01: #"),
    (rules.names_a_path, lesson(outputs={1: text("/home/me/x.py")}), "cell-02: /home/"),
    (rules.names_a_path, to_notebook("# %%\nopen('/tmp/x')"), "cell-01: /tmp/"),
    (rules.names_a_path, lesson(outputs={1: text("C:\\Users")}), "cell-02: C:"),
    (rules.compares_what_changes, lesson(outputs={1: text("<f at 0x7f3a5c>")}), "0x7f3a5c"),
    (rules.compares_what_changes, lesson(outputs={1: text("took 1.5 s")}), "cell-02: 1.5 s"),
    (rules.compares_what_changes, lesson(outputs={1: text("12:30:05")}), "cell-02: 12:30:05"),
    (rules.draws_without_words, lesson(outputs={2: picture(alt=None)}), "without alt text"),
    (rules.draws_without_words, lesson(NO_TITLE), "cell-03: a figure without a title"),
    (rules.draws_without_words, lesson(EMPTY_TITLE), "cell-03: a figure without a title"),
    (rules.draws_without_words, lesson(UNTAGGED), "cell-03: a figure not tagged"),
])  # fmt: skip
def test_what_breaks_a_rule_is_named(rule, notebook, says):
    (found,) = rule(notebook)
    assert says in found
