"""The page of terms: what is bold and no label, with what is said of it and a link to the cell."""

import re

import nbformat
import pytest

from llama_edu.course.authoring.pages import orphans
from llama_edu.course.authoring.terms import PAGE, mentions, terms_page
from llama_edu.course.lessons import all_lessons
from llama_edu.course.notebook import to_notebook

FIRST = """\
# %% [markdown]
# # 01 · Sums
#
# **Time:** 5 minutes. **Predict:** what is an **addend**? Each number of a sum is one.
#
# ## The sum, and a `+`
#
# Two numbers are added. They give the **sum** $s$. A row |a| of them, **$a$**, is **long**:
#
# $$s = a_1 + a_2$$
#
# **Where LLaMA really does this.** Nowhere.

# %%
"a **string** is no prose"

# %% [markdown]
# - the **width** D
# - the height
#   of an **atom**, eq. 4. Done.
#
# | **T** | tokens |
#
# ```
# **no** prose
# ```
"""
SECOND = """\
# %% [markdown]
# # 02 · More
#
# In shapes, **B** counts rows, **D** is a *width*, and **$d$** is small.
#
# Many **Sums** are like one **sum**, and **t** is no **T**.
"""


@pytest.fixture
def course(tmp_path, write_lesson):
    write_lesson("02_more", lesson=SECOND)
    write_lesson("01_sums", lesson=FIRST)
    return tmp_path


def cells(course):
    page = nbformat.reads(terms_page(all_lessons(course)), as_version=nbformat.NO_CONVERT)
    nbformat.validate(page)
    assert {cell.cell_type for cell in page.cells} == {"markdown"}
    return [cell.source for cell in page.cells]


def test_terms_are_what_is_bold_in_prose_but_for_labels(course):
    first, second = all_lessons(course)
    assert [one.term for one in mentions(first)] == [
        "addend", "sum", "$s$", "$a$", "long", "width", "atom", "T"
    ]  # fmt: skip
    assert [one.term for one in mentions(second)] == [
        "B", "D", "$d$", "Sums", "sum", "t", "T"
    ]  # fmt: skip


def test_an_entry_quotes_what_explains_it_and_leads_to_the_cell(course):
    said = {one.term: one for one in mentions(all_lessons(course)[0])}
    assert said["addend"].says == "what is an addend?"
    assert said["sum"].says == "Two numbers are added. They give the sum $s$."
    assert said["long"].says == "A row |a| of them, $a$, is long: $$s = a_1 + a_2$$"
    assert said["atom"].says == "the height of an atom, eq. 4."
    assert said["T"].says == "T · tokens"
    assert said["sum"].place == "[01, The sum, and a `+`](01_sums.ipynb#cell-id=cell-01)"
    assert said["T"].place == "[01, The sum, and a `+`](01_sums.ipynb#cell-id=cell-03)"


def test_each_symbol_of_a_sentence_gets_its_own_part(course):
    said = {one.term: one.says for one in mentions(all_lessons(course)[1])}
    assert (said["B"], said["D"], said["$d$"]) == (
        "B counts rows", "D is a *width*", "$d$ is small"
    )  # fmt: skip
    assert said["sum"] == "Many Sums are like one sum, and t is no T."


def test_symbols_come_first_in_a_table_and_terms_by_their_letters(course):
    _, symbols, terms, *letters = cells(course)
    assert re.findall(r"^\| (\S+) \|", symbols, re.MULTILINE)[1:] == [
        "$s$", "$a$", "T", "B", "D", "$d$", "t"
    ]  # fmt: skip
    assert "A row &#124;a&#124; of them" in symbols
    assert {line.count("|") for line in symbols.splitlines()[2:]} == {4}
    assert terms == "## Terms"
    assert [text.split("\n")[0] for text in letters] == ["### A", "### L", "### S", "### W"]
    assert re.findall(r"^- \*\*(.+?)\*\*", letters[0], re.MULTILINE) == ["addend", "atom"]


def test_the_first_lesson_explains_and_the_later_ones_are_linked(course):
    (text,) = (text for text in cells(course) if text.startswith("### S"))
    first = "[01, The sum, and a `+`](01_sums.ipynb#cell-id=cell-01)"
    later = "[02, More](02_more.ipynb#cell-id=cell-01)"
    assert text.splitlines()[2:] == [
        f"- **sum**: Two numbers are added. They give the sum $s$. ({first}; then {later})"
    ]


def test_the_page_is_the_same_each_time_and_belongs_to_the_course(course):
    text = terms_page(all_lessons(course))
    assert terms_page(all_lessons(course)) == text
    (course / PAGE).parent.mkdir()
    (course / PAGE).write_text(text, encoding="utf-8")
    assert orphans(all_lessons(course), course) == []


def test_without_terms_there_is_no_page(tmp_path, write_lesson):
    write_lesson("01_sums", lesson="# %% [markdown]\n# # Sums\n#\n# **Now you:** add.\n")
    assert terms_page(all_lessons(tmp_path)) is None


def test_every_link_of_the_course_leads_to_the_cell_where_the_term_is_bold():
    for lesson in all_lessons():
        found = {c.id: c for c in to_notebook(lesson.lesson_py.read_text("utf-8")).cells}
        for mention in mentions(lesson):
            name, cell = re.search(r"\((\w+)\.ipynb#cell-id=([\w-]+)\)$", mention.place).groups()
            assert name == lesson.name
            flat = " ".join(found[cell].source.split())
            assert f"**{mention.term}**" in flat or f"** {mention.term}" in flat
