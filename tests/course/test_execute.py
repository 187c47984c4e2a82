"""A notebook is run alike everywhere, and a cell that does not do what it should is named."""

import asyncio
from textwrap import dedent

import pytest

import llama_edu
from llama_edu.course.execute import CellError, execute
from llama_edu.course.notebook import to_notebook

LESSON = """\
# %% [markdown]
# # Text

# %% tags=["nbval-check-output"]
import os, sys
for word in ("one", "two"):
    print(word, flush=True)
    print("careful", file=sys.stderr, flush=True)

# %%
print(f"threads {os.environ['OMP_NUM_THREADS']}, hash seed {os.environ['PYTHONHASHSEED']}")

# %% tags=["raises-exception"]
import json
json.loads("{a")

# %%
from IPython.display import HTML, display
display(HTML("<b>two</b>"))
import llama_edu
same = llama_edu.__file__ == os.environ["EXPECTED_FILE"]
print(f"this package: {same}, files here: {os.listdir()}")

# %%
from llama_edu.course.reader import explore
explore(lambda width: HTML(f"{width} wide"), width=(1, 9))
"""


FAULTY = {
    "wrong": """\
        # %%
        def half(x):
            return x / 0

        # %%
        print("fine")

        half(1)
        """,
    "too good": """\
        # %% tags=["raises-exception"]
        1 + 1
        """,
    "dead": """\
        # %%
        import os, sys
        print("out of memory", file=sys.__stderr__, flush=True)
        os._exit(1)
        """,
    "endless": """\
        # %%
        import time
        time.sleep(60)
        """,
}


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    positions, notebook = [], to_notebook(LESSON)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPECTED_FILE", llama_edu.__file__)
        patch.setenv("PYTHONHASHSEED", "123")
        patch.setenv("OMP_NUM_THREADS", "7")
        course = tmp_path_factory.mktemp("course")
        notes = asyncio.run(execute(notebook, course, positions.append))
    return notebook, notes, positions


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    """What each faulty notebook raises; they are run at the same time."""
    course = tmp_path_factory.mktemp("course")

    async def run_all():
        notebooks = [to_notebook(dedent(text)) for text in FAULTY.values()]
        runs = (execute(notebook, course, lambda position: None) for notebook in notebooks)
        return await asyncio.gather(*runs, return_exceptions=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("llama_edu.course.execute.CELL_SECONDS", 4)
        return dict(zip(FAULTY, asyncio.run(run_all()), strict=True))


def shown(executed, n: int) -> str:
    return executed[0].cells[n].outputs[0].text


def test_every_code_cell_is_run_and_told_of(executed):
    notebook, _, positions = executed
    assert [cell.get("execution_count") for cell in notebook.cells] == [None, 1, 2, 3, 4, 5]
    assert positions == [1, 2, 3, 4, 5]


def test_stdout_is_one_output_and_stderr_is_handed_back(executed):
    notebook, notes, _ = executed
    assert [dict(output) for output in notebook.cells[1].outputs] == [
        {"output_type": "stream", "name": "stdout", "text": "one\ntwo\n"}
    ]
    assert notes == ["careful\ncareful\n"]


def test_settings_of_the_builder_do_not_reach_the_kernel(executed):
    assert shown(executed, 2) == "threads 2, hash seed 0\n"


def test_the_kernel_imports_this_package_from_an_empty_folder(executed):
    assert executed[0].cells[4].outputs[1].text == "this package: True, files here: []\n"


def test_a_slider_that_draws_leaves_one_line(executed):
    (output,) = executed[0].cells[5].outputs
    assert output["data"]["text/plain"] == "In JupyterLab, run this cell: it lets you change width."


def test_an_error_shows_the_lesson_and_no_files_or_colours(executed):
    (error,) = executed[0].cells[3].outputs
    text = "\n".join(error.traceback)
    assert error.ename == "JSONDecodeError"
    assert "----> 2 json.loads" in text
    assert text.endswith(f"JSONDecodeError: {error.evalue}")
    assert "File" not in text
    assert "\x1b" not in text


def test_nothing_of_the_run_itself_is_kept(executed):
    notebook, _, _ = executed
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    assert notebook.metadata.keys() == {"kernelspec", "language_info"}


@pytest.mark.parametrize("name, position, line, reason", [
    ("wrong", 1, 3, "ZeroDivisionError: division by zero"),
    ("too good", 0, 1, "tagged raises-exception, but raised nothing"),
    ("dead", 0, 1, "the kernel ended: out of memory"),
    ("endless", 0, 1, "still running after 4 s"),
])  # fmt: skip
def test_a_cell_that_fails_is_named(errors, name, position, line, reason):
    error = errors[name]
    assert isinstance(error, CellError)
    assert (error.position, error.line, error.reason) == (position, line, reason)
