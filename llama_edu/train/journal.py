"""What a run writes down: a line of JSON for each step, each evaluation and each sample.

RUN/run.json          what the run is: settings, model, data, machine
RUN/metrics.jsonl     {"step", "loss", "lr", "grad_norm", "n_tokens", "seconds", "batch",
                      "n_targets"} for a step (the last two are those of `seen.mark`),
                      {"step", "held_out_loss", "n_tokens"} for an evaluation
RUN/samples.jsonl     {"step", "prompt", "text"}
RUN/batches.jsonl     {"step", "inputs", "targets"}: some rows of the first steps
"""

import importlib.util
import json
import platform
from collections.abc import Sequence
from pathlib import Path

import torch

from llama_edu import __version__
from llama_edu.writing import write_whole

METRICS, SAMPLES, BATCHES, ABOUT = "metrics.jsonl", "samples.jsonl", "batches.jsonl", "run.json"


class Journal:
    """The written record of a run, and the same for TensorBoard where that is installed.

    Args:
        run: folder of the run.
        writes: whether anything is written: of several processes only the first one does.
    """

    def __init__(self, run: Path, writes: bool = True):
        self.run, self.writes = run, writes
        self._board = None

    @property
    def exists(self) -> bool:
        return (self.run / ABOUT).exists()

    def open(self, step: int, **about: object) -> None:
        """Say what the run is, and take out what was written after a step: it will come again.

        Args:
            step: from which the run goes on; 0 for a new one.
            about: the run, in values that JSON knows.
        """
        if not self.writes:
            return
        self.run.mkdir(parents=True, exist_ok=True)
        about |= {"version": __version__, "machine": machine()}
        write_whole(self.run / ABOUT, json.dumps(about, indent=2) + "\n")
        for path in (self.run / name for name in (METRICS, SAMPLES, BATCHES)):
            if path.exists():
                kept = [line for line in read_lines(path) if step and line["step"] <= step]
                write_whole(path, "".join(map(_line, kept)))
        if importlib.util.find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(self.run / "tensorboard", purge_step=step + 1)

    def metrics(self, step: int, **values: object) -> None:
        """Add a line of numbers; it is written before the next step begins."""
        if not self.writes:
            return
        _append(self.run / METRICS, {"step": step, **values})
        if self._board is not None:
            for name, value in values.items():
                if not isinstance(value, str):
                    self._board.add_scalar(name, value, step)

    def sample(self, step: int, prompt: str, text: str) -> None:
        """Add what the model made of a prompt."""
        if not self.writes:
            return
        _append(self.run / SAMPLES, {"step": step, "prompt": prompt, "text": text})
        if self._board is not None:
            self._board.add_text(prompt, text, step)

    def seen(self, step: int, **rows: list[list[int]]) -> None:
        """Add some rows that the model is shown."""
        if self.writes:
            _append(self.run / BATCHES, {"step": step, **rows})

    def keep(
        self, step: int, rank: int, parts: Sequence, tokenizer=None, **values: float
    ) -> Path:  # fmt: skip
        """Write this process's batches of a step that went wrong, as ids and as text.

        Args:
            step: that went wrong.
            rank: of the process.
            parts: its batches.
            tokenizer: that makes texts of them, if there is one.
            values: loss and the like.

        Returns:
            The file.
        """
        inputs = [row for batch in parts for row in batch.inputs.tolist()]
        targets = [row for batch in parts for row in batch.targets.tolist()]
        kept = {"step": step, **values, "inputs": inputs, "targets": targets}
        if tokenizer is not None:
            kept["texts"] = [tokenizer.decode(row) for row in inputs]
        path = self.run / f"not_finite-{step}{f'-{rank}' if rank else ''}.json"
        write_whole(path, json.dumps(kept, ensure_ascii=False))
        return path

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
