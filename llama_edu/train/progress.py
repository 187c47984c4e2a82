"""How a run goes, on stderr: a bar on a terminal, a line now and then in a log."""

import sys
import time
from typing import Self

SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Loss, speed and the time that is left, for a person who waits.

    Args:
        n_steps: of the whole run.
        minutes: after which it ends at the latest; None for no limit.
        is_shown: whether anything is written at all.
    """

    def __init__(self, n_steps: int, minutes: float | None = None, is_shown: bool = True):
        self.n_steps, self.is_shown = n_steps, is_shown
        self._ends = None if minutes is None else time.monotonic() + 60 * minutes
        self._bar = self._task = self._step_seconds = None
        self._next_line = 0.0

    def __enter__(self) -> Self:
        if self.is_shown and sys.stderr.isatty():
            from rich import progress as bars
            from rich.console import Console

            columns = (bars.TextColumn("step {task.completed}"), bars.BarColumn(),
                       bars.TextColumn("{task.description}"))  # fmt: skip
            self._bar = bars.Progress(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task("", total=self.n_steps)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, step: int, loss: float, n_tokens: int, seconds: float) -> None:
        """Show where the run stands; in a log only every ten seconds.

        Args:
            step: that has been taken.
            loss: in nats a token.
            n_tokens: of this step.
            seconds: that it took.
        """
        if not self.is_shown:
            return
        # A mean that forgets: the speed of the last twenty steps or so.
        mean = self._step_seconds or seconds
        self._step_seconds = mean + 0.05 * (seconds - mean)
        left = (self.n_steps - step) * self._step_seconds
        if self._ends is not None:
            left = max(min(left, self._ends - time.monotonic()), 0)
        speed = _thousands(n_tokens / self._step_seconds)
        text = f"loss {loss:.3f} · {speed} tokens/s · {_clock(left)} left"
        if self._bar is not None:
            self._bar.update(self._task, completed=step, description=text)
        elif step == self.n_steps or time.monotonic() >= self._next_line:
            print(f"step {step} of {self.n_steps} · {text}", file=sys.stderr)
            self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES

    def say(self, line: str) -> None:
        """Show a line that stays."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        elif self.is_shown:
            print(line, file=sys.stderr)


def _thousands(number: float) -> str:
    return f"{number:,.0f}" if number < 10_000 else f"{number / 1000:,.0f}k"


def _clock(seconds: float) -> str:
    """_clock(75) -> "1:15"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
