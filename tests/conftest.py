"""What all tests share: a seed, run-time shape checks, and archives that may be out of reach."""

import os

import hypothesis
import pytest
import torch
from jaxtyping import install_import_hook
from torch import nn

os.environ["HF_HUB_OFFLINE"] = "1"  # transformers reads it when it is imported: nothing is fetched

# Every shape that llama_edu.model promises is checked at each call. It must come before the first
# import of the package, so nothing above may import it.
install_import_hook("llama_edu.model", "beartype.beartype")

# What takes long on a busy machine is no mistake.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

# These tensors are too small to share out: on a busy machine a second thread is waited for.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seed():
    """The same random numbers in every run and whatever ran before."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def randomize():
    """Fill a module with random weights that no mistake survives: no gain is 1, no layers alike."""

    def fill(module: nn.Module, seed: int = 0) -> nn.Module:
        generator = torch.Generator().manual_seed(seed)
        for weight in module.parameters():
            mean, std = (1.0, 0.3) if weight.ndim == 1 else (0.0, weight.shape[-1] ** -0.5)
            nn.init.normal_(weight, mean, std, generator=generator)
        return module.eval()

    return fill


@pytest.fixture(scope="session")
def pull():
    """`llama_edu.data.sources.pull`, or a skip with its reason where there is no network."""
    from llama_edu.data import sources

    def pull_or_skip(name: str):
        try:
            return sources.pull(name)
        except sources.SourceError as error:
            pytest.skip(str(error))

    return pull_or_skip
