"""Ctrl-C: noted once, obeyed at once the second time, and given back afterwards."""

import signal
import threading

import pytest

from llama_edu.train import interrupt as room
from llama_edu.train.interrupt import Interrupt


def test_the_first_is_noted_and_the_second_ends(monkeypatch):
    now, said = [0.0], []
    monkeypatch.setattr(room.time, "monotonic", lambda: now[0])
    before = signal.getsignal(signal.SIGINT)
    with Interrupt(said.append) as interrupt:
        assert not interrupt.happened
        signal.raise_signal(signal.SIGINT)
        now[0] = 0.5
        signal.raise_signal(signal.SIGINT)  # the same key press, sent on by torchrun
        assert interrupt.happened and len(said) == 1
        now[0] = 5.0
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_it_leaves_signals_alone():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with Interrupt(print) as interrupt:
            seen.append(interrupt.happened)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False] and signal.getsignal(signal.SIGINT) is before
