"""Small courses in a folder of their own."""

from textwrap import dedent

import pytest

from llama_edu.course.lessons import Lesson


@pytest.fixture
def write_lesson(tmp_path):
    """A function that writes a lesson's files, from indented text, into the course at tmp_path."""

    def write(name: str, **texts: str) -> Lesson:
        folder = tmp_path / "lessons" / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (folder / f"{file}.py").write_text(dedent(text).lstrip(), encoding="utf-8")
        return Lesson(*name.split("_", 1), folder)

    return write
