"""Progress: a line now and then in a log, with the time that is left."""

import pytest

from llama_edu.train import progress as room
from llama_edu.train.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    now = [100.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: now[0])
    return now


def test_a_log_has_a_line_every_ten_seconds(capsys, clock):
    with Progress(n_steps=50) as progress:
        for step in range(1, 41):
            clock[0] += 1.0
            progress.update(step, loss=2.0, n_tokens=20_000, seconds=1.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "step 1 of 50 · loss 2.000 · 20k tokens/s · 0:49 left"
    assert [int(line.split()[1]) for line in lines] == [1, 11, 21, 31]


def test_the_last_step_is_always_told(capsys, clock):
    with Progress(n_steps=3) as progress:
        for step in (1, 2, 3):
            progress.update(step, loss=1.0, n_tokens=10, seconds=2.0)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "step 3 of 3 · loss 1.000 · 5 tokens/s · 0:00 left"


def test_minutes_may_end_it_before_its_steps(capsys, clock):
    with Progress(n_steps=10_000, minutes=2) as progress:
        clock[0] += 15
        progress.update(1, loss=1.0, n_tokens=10, seconds=15.0)
    assert "1:45 left" in capsys.readouterr().err


def test_who_wants_none_gets_none(capsys):
    with Progress(n_steps=1, is_shown=False) as progress:
        progress.update(1, loss=1.0, n_tokens=1, seconds=1.0)
        progress.say("something")
    assert capsys.readouterr().err == ""


def test_on_a_terminal_it_is_a_bar(monkeypatch):
    """Drawn by rich, on a stand-in for a terminal."""
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(room.sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with Progress(n_steps=2) as progress:
        progress.update(1, loss=3.25, n_tokens=100, seconds=1.0)
        progress.say("held-out loss 3.1 [sic]")
    text = terminal.getvalue()
    assert "loss 3.250" in text and "held-out loss 3.1 [sic]" in text


@pytest.mark.parametrize("seconds, text", [
    (0, "0:00"), (59.7, "1:00"), (75, "1:15"), (3600 + 62, "1:01:02"),
])  # fmt: skip
def test_times_are_read_as_clocks_show_them(seconds, text):
    assert room._clock(seconds) == text
