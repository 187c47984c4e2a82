"""The folder of a run, read for the doctor: whatever of it is there."""

import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from llama_edu.data.batches import Batch, TokenFile
from llama_edu.model.llama import Llama
from llama_edu.train.checkpoint import STATE, load_model
from llama_edu.train.journal import ABOUT, BATCHES, METRICS, read_lines
from llama_edu.train.looks import held_out_batches

N_LAST = 20  # steps whose mean loss is "the loss at the end"
N_TOKENS = 8192  # read by the model at each question


@dataclass(frozen=True)
class Run:
    """A run that is over, or one that goes on.

    Args:
        folder: of the run.
        about: what `run.json` says.
        steps: the lines of its steps.
        looks: the lines of its evaluations.
        seen: rows of its first steps.
    """

    folder: Path
    about: dict
    steps: list[dict]
    looks: list[dict]
    seen: list[dict]

    @property
    def settings(self) -> dict:
        return self.about["settings"]

    @property
    def losses(self) -> np.ndarray:
        return np.array([line["loss"] for line in self.steps])

    @property
    def grad_norms(self) -> np.ndarray:
        return np.array([line["grad_norm"] for line in self.steps])

    @property
    def uniform_loss(self) -> float:
        """ln V: what a model pays that holds every token for equally likely."""
        return math.log(self.about["model"]["vocab_size"])

    @property
    def last_loss(self) -> float:
        """Mean loss of the last finite steps."""
        return float(self.losses[np.isfinite(self.losses)][-N_LAST:].mean())

    @property
    def steps_per_epoch(self) -> float | None:
        """None where the run does not say."""
        data = self.about["data"]
        if not {"n_windows", "batch_size"} <= data.keys():
            return None
        return data["n_windows"] // data["batch_size"] / self.settings["n_parts"]

    @cached_property
    def train_file(self) -> TokenFile | None:
        return self._file("train")

    @cached_property
    def held_out_file(self) -> TokenFile | None:
        return self._file("held_out")

    @cached_property
    def model(self) -> Llama | None:
        """As it was at the last checkpoint."""
        if not (self.folder / "checkpoints" / "last" / STATE).exists():
            return None
        return load_model(self.folder, "last").eval()

    @property
    def n_tokens(self) -> int:
        """Length of a window."""
        return self.about["data"].get("n_tokens") or self.about["model"]["max_seq_len"]

    def windows(self, file: TokenFile | None) -> list[Batch]:
        """Some text of a file, the same at every call; nothing of a missing or short file."""
        if file is None or len(file) <= self.n_tokens:
            return []
        size = max(1, min(8, N_TOKENS // self.n_tokens))
        n_batches = max(1, N_TOKENS // (size * self.n_tokens))
        return held_out_batches(file, self.n_tokens, size, n_batches)

    def _file(self, name: str) -> TokenFile | None:
        path = self.folder / "data" / f"{name}.tokens"
        return TokenFile(path) if path.exists() else None


def read_run(folder: str | Path) -> Run:
    """Read what a run has written so far.

    Raises:
        FileNotFoundError: if there is no run, or none that has taken a step.
    """
    folder = Path(folder)
    for name in (ABOUT, METRICS):
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder} holds no run: there is no {name}")
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    lines = read_lines(folder / METRICS)
    steps = [line for line in lines if "loss" in line]
    if not steps:
        raise FileNotFoundError(f"the run in {folder} has not taken a step")
    looks = [line for line in lines if "held_out_loss" in line]
    seen = read_lines(folder / BATCHES) if (folder / BATCHES).exists() else []
    return Run(folder, about, steps, looks, seen)


@torch.no_grad()
def loss_of_run(run: Run, batches: list[Batch], ahead: int = 1, mask=None) -> float:
    """Mean loss of the run's model on windows, for the token so many places ahead.

    Args:
        run: with a model.
        batches: windows.
        ahead: 1 is the next token, 0 the token itself.
        mask: (T, T), True where a token may look; the batch's own, causal, if None.
    """
    total, n = 0.0, 0
    for batch in batches:
        tokens = batch.inputs
        logits = run.model(tokens, mask=batch.mask() if mask is None else mask)
        n_known = tokens.shape[1] - ahead
        wanted = tokens[:, ahead:]
        total += torch.nn.functional.cross_entropy(
            logits[:, :n_known].flatten(0, 1), wanted.flatten(), reduction="sum"
        ).item()
        n += wanted.numel()
    return total / n
