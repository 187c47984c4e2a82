"""The first start: data are fetched and a model answers; later starts waste no time on it."""

from contextlib import contextmanager

import pytest

from llama_edu.cli import app, talk
from llama_edu.cli.course import LESSON_SOURCES
from llama_edu.course.learning import jupyter
from llama_edu.course.lessons import all_lessons
from llama_edu.data import sources


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Run `start` without a real JupyterLab, model or network; return what happened in order."""
    events = []

    @contextmanager
    def fake_lab(folder, page, port, browser):
        events.append("lab")
        yield type("Lab", (), {"address": "here", "wait": lambda self: "interrupted"})()

    monkeypatch.setattr(jupyter, "jupyterlab", fake_lab)
    monkeypatch.setattr(sources, "pull", lambda name: events.append(name))
    monkeypatch.setattr(talk, "ask_once", lambda: events.append("answer"))

    def run(*options):
        events.clear()
        app(["start", "--no-browser", "--dir", str(tmp_path / "course"), *options],
            standalone_mode=False)  # fmt: skip
        return list(events)

    return run


def test_first_start_fetches_and_answers_before_jupyterlab(started):
    assert started() == [*LESSON_SOURCES, "answer", "lab"]


def test_what_is_fetched_is_what_the_lessons_read():
    texts = "".join(lesson.lesson_py.read_text(encoding="utf-8") for lesson in all_lessons())
    read = {name for name in sources.SOURCES if f'"{name}"' in texts}
    assert read - set(LESSON_SOURCES) == set()


def test_second_start_goes_straight_to_jupyterlab(started):
    started()
    assert started() == ["lab"]


def test_once_lets_the_model_answer_each_time(started):
    started()
    assert started("--once") == [*LESSON_SOURCES, "answer", "lab"]
    assert started("--once", "--no-welcome") == ["lab"]


def test_once_fails_where_nothing_can_answer(started, monkeypatch):
    def no_network(name):
        raise sources.SourceError("no network")

    monkeypatch.setattr(sources, "pull", no_network)
    with pytest.raises(sources.SourceError, match="no network"):
        started("--once")


def test_welcome_can_be_left_out(started):
    assert started("--no-welcome") == ["lab"]


def test_start_without_a_network_still_opens_the_course(started, monkeypatch, capsys):
    def no_network(name):
        raise sources.SourceError("no network")

    monkeypatch.setattr(sources, "pull", no_network)
    assert started() == ["lab"]
    assert "will need their data later: no network" in capsys.readouterr().out
