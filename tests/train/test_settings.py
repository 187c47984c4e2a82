"""Settings: refused at once where they cannot be meant, and a schedule from step 1 to the last."""

import pytest
import torch

from llama_edu.model import linear
from llama_edu.train.settings import TrainSettings


@pytest.mark.parametrize("wrong, message", [
    ({"n_steps": 0}, "n_steps must be at least 1, got 0"),
    ({"n_parts": 0}, "n_parts must be at least 1"),
    ({"n_warmup": 11}, "n_warmup=11 must be from 0 to n_steps=10"),
    ({"minutes": 0}, "minutes must be positive, got 0"),
    ({"max_grad_norm": float("nan")}, "max_grad_norm must be positive, got nan"),
    ({"optimizer": "sgd"}, r"optimizer must be one of \('adamw', 'lamb'\), got 'sgd'"),
    ({"precision": "fp16"}, "precision must be one of"),
])  # fmt: skip
def test_what_cannot_be_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        TrainSettings(**{"n_steps": 10, **wrong})


def test_no_step_has_a_rate_of_zero_and_the_last_ends_the_fall():
    settings = TrainSettings(n_steps=10, peak_lr=0.3, n_warmup=4)
    rates = [settings.schedule(step) for step in range(1, 11)]
    assert rates[0] == pytest.approx(0.075) and max(rates) == rates[3] == 0.3
    assert rates[-1] == pytest.approx(0.03)


@pytest.mark.parametrize("has_bf16, precision, dtype", [
    (True, "auto", torch.bfloat16), (False, "auto", torch.float32),
    (False, "bf16", torch.bfloat16), (True, "fp32", torch.float32),
])  # fmt: skip
def test_bf16_is_taken_where_the_processor_multiplies_it(monkeypatch, has_bf16, precision, dtype):
    monkeypatch.setattr(linear, "_this_cpu_does", lambda: has_bf16)
    settings = TrainSettings(n_steps=1, precision=precision)
    assert settings.dtype(torch.device("cpu")) == dtype
