"""What a run writes down: a line of JSON for each step, each evaluation and each sample.

RUN/run.json          what the run is: settings, model, data, machine
RUN/metrics.jsonl     {"step", "loss", "lr", "grad_norm", "n_tokens", "seconds"} for a step,
                      {"step", "held_out_loss", "n_tokens"} for an evaluation
RUN/samples.jsonl     {"step", "prompt", "text"}
"""

import importlib.util
import json
import os
import platform
from pathlib import Path

import torch

from llama_edu import __version__

METRICS, SAMPLES, ABOUT = "metrics.jsonl", "samples.jsonl", "run.json"


class Journal:
    """The written record of a run, and the same for TensorBoard where that is installed.

    Args:
        run: folder of the run, made if need be.
    """

    def __init__(self, run: Path):
        self.run = run
        run.mkdir(parents=True, exist_ok=True)
        self._board = None
        if importlib.util.find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(run / "tensorboard")

    def describe(self, **about: object) -> None:
        """Write what the run is, beside the version and the machine."""
        about |= {"version": __version__, "machine": machine()}
        part = self.run / f"{ABOUT}.part"
        part.write_text(json.dumps(about, indent=2, default=str) + "\n", encoding="utf-8")
        part.replace(self.run / ABOUT)

    def metrics(self, step: int, **values: float) -> None:
        """Add a line of numbers; each is on the disk before the next step begins."""
        _append(self.run / METRICS, {"step": step, **values})
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)

    def sample(self, step: int, prompt: str, text: str) -> None:
        """Add what the model made of a prompt."""
        _append(self.run / SAMPLES, {"step": step, "prompt": prompt, "text": text})
        if self._board is not None:
            self._board.add_text(prompt, text, step)

    def cut(self, step: int) -> None:
        """Take out what was written after this step: a resumed run writes it again.

        A line that a killed process left unfinished goes too.
        """
        for name in (METRICS, SAMPLES):
            path = self.run / name
            if path.exists():
                kept = [line for line in read_lines(path) if line["step"] <= step]
                part = path.with_name(f"{name}.part")
                part.write_text("".join(map(_line, kept)), encoding="utf-8")
                os.replace(part, path)  # noqa: PTH105 (what is there is replaced, on every system)

    def close(self) -> None:
        """Let TensorBoard write what it holds."""
        if self._board is not None:
            self._board.close()


def read_lines(path: str | Path) -> list[dict]:
    """All whole lines of a `.jsonl` file of a run, as they were written."""
    text = Path(path).read_text(encoding="utf-8")
    whole, _, _ = text.rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def machine() -> dict[str, object]:
    """What this runs on."""
    return {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _append(path: Path, values: dict) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(values))


def _line(values: dict) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"
