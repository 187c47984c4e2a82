"""The blocks of a model compiled, or left as they are where nothing compiles."""

import warnings

import torch
from torch import nn

from llama_edu.generate.compiled import failure


def compile_blocks(model: nn.Module) -> None:
    """Compile what every block does, in place; all of them share what is compiled for one.

    Names of weights, hooks and what DDP and FSDP do round a block stay as they are. Nothing happens
    before the first call.
    """
    for block in model.blocks:
        block.forward = torch.compile(block.forward)


def uncompile_blocks(model: nn.Module, error: Exception) -> None:
    """Undo `compile_blocks`, with one line that says why."""
    for block in model.blocks:
        del block.forward
    warnings.warn(
        f"training goes on uncompiled: torch.compile failed here ({failure(error)})", stacklevel=2
    )
