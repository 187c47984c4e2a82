"""The compiled step: the plain loop's tokens for any batch, and a way on where none compiles."""

import dataclasses
import shutil
import subprocess
import sys

import pytest
import torch

from llama_edu.config import PRESETS
from llama_edu.generate import compiled, generate
from llama_edu.model.llama import Llama

PROMPTS = [[5, 9, 2, 44], [7], [1, 2, 3, 4, 5, 6, 7, 8, 9]]
needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("c++", "g++", "clang++"))) or " " in sys.prefix,
    reason="there is no C++ compiler, or it cannot work for a path with a space",
)


CONFIG = dataclasses.replace(PRESETS["tiny"], vocab_size=67, n_heads=8, d_model=48)


@pytest.fixture
def make_model():
    def make(**changes) -> Llama:
        torch.manual_seed(0)
        model = Llama(dataclasses.replace(CONFIG, **changes)).eval()
        with torch.no_grad():
            for weight in model.parameters():  # far from uniform, so that no two logits nearly tie
                if weight.ndim == 2:
                    weight.mul_(8)
        return model

    return make


@pytest.fixture
def uncompiled(monkeypatch):
    """The step as it is compiled, run as it is written."""
    monkeypatch.setattr(compiled, "_compiled", lambda function, is_cpu: function)


@pytest.mark.parametrize("changes", [
    {}, {"n_kv_heads": 1}, {"n_kv_heads": 8}, {"d_head": 10}, {"tie_embeddings": True},
])  # fmt: skip
@pytest.mark.parametrize("prompts", [PROMPTS, PROMPTS[:1], [[3, 4], [9, 8]]])
def test_the_step_is_that_of_the_model(make_model, uncompiled, changes, prompts):
    model = make_model(**changes)
    assert generate(model, prompts, 12, compiled=True) == generate(model, prompts, 12)


def test_logits_are_those_of_the_model(make_model, uncompiled):
    model, tokens = make_model(), torch.tensor([[1, 2, 3], [4, 5, 6]])
    with torch.inference_mode():
        cache = model.new_cache(2, 8)
        model(tokens, cache=cache)
        step = compiled.CompiledStep(model, cache, 5)
        assert cache.length == 3
        for token in ([[7], [8]], [[9], [1]]):
            expected = model(torch.tensor(token), cache=cache, last_only=True)
            got = step(torch.tensor(token))
            torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


def test_a_longer_answer_than_the_shortest_cache(make_model, uncompiled, monkeypatch):
    monkeypatch.setattr(compiled, "SHORTEST", 4)
    model = make_model()
    assert generate(model, PROMPTS, 30, compiled=True) == generate(model, PROMPTS, 30)


def test_sampling_and_stops_work_as_ever(make_model, uncompiled):
    model, settings = make_model(), {"temperature": 0.9, "repetition_penalty": 1.3, "stop": {5}}
    plain, fast = (
        generate(model, PROMPTS, 20, generator=torch.Generator().manual_seed(3), compiled=how,
                 **settings)
        for how in (False, True)
    )  # fmt: skip
    assert plain == fast


def test_bf16_weights_stay_near(make_model, uncompiled):
    model = make_model().bfloat16()
    with torch.inference_mode():
        cache = model.new_cache(1, 8)
        model(torch.tensor([[1, 2, 3]]), cache=cache)
        step = compiled.CompiledStep(model, cache, 5)
        expected = model(torch.tensor([[7]]), cache=cache)
        got = step(torch.tensor([[7]]))
    assert got.dtype == torch.bfloat16
    scale = expected.abs().max().item()
    torch.testing.assert_close(got, expected, rtol=0, atol=0.05 * scale)


@pytest.mark.parametrize("said, prefix, reason", [
    ("backend='inductor' raised:\nInvalidCxxCompiler: Error: No working C++ compiler\nlong story",
     "/opt/python", "InvalidCxxCompiler: Error: No working C++ compiler"),
    ("backend='inductor' raised:\nCppCompileError: C++ compile error\n\nCommand: ...",
     "/opt/my python", "the path of this Python holds a space: /opt/my python"),
    ("", "/opt/python", "RuntimeError"),
])  # fmt: skip
def test_where_nothing_compiles_it_goes_on_with_one_line(
    make_model, monkeypatch, said, prefix, reason
):
    monkeypatch.setattr(sys, "prefix", prefix)

    def broken(function, is_cpu):
        def call(*arguments):
            raise RuntimeError(said)

        return call

    monkeypatch.setattr(compiled, "_compiled", broken)
    model = make_model()
    with pytest.warns(UserWarning, match=r"goes on uncompiled: .*\)$") as caught:
        got = generate(model, PROMPTS, 12, compiled=True)
    assert len(caught) == 1 and str(caught[0].message).endswith(f"({reason})")
    assert got == generate(model, PROMPTS, 12)


# In a process of its own: the shape checks of these tests are not for the compiler.
SCRIPT = """
import dataclasses, warnings
import torch
from llama_edu.config import PRESETS
from llama_edu.generate import generate
from llama_edu.model.llama import Llama

torch.manual_seed(0)
model = Llama(dataclasses.replace(PRESETS["tiny"], vocab_size=67, n_heads=8, d_model=48)).eval()
with torch.no_grad():
    for weight in model.parameters():
        weight.mul_(8 if weight.ndim == 2 else 1)
prompts = {prompts}
plain = generate(model, prompts, 12)
with warnings.catch_warnings(action="error", category=UserWarning):
    assert generate(model, prompts, 12, compiled=True) == plain
"""


@needs_compiler
@pytest.mark.parametrize("prompts", [
    PROMPTS[:1], pytest.param(PROMPTS, marks=pytest.mark.slow),
])  # fmt: skip
def test_compiled_it_writes_the_same(prompts):
    command = [sys.executable, "-c", SCRIPT.format(prompts=prompts)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
