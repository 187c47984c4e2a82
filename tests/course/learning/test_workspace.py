"""The working copy: made, kept up to date, and whatever a learner wrote in it stays."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from llama_edu.course.answers import answer_cells, check_cells, read_notebook
from llama_edu.course.learning import workspace
from llama_edu.course.learning.workspace import STATE, Change, default_workspace, refresh, release
from llama_edu.course.notebook import to_notebook, to_text, without_solutions

LESSON = "# %% [markdown]\n# # Sums\n\n# %%\n1 + 1\n"
EXERCISE = '''# %% [markdown]
# # Exercise

# %%
guess = None

# %% [markdown]
# Add two numbers.

# %% grade_id="sums.add"
def add(a, b):
    """a plus b."""
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION

# %% grade_id="check.sums.add" points=2
check("sums.add", add)
'''
ANSWER = "def add(a, b):\n    return b + a"
EXERCISE_PATH, LESSON_PATH = "exercises/01_sums.ipynb", "notebooks/01_sums.ipynb"


@pytest.fixture
def publish(tmp_path):
    """A function that puts a version of the lesson and its exercise into a course, and gives it."""

    def write(lesson=LESSON, exercise=EXERCISE):
        root = tmp_path / "root"
        for kind in ("notebooks", "exercises", "solutions"):
            (root / kind).mkdir(parents=True, exist_ok=True)
        stubs = without_solutions(to_notebook(exercise))
        (root / LESSON_PATH).write_text(to_text(to_notebook(lesson)), encoding="utf-8")
        (root / EXERCISE_PATH).write_text(to_text(stubs), encoding="utf-8")
        (root / "solutions" / "01_sums.ipynb").write_text(to_text(to_notebook(exercise)), "utf-8")
        return root

    return write


@pytest.fixture
def copy(tmp_path, publish):
    folder = tmp_path / "copy"
    refresh(folder, publish())
    return folder


def edit(path, change):
    notebook = read_notebook(path)
    change(notebook)
    path.write_text(to_text(notebook), encoding="utf-8")


def write_answer(notebook):
    answer_cells(notebook)["sums.add"].source = ANSWER


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def sources(path):
    return [cell.source for cell in read_notebook(path).cells]


def test_a_new_copy_holds_all_but_the_solutions(copy):
    names = sorted(path.relative_to(copy).as_posix() for path in contents(copy))
    assert names == [STATE, EXERCISE_PATH, LESSON_PATH]
    assert "a + b" not in (copy / EXERCISE_PATH).read_text(encoding="utf-8")


def test_a_second_refresh_changes_no_byte_even_of_changed_files(copy, publish):
    edit(copy / EXERCISE_PATH, write_answer)
    edit(copy / LESSON_PATH, lambda notebook: notebook.cells.pop())
    before = contents(copy)
    assert refresh(copy, publish()) == []
    assert contents(copy) == before


def test_unchanged_files_are_replaced(copy, publish):
    newer = publish(LESSON.replace("1 + 1", "2 + 2"), EXERCISE.replace("two", "2"))
    changes = refresh(copy, newer)
    assert changes == [Change(LESSON_PATH, "replaced"), Change(EXERCISE_PATH, "replaced")]
    assert contents(copy)[copy / LESSON_PATH] == contents(newer)[newer / LESSON_PATH]


def test_running_a_notebook_does_not_change_it(copy, publish):
    def run(notebook):
        notebook.cells[1].execution_count = 7
        notebook.cells.append(new_code_cell(""))  # JupyterLab puts one after the last cell

    edit(copy / LESSON_PATH, run)
    changes = refresh(copy, publish(LESSON.replace("1 + 1", "2 + 2")))
    assert changes == [Change(LESSON_PATH, "replaced")]


def test_a_new_exercise_keeps_the_answer_and_a_backup(copy, publish):
    edit(copy / EXERCISE_PATH, write_answer)
    before = (copy / EXERCISE_PATH).read_bytes()
    newer = publish(exercise=EXERCISE.replace("Add two numbers.", "Add them.").replace("=2", "=3"))
    backup = "exercises/01_sums.before-update.ipynb"
    assert refresh(copy, newer) == [Change(EXERCISE_PATH, "merged", backup)]
    assert (copy / backup).read_bytes() == before
    merged = read_notebook(copy / EXERCISE_PATH)
    assert answer_cells(merged)["sums.add"].source == ANSWER
    assert check_cells(merged)["sums.add"].metadata.nbgrader.points == 3
    assert [cell.source for cell in merged.cells][2] == "Add them."
    assert len(merged.cells) == 5


def test_a_second_update_keeps_the_first_backup(copy, publish):
    edit(copy / EXERCISE_PATH, write_answer)
    refresh(copy, publish(exercise=EXERCISE.replace("two", "2")))
    first = (copy / "exercises/01_sums.before-update.ipynb").read_bytes()
    (change,) = refresh(copy, publish(exercise=EXERCISE.replace("two", "both")))
    assert change.beside == "exercises/01_sums.before-update 2.ipynb"
    assert (copy / "exercises/01_sums.before-update.ipynb").read_bytes() == first
    assert answer_cells(read_notebook(copy / EXERCISE_PATH))["sums.add"].source == ANSWER


def test_cells_of_their_own_stay_below_the_cell_they_stood_below(copy, publish):
    def add_cells(notebook):
        write_answer(notebook)
        notebook.cells.insert(0, new_markdown_cell("My notes"))
        notebook.cells.insert(5, new_code_cell("add(1, 2)"))
        notebook.cells[2].source = "guess = 5"

    edit(copy / EXERCISE_PATH, add_cells)
    longer = EXERCISE.replace("# %%\nguess", "# %% [markdown]\n# Begin.\n\n# %%\nguess")
    refresh(copy, publish(exercise=longer))
    got = sources(copy / EXERCISE_PATH)
    assert got == ["My notes", "# Exercise", "Begin.", "guess = 5", "Add two numbers.", ANSWER,
                   "add(1, 2)", 'check("sums.add", add)']  # fmt: skip
    ids = [cell.id for cell in read_notebook(copy / EXERCISE_PATH).cells]
    assert len(set(ids)) == len(ids)


def test_what_stands_in_cells_that_began_alike_is_not_mixed_up(copy, publish):
    twice = EXERCISE + "\n# %%\nguess = None\n"
    refresh(copy, publish(exercise=twice))

    def guess(notebook):
        notebook.cells[1].source, notebook.cells[5].source = "guess = 1", "guess = 2"

    edit(copy / EXERCISE_PATH, guess)
    longer = twice.replace("# %%\nguess", "# %% [markdown]\n# Begin.\n\n# %%\nguess", 1)
    refresh(copy, publish(exercise=longer))
    got = [source for source in sources(copy / EXERCISE_PATH) if source.startswith("guess")]
    assert got == ["guess = 1", "guess = 2"]


def test_an_answer_whose_question_is_gone_stays_as_a_cell_of_their_own(copy, publish):
    edit(copy / EXERCISE_PATH, write_answer)
    renamed = EXERCISE.replace("sums.add", "sums.plus").replace("def add", "def plus")
    refresh(copy, publish(exercise=renamed.replace('", add)', '", plus)')))
    merged = read_notebook(copy / EXERCISE_PATH)
    (own,) = (cell for cell in merged.cells if cell.source == ANSWER)
    assert "nbgrader" not in own.metadata and own.metadata.get("deletable", True)
    assert "NotImplementedError" in answer_cells(merged)["sums.plus"].source


def test_what_a_check_printed_is_kept_while_the_check_is_the_same(copy, publish):
    def solve(notebook):
        write_answer(notebook)
        check = check_cells(notebook)["sums.add"]
        check.outputs = [new_output("stream", text="right")]

    edit(copy / EXERCISE_PATH, solve)
    refresh(copy, publish(exercise=EXERCISE.replace("two", "2")))
    assert check_cells(read_notebook(copy / EXERCISE_PATH))["sums.add"].outputs[0].text == "right"


def test_a_changed_lesson_is_kept_and_the_new_one_put_beside(copy, publish):
    edit(copy / LESSON_PATH, lambda notebook: notebook.cells[1].update(source="1 + 2"))
    before = (copy / LESSON_PATH).read_bytes()
    newer = publish(LESSON.replace("1 + 1", "2 + 2"))
    beside = "notebooks/01_sums (new).ipynb"
    assert refresh(copy, newer) == [Change(LESSON_PATH, "kept", beside)]
    assert (copy / LESSON_PATH).read_bytes() == before
    assert sources(copy / beside)[1] == "2 + 2"
    assert refresh(copy, newer) == []
    refresh(copy, publish(LESSON.replace("1 + 1", "3 + 3")))
    assert sources(copy / beside)[1] == "3 + 3"  # nobody had touched it
    edit(copy / beside, lambda notebook: notebook.cells[1].update(source="mine"))
    (change,) = refresh(copy, publish(LESSON.replace("1 + 1", "4 + 4")))
    assert change.beside == "notebooks/01_sums (new 2).ipynb"
    assert sources(copy / beside)[1] == "mine"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"cells": [{}]}'])
def test_a_broken_notebook_is_not_written_over(copy, publish, text):
    (copy / EXERCISE_PATH).write_text(text, encoding="utf-8")
    (change,) = refresh(copy, publish(exercise=EXERCISE.replace("two", "2")))
    assert change == Change(EXERCISE_PATH, "kept", "exercises/01_sums (new).ipynb")
    assert (copy / EXERCISE_PATH).read_text(encoding="utf-8") == text


@pytest.mark.parametrize("state", [None, "{", "[]", "{}"])
def test_work_survives_the_loss_of_the_state(copy, publish, state):
    edit(copy / EXERCISE_PATH, write_answer)
    (copy / STATE).unlink() if state is None else (copy / STATE).write_text(state)
    refresh(copy, publish(exercise=EXERCISE.replace("=2", "=3")))
    got = sources(copy / EXERCISE_PATH)
    assert got.count(ANSWER) == 1 and len(got) == 5


def test_the_course_itself_is_no_working_copy(publish):
    root = publish()
    with pytest.raises(ValueError, match="must not be the folder of the course itself"):
        refresh(root, root)


def test_a_course_without_notebooks_says_what_makes_them(tmp_path):
    with pytest.raises(ValueError, match="llama-edu build makes them"):
        refresh(tmp_path / "copy", tmp_path)


def test_the_copy_one_stands_in_is_found(copy, tmp_path, monkeypatch):
    assert default_workspace(copy / "exercises") == copy
    assert default_workspace(tmp_path) == tmp_path / "llama_edu_course"
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(workspace, "course_root", lambda: tmp_path)
    assert default_workspace(tmp_path / "docs") == tmp_path / "my_course"


def test_a_release_holds_no_solution_and_no_question(tmp_path, publish):
    folder = tmp_path / "bundle"
    paths = release(folder, publish())
    assert paths == [LESSON_PATH, EXERCISE_PATH, "README.md"]
    assert {path.name for path in contents(folder)} == {STATE, "01_sums.ipynb", "README.md"}
    assert not any(b"return a + b" in text for text in contents(folder).values())


def test_a_release_is_replaced_but_nothing_else_is(tmp_path, publish, copy):
    folder = tmp_path / "bundle"
    release(folder, publish())
    release(folder, publish(LESSON.replace("1 + 1", "2 + 2")))
    assert sources(folder / LESSON_PATH)[1] == "2 + 2"
    for other in (copy, tmp_path):
        before = contents(other)
        with pytest.raises(ValueError, match="must be empty, new or an earlier release"):
            release(other, publish())
        assert contents(other).keys() >= before.keys()


def test_a_release_that_was_only_looked_at_is_still_one(tmp_path, publish):
    folder = tmp_path / "bundle"
    release(folder, publish())
    refresh(folder, publish(LESSON.replace("1 + 1", "2 + 2")))
    release(folder, publish(LESSON.replace("1 + 1", "3 + 3")))
    assert sources(folder / LESSON_PATH)[1] == "3 + 3"


@pytest.mark.parametrize("path", [EXERCISE_PATH, "exercises/01_sums.before-update.ipynb"])
def test_work_in_a_release_is_neither_lost_nor_handed_out(tmp_path, publish, path):
    folder = tmp_path / "bundle"
    release(folder, publish())
    (folder / path).write_bytes((folder / EXERCISE_PATH).read_bytes())
    edit(folder / path, write_answer)
    before = contents(folder)
    with pytest.raises(ValueError, match=f"holds {path}, which was changed, and must be"):
        release(folder, publish(LESSON.replace("1 + 1", "2 + 2")))
    assert contents(folder) == before


def test_the_readme_of_a_release_names_no_package_of_an_index(tmp_path, publish):
    release(tmp_path / "bundle", publish())
    text = (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")
    assert "install llama_edu" not in text
    assert "the wheel, the folder or the address of the repository that your teacher" in text


def test_a_release_that_a_student_works_in_keeps_their_answers(tmp_path, publish):
    folder = tmp_path / "bundle"
    release(folder, publish())
    edit(folder / EXERCISE_PATH, write_answer)
    newer = publish(exercise=EXERCISE.replace("two", "2"))
    refresh(folder, newer)
    assert ANSWER in sources(folder / EXERCISE_PATH)
    with pytest.raises(ValueError, match="which was changed"):
        release(folder, newer)
