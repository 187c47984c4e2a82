"""Checkpoints: everything that a run needs to go on as if it had never stopped.

A checkpoint is a folder of tensors (safetensors) and `state.json`, which names the files that
belong together. It is written last and replaced at once, so that whoever is killed while writing
leaves the checkpoint before.
"""

import json
import os
from dataclasses import fields
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from llama_edu.config import LinearRopeScaling, ModelConfig, RopeScaling
from llama_edu.model.llama import Llama
from llama_edu.train.chance import random_state, set_random_state
from llama_edu.train.journal import ABOUT
from llama_edu.train.processes import Processes, shared_like, whole

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


class Checkpoints:
    """The checkpoints of a run, `last` and `best`, of all its processes together.

    What is written is whole, whoever holds which share of it, so that one process or two, DDP or
    FSDP, can go on from it.

    Args:
        run: folder of the run.
        model: whose weights they are.
        optimizer: of the model.
        batches: with `state_dict()` and `load_state_dict()`.
        processes: that train together.
    """

    def __init__(
        self, run: Path, model: nn.Module, optimizer: Optimizer, batches, processes: Processes
    ):
        self.folder, self.model, self.optimizer = run / "checkpoints", model, optimizer
        self.batches, self.processes = batches, processes

    @property
    def exist(self) -> bool:
        return (self.folder / "last" / STATE).exists()

    def save(self, which: str, **state: object) -> None:
        """Write a checkpoint; all processes must call this together.

        Args:
            which: "last" with all that the run needs, or "best" with the weights alone.
            state: "step", and whatever else JSON knows.
        """
        named = named_tensors(self.model)
        parts = {"model": self._whole(named)}
        if which == "last":
            known = {
                f"{kind}/{name}": tensor
                for name, weight in named.items()
                for kind, tensor in self.optimizer.state.get(weight, {}).items()
            }
            parts["optimizer"] = self._whole(known)
            for rank, chance in enumerate(self.processes.collect(random_state())):
                parts[f"random-{rank}"] = chance
        if self.processes.is_first:
            state["batches"] = self.batches.state_dict()
            write_checkpoint(self.folder / which, state, **parts)

    def load(self) -> dict:
        """Put weights, optimizer, place in the data and chance back to the last checkpoint.

        Returns:
            The state that was saved.

        Raises:
            ValueError: if it is of another model or of other data; nothing is changed then.
        """
        state, parts = read_checkpoint(self.folder / "last")
        check_fit(self.model, parts["model"])
        self.batches.load_state_dict(state["batches"])
        load_tensors(self.model, parts["model"])
        self._load_optimizer(parts["optimizer"])
        if (chance := parts.get(f"random-{self.processes.rank}")) is not None:
            set_random_state(chance)
        return state

    def whole_model(self) -> Llama | None:
        """The model in one piece, for the first process; None for the others."""
        if not any(hasattr(weight, "full_tensor") for weight in self.model.parameters()):
            return self.model
        tensors = self._whole(named_tensors(self.model))
        if not self.processes.is_first:
            return None
        model = Llama(self.model.config)
        load_tensors(model, tensors)
        return model

    def _whole(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """All of them in one piece: each process must ask for each, the first one keeps them."""
        kept = {}
        for name, tensor in tensors.items():
            one = whole(tensor.detach())
            if self.processes.is_first:
                kept[name] = one.cpu().contiguous()
        return kept

    def _load_optimizer(self, tensors: dict[str, Tensor]) -> None:
        """What it knew of each weight; its settings stay as they are."""
        known: dict[str, dict[str, Tensor]] = {}
        for key, tensor in tensors.items():
            kind, _, name = key.partition("/")
            known.setdefault(name, {})[kind] = tensor
        names = {id(weight): name for name, weight in named_tensors(self.model).items()}
        weights = [weight for group in self.optimizer.param_groups for weight in group["params"]]
        state = {
            i: {
                kind: shared_like(tensor, weight) if tensor.ndim else tensor
                for kind, tensor in known[names[id(weight)]].items()
            }
            for i, weight in enumerate(weights)
            if names[id(weight)] in known
        }
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})


def named_tensors(model: nn.Module) -> dict[str, Tensor]:
    """The weights of a model by their names, a tied one under its first name alone."""
    named, seen = {}, set()
    for name, tensor in model.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            named[name] = tensor
            seen.add(id(tensor))
    return named


def check_fit(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Hold names and shapes of whole tensors against a model's.

    Raises:
        ValueError: at the first that differs.
    """
    own = {name: tuple(tensor.shape) for name, tensor in named_tensors(model).items()}
    others = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for name in sorted(own.keys() | others.keys()):
        if own.get(name) != others.get(name):
            raise ValueError(
                f"the checkpoint is of another model: {name} is {others.get(name, 'missing')} "
                f"there and {own.get(name, 'missing')} here"
            )


def load_tensors(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Copy whole weights into a model, which may hold a share of each."""
    with torch.no_grad():
        for name, tensor in named_tensors(model).items():
            tensor.copy_(shared_like(tensors[name], tensor))


def load_model(run: str | Path, which: str | None = None) -> Llama:
    """The model of a run as a checkpoint has it.

    Args:
        run: folder of the run.
        which: "best" by the held-out loss, or "last"; the best one that there is if None.

    Raises:
        FileNotFoundError: if the run has no such checkpoint.
    """
    run = Path(run)
    if which is None:
        which = "best" if (run / "checkpoints" / "best" / STATE).exists() else "last"
    _, parts = read_checkpoint(run / "checkpoints" / which)
    about = json.loads((run / ABOUT).read_text(encoding="utf-8"))
    model = Llama(_config(about["model"]))
    load_tensors(model, parts["model"])
    return model


def _config(values: dict) -> ModelConfig:
    """The config whose `asdict` was written as JSON."""
    values = dict(values)
    if scaling := values["rope_scaling"]:
        kinds = (RopeScaling, LinearRopeScaling)
        kind = next(k for k in kinds if scaling.keys() == {f.name for f in fields(k)})
        values["rope_scaling"] = kind(**scaling)
    return ModelConfig(**values)
