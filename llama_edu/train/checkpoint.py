"""Checkpoints: everything that a run needs to go on as if it had never stopped.

A checkpoint is a folder of tensors (safetensors) and `state.json`, which names the files that
belong together. It is written last and replaced at once, so that whoever is killed while writing
leaves the checkpoint before.
"""

import json
import os
import random
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from llama_edu.config import LinearRopeScaling, ModelConfig, RopeScaling
from llama_edu.model.llama import Llama
from llama_edu.train.journal import ABOUT

STATE = "state.json"


def write_checkpoint(folder: Path, state: dict, **parts: dict[str, Tensor]) -> None:
    """Replace what is in a folder by this checkpoint, whole or not at all.

    Args:
        folder: made if need be.
        state: what JSON can hold, "step" among it.
        parts: tensors by name, a file a part.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: f"{name}-{state['step']}.safetensors" for name in parts}
    for name, tensors in parts.items():
        save_file(tensors, folder / "new.part")
        os.replace(folder / "new.part", folder / files[name])  # noqa: PTH105
    (folder / "new.part").write_text(
        json.dumps({**state, "files": files}, indent=2) + "\n", encoding="utf-8"
    )
    os.replace(folder / "new.part", folder / STATE)  # noqa: PTH105 (now, and not before, it counts)
    for path in folder.glob("*.safetensors"):
        if path.name not in files.values():
            path.unlink()


def read_checkpoint(folder: Path) -> tuple[dict, dict[str, dict[str, Tensor]]]:
    """The state and the parts that `write_checkpoint` was given.

    Raises:
        FileNotFoundError: if there is no checkpoint.
    """
    if not (folder / STATE).is_file():
        raise FileNotFoundError(f"there is no checkpoint in {folder}")
    state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    return state, {name: load_file(folder / file) for name, file in state.pop("files").items()}


def model_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Weights by their names, a tied one under its first name alone."""
    named, seen = {}, set()
    for name, tensor in model.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            named[name] = tensor
            seen.add(id(tensor))
    return named


def optimizer_tensors(model: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    """What the optimizer knows of each weight, as "exp_avg/blocks.0.ffn.down_proj.weight"."""
    return {
        f"{kind}/{name}": tensor
        for name, weight in model_tensors(model).items()
        for kind, tensor in optimizer.state.get(weight, {}).items()
    }


def load_model_tensors(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Copy weights into a model.

    Raises:
        ValueError: if they are not those of this model.
    """
    own = model_tensors(model)
    if own.keys() != tensors.keys():
        strange = sorted(own.keys() ^ tensors.keys())[0]
        raise ValueError(f"the checkpoint is of another model: {strange} is only in one of them")
    with torch.no_grad():
        for name, tensor in own.items():
            if tensor.shape != tensors[name].shape:
                raise ValueError(
                    f"the checkpoint is of another model: {name} is {tuple(tensors[name].shape)} "
                    f"there and {tuple(tensor.shape)} here"
                )
            tensor.copy_(tensors[name])


def load_optimizer_tensors(
    model: nn.Module, optimizer: Optimizer, tensors: dict[str, Tensor]
) -> None:
    """Give an optimizer what it knew of each weight; its settings stay as they are."""
    names = {id(weight): name for name, weight in model_tensors(model).items()}
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    known: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        kind, _, name = key.partition("/")
        known.setdefault(name, {})[kind] = tensor
    state = {i: known[names[id(w)]] for i, w in enumerate(weights) if names[id(w)] in known}
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


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


def load_model(run: str | Path, which: str = "best") -> Llama:
    """The model of a run as a checkpoint has it, for whoever wants to look at it.

    Args:
        run: folder of the run.
        which: "best" on the held-out text, or "last".

    Raises:
        FileNotFoundError: if the run has no such checkpoint.
    """
    about = json.loads((Path(run) / ABOUT).read_text(encoding="utf-8"))
    model = Llama(_config(about["model"]))
    _, parts = read_checkpoint(Path(run) / "checkpoints" / which)
    load_model_tensors(model, parts["model"])
    return model


def _config(values: dict) -> ModelConfig:
    """The config whose `asdict` was written as JSON."""
    values = dict(values)
    if scaling := values["rope_scaling"]:
        kinds = (RopeScaling, LinearRopeScaling)
        kind = next(k for k in kinds if scaling.keys() == {f.name for f in fields(k)})
        values["rope_scaling"] = kind(**scaling)
    return ModelConfig(**values)
