"""`llama-edu build` says what it did, and with --check what is stale, in its exit code as well."""

import pytest
import typer
from typer.testing import CliRunner

from llama_edu.cli.build import build

LESSON = "# %% [markdown]\n# # Short\n\n# %%\nimport sys\nprint(1)\nprint('hm', file=sys.stderr)\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs the command on a course of one lesson: its exit code, all it printed."""
    app = typer.Typer()
    app.command()(build)
    (tmp_path / "lessons/01_short").mkdir(parents=True)
    (tmp_path / "lessons/01_short/lesson.py").write_text(LESSON, encoding="utf-8")
    monkeypatch.setenv("LLAMA_EDU_COURSE", str(tmp_path))

    def run(*words: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, [*words], catch_exceptions=False)
        return result.exit_code, result.stdout, result.stderr

    return run


def test_check_names_what_is_stale_and_fails(run):
    code, out, _ = run("--check")
    assert code == 1
    assert out == "notebooks/01_short: not made yet\n\nNext: llama-edu build\n"


def test_a_build_is_told_line_by_line_and_then_all_is_fresh(run, tmp_path):
    code, out, log = run("short")
    assert (code, out) == (0, "")
    note, done = log.splitlines()
    assert note == "notebooks/01_short, on stderr: hm"
    assert done.startswith("notebooks/01_short: ")
    assert done.endswith(" s")
    assert run("--check") == (0, "fresh: 01_short\n", "")
    (tmp_path / "notebooks/02_old.ipynb").write_text("{}", encoding="utf-8")
    code, out, _ = run("--check")
    assert code == 1
    assert out.startswith("notebooks/02_old.ipynb: no lesson makes it; delete it\n")


def test_the_readme_is_made_with_all_lessons_only(run, tmp_path):
    readme, head = tmp_path / "README.md", "| | lesson | | lesson |\n|---|---|---|---|\n"
    readme.write_text(head, encoding="utf-8")
    (tmp_path / "lessons/syllabus.toml").write_text('01 = "short"', encoding="utf-8")
    run("short")
    assert readme.read_text(encoding="utf-8") == head
    assert run("--check")[:2] == (
        1, "README.md: not what the lessons say now\n\nNext: llama-edu build\n"
    )  # fmt: skip
    assert run()[0] == 0
    row = "| 01 | [short](notebooks/01_short.ipynb) |  |  |\n"
    assert readme.read_text(encoding="utf-8") == head + row


def test_an_unknown_lesson_is_named(run):
    with pytest.raises(ValueError, match=r"LESSON='07' must be one that is written, .*: 01_short"):
        run("07")


def test_a_course_without_lessons_is_an_error(run, tmp_path, monkeypatch):
    monkeypatch.setenv("LLAMA_EDU_COURSE", str(tmp_path / "elsewhere"))
    with pytest.raises(ValueError, match="lessons must hold a lesson, a folder NN_topic"):
        run()
