"""What a tuning does, written down before it begins."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from llama_edu.finetune.tune.tasks import WORLD, WORLD_KINDS
from llama_edu.train.settings import TrainSettings
from llama_edu.writing import write_whole

NAME = "tune.json"
STAGES = ("instruct", "adversarial", "multitask")
LR_TIMES_WIDTH = 0.1  # an eighth of what own text is pretrained with
EPSILON = 0.03  # of the adversarial softmax: on Hamlet .02 to .05 did good
N_LOOKS, N_SAVES = 10, 20


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person may ask of a tuning.

    Args:
        stage: one of STAGES.
        start: run, folder or source to begin with.
        data: "world", "dialogues", or files of pairs; the story world if empty.
        minutes: to train.
        n_steps: updates, whatever time they take; None to fit them to the minutes.
        seed: of all chance.

    Raises:
        ValueError: if a wish is out of range, or two do not go together.
    """

    stage: str
    start: str
    data: tuple[str, ...] = ()
    minutes: float = 5.0
    n_steps: int | None = None
    seed: int = 0

    def __post_init__(self):
        if self.stage not in STAGES:
            raise ValueError(f"stage must be one of {', '.join(STAGES)}, got {self.stage!r}")
        if not 0 < self.minutes < float("inf"):
            raise ValueError(f"minutes must be positive, got {self.minutes}")
        if self.n_steps is not None and self.n_steps < 1:
            raise ValueError(f"n_steps must be at least 1, got {self.n_steps}")
        if self.stage == "adversarial" and self.data:
            raise ValueError("adversarial takes no --data: it reads the text of --from")
        if self.stage == "instruct" and len(self.data) > 1:
            raise ValueError("instruct takes one --data; multitask takes several")
        if self.stage == "multitask" and len(self.data) == 1:
            raise ValueError("multitask needs at least two --data, or none for the story world's")

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of what is learned; none in adversarial training, which has a text."""
        if self.stage == "adversarial":
            return ()
        if self.stage == "instruct":
            return self.data or (WORLD,)
        return self.data or tuple(name for name in WORLD_KINDS if name != WORLD)


@dataclass(frozen=True)
class Plan:
    """A tuning that can be begun and gone on with.

    Args:
        stage: one of STAGES.
        start: what it began with, by its name.
        tasks: what is learned.
        settings: of the trainer.
        seed: of all chance.
    """

    stage: str
    start: str
    tasks: tuple[str, ...]
    settings: TrainSettings
    seed: int

    def save(self, run: Path) -> None:
        """Write it whole or not at all: a run that has its plan can be resumed."""
        write_whole(run / NAME, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, run: Path) -> Self:
        values = json.loads((run / NAME).read_text(encoding="utf-8"))
        settings = values["settings"]
        settings |= {name: tuple(settings[name]) for name in ("betas", "prompts")}
        return cls(
            **values | {"settings": TrainSettings(**settings), "tasks": tuple(values["tasks"])}
        )


def settings_for(n_steps: int, d_model: int) -> TrainSettings:
    """A short rise, and half a cosine down to nothing."""
    return TrainSettings(
        n_steps=n_steps, peak_lr=LR_TIMES_WIDTH / d_model, n_warmup=min(20, n_steps // 10),
        final_share=0.0, eval_every=max(1, n_steps // N_LOOKS),
        save_every=max(1, n_steps // N_SAVES),
    )  # fmt: skip
