"""Warm-up and cosine: the numbers of LLaMA's own schedule, and torch's cosine."""

import pytest
import torch

from llama_edu.train.schedule import warmup_cosine


@pytest.mark.parametrize("step, lr", [
    (0, 0.0), (1000, 1.5e-4), (2000, 3e-4), (6000, 1.65e-4), (10_000, 3e-5), (12_000, 3e-5),
])  # fmt: skip
def test_llamas_schedule(step, lr):
    assert warmup_cosine(step, 3e-4, n_warmup=2000, n_steps=10_000) == pytest.approx(lr, abs=1e-12)


def test_the_cosine_is_torchs():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.5)
    for step in range(20):
        ours = warmup_cosine(step, 2.0, n_warmup=0, n_steps=20, final_share=0.25)
        assert ours == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()


def test_a_run_that_is_all_warm_up_ends_at_the_peak():
    assert warmup_cosine(5, 1.0, n_warmup=5, n_steps=5) == 1.0
    assert warmup_cosine(4, 1.0, n_warmup=5, n_steps=5) == 0.8


@pytest.mark.parametrize("settings, message", [
    ({"n_warmup": 7, "n_steps": 6}, "n_warmup=7 must be from 0 to n_steps=6"),
    ({"n_warmup": -1, "n_steps": 6}, "n_warmup=-1"),
    ({"n_warmup": 0, "n_steps": 6, "final_share": 1.5}, "final_share=1.5 must be from 0 to 1"),
])  # fmt: skip
def test_what_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        warmup_cosine(0, 1.0, **settings)
