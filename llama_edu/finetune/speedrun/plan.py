"""What a speedrun does, written down before it begins, so that a second call goes on with it."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from llama_edu.finetune.instruct.recipe import Recipe
from llama_edu.finetune.instruct.world import KINDS
from llama_edu.writing import write_whole

NAME = "speedrun.json"
# What three seeds can learn on two cores in a quarter of an hour. Refusals are left out: while a
# model learns to say that a story does not name a thing, it says so of things that it names.
RECIPE = Recipe(
    n_steps=6200,
    pretraining=0.2,
    kinds=tuple(kind for kind in KINDS if kind not in ("continuation", "refusal")),
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is trained, how often, and what it is tested on.

    Args:
        recipe: of each seed.
        n_seeds: how many models; they differ in first weights and stories alone.
        n_stories: unseen stories whose questions are the test.
        n_texts: stories that the n-grams count.

    Raises:
        ValueError: if a number is out of range.
    """

    recipe: Recipe = RECIPE
    n_seeds: int = 3
    n_stories: int = 200
    n_texts: int = 3000

    def __post_init__(self):
        for name in ("n_seeds", "n_stories", "n_texts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.recipe.n_steps < 4:
            raise ValueError(f"n_steps must be at least 4, got {self.recipe.n_steps}")

    def of_seed(self, seed: int) -> Recipe:
        """The recipe of one of the models."""
        return replace(self.recipe, seed=seed)

    def save(self, run: Path) -> None:
        """Write it whole or not at all."""
        write_whole(run / NAME, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, run: Path) -> Self:
        values = json.loads((run / NAME).read_text(encoding="utf-8"))
        recipe = values["recipe"] | {"kinds": tuple(values["recipe"]["kinds"])}
        return cls(**values | {"recipe": Recipe(**recipe)})
