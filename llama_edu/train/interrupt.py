"""Ctrl-C: once ends a run after its step, so that it can go on later; twice ends it at once."""

import signal
import threading
import time
from collections.abc import Callable
from typing import Self

# A terminal sends the signal to torchrun and to its processes, and torchrun sends it on.
SECONDS_OF_ONE = 1.0


class Interrupt:
    """While it is entered, `happened` says whether somebody pressed Ctrl-C.

    Args:
        say: told once, when it happens.
    """

    def __init__(self, say: Callable[[str], None]):
        self.say = say
        self.happened = False

    def __enter__(self) -> Self:
        # Only the main thread is given signals; in another one Ctrl-C does what it always does.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "_before"):
            signal.signal(signal.SIGINT, self._before)

    def _note(self, *_: object) -> None:
        if not self.happened:
            self.happened, self._first = True, time.monotonic()
            self.say("ending after this step; Ctrl-C again ends at once")
        elif time.monotonic() - self._first > SECONDS_OF_ONE:
            raise KeyboardInterrupt
