"""The state of chance, as tensors: what a run needs to draw the numbers that would have come."""

import json
import random

import numpy as np
import torch
from torch import Tensor


def random_state() -> dict[str, Tensor]:
    """The state of every global source of chance: torch's, its GPU's, NumPy's and Python's."""
    state = {"torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    name, numbers, *rest = np.random.get_state()
    for kind, plain in (
        ("numpy", [name, numbers.tolist(), *rest]),
        ("python", random.getstate()),
    ):
        state[kind] = torch.tensor(list(json.dumps(plain).encode()), dtype=torch.uint8)
    return state


def set_random_state(state: dict[str, Tensor]) -> None:
    """Let every source of chance go on from there."""
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    plain = {kind: json.loads(bytes(state[kind].tolist())) for kind in ("numpy", "python")}
    np.random.set_state(tuple(plain["numpy"]))
    version, numbers, gauss = plain["python"]
    random.setstate((version, tuple(numbers), gauss))
