"""A training step under torch.compile: the same loss, and not one warning."""

import shutil
import subprocess
import sys

import pytest

# In a process of its own: the shape checks of these tests are not for the compiler.
SCRIPT = """
import warnings
import torch
from torch.nn import functional as F
from llama_edu.config import PRESETS
from llama_edu.model.llama import Llama

torch.manual_seed(0)
model = Llama(PRESETS["tiny"])
tokens = torch.randint(512, (3, 33))


def loss(dtype):
    logits = model(tokens[:, :-1], dtype=dtype).float()
    return F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


def gradients(value):
    model.zero_grad()
    value.backward()
    return torch.cat([weight.grad.flatten() for weight in model.parameters()])


with warnings.catch_warnings(action="error", category=UserWarning):
    for dtype, tolerance in ((torch.float32, 1e-4), (torch.bfloat16, 0.05)):
        plain, fast = loss(dtype), torch.compile(loss)(dtype)
        assert abs(plain - fast) < tolerance, (plain, fast)
        ours, theirs = gradients(plain), gradients(fast)
        assert (ours - theirs).norm() < 2 * tolerance * ours.norm()
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not any(map(shutil.which, ("c++", "g++", "clang++"))) or " " in sys.prefix,
    reason="there is no C++ compiler, or it cannot work for a path with a space",
)
def test_compiled_training_is_the_same_without_a_warning():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
