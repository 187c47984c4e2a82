"""The README's map and the page of terms are those of the lessons."""

import pytest

from llama_edu.course.authoring.overview import overview

OLD = """\
# A course

| | lesson | | lesson |
|---|---|---|---|
| 01 | [an old title](notebooks/01_a.ipynb) | | |

| what | else |
|---|---|
"""
NEW = """\
# A course

| | lesson | | lesson |
|---|---|---|---|
| 01 | [sums](notebooks/01_sums.ipynb) | ○ 03 | products |
| ○ 02 | differences |  |  |

| what | else |
|---|---|
"""


@pytest.fixture
def course(tmp_path, write_lesson):
    """A course of one lesson, with two more to come."""
    write_lesson("01_sums", lesson="# %% [markdown]\n# # Sums\n")
    syllabus = '01 = "sums"\n02 = "differences"\n03 = "products"\n'
    (tmp_path / "lessons" / "syllabus.toml").write_text(syllabus, encoding="utf-8")
    return tmp_path


def test_the_table_tells_written_from_planned_and_leaves_the_rest_alone(course):
    readme = course / "README.md"
    readme.write_text(OLD, encoding="utf-8")
    assert overview(course) == {readme: NEW}
    readme.write_text(NEW, encoding="utf-8")
    assert overview(course) == {}


def test_a_readme_without_its_table_is_an_error(course):
    (course / "README.md").write_text("# A course\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"README.md must have a table that begins"):
        overview(course)


def test_an_installed_course_has_no_readme(course):
    assert overview(course) == {}


def test_the_page_of_terms_is_made_again_when_the_prose_changes(course, write_lesson):
    prose = "# %% [markdown]\n# # Sums\n#\n# A **sum** is what {}.\n"
    write_lesson("01_sums", lesson=prose.format("comes of adding"))
    (page,) = overview(course).items()
    assert page[0] == course / "notebooks" / "terms.ipynb"
    page[0].parent.mkdir()
    page[0].write_text(page[1], encoding="utf-8")
    assert overview(course) == {}
    write_lesson("01_sums", lesson=prose.format("two numbers make"))
    assert list(overview(course)) == [page[0]]
