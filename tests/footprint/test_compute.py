"""Operations are those that torch counts."""

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from llama_edu.config import PRESETS
from llama_edu.footprint import GPUS, decode_flops, gpu_hours, mfu, training_flops
from llama_edu.model.llama import Llama
from llama_edu.train.loss import token_loss

TINY = PRESETS["tiny"]


@pytest.mark.parametrize("is_tied", [False, True])
def test_training_needs_the_operations_that_torch_counts(is_tied):
    config = replace(TINY, tie_embeddings=is_tied)
    tokens = torch.randint(config.vocab_size, (2, 48))
    counter = FlopCounterMode(display=False)
    # The plain formula, whose products torch counts. It computes what the mask hides too: twice.
    with counter, sdpa_kernel(SDPBackend.MATH):
        token_loss(Llama(config)(tokens), tokens)[0].backward()
    n_tokens, n_context = tokens.numel(), tokens.shape[1]
    hidden = 6 * config.n_layers * config.n_heads * config.d_head * n_context * n_tokens
    ours = training_flops(config, n_tokens, n_context)
    assert counter.get_total_flops() == pytest.approx(ours + hidden, rel=1e-12)


def test_a_decoded_token_needs_the_operations_that_torch_counts():
    model, n_before = Llama(TINY), 20
    cache = model.new_cache(1, 32)
    model(torch.zeros(1, n_before - 1, dtype=torch.long), cache=cache)
    counter = FlopCounterMode(display=False)
    with counter, sdpa_kernel(SDPBackend.MATH):
        model(torch.zeros(1, 1, dtype=torch.long), cache=cache)
    assert counter.get_total_flops() == decode_flops(TINY, n_before)


def test_six_n_d_is_the_paper_of_llama_3s_number():
    config = PRESETS["llama-3.1-405b"]
    flops = training_flops(config, 15.6e12)
    assert flops == pytest.approx(3.8e25, rel=0.01)  # arXiv:2407.21783, sec. 3.2
    assert mfu(flops, GPUS["h100"], 30.84e6) == pytest.approx(0.346, abs=0.001)


def test_llama_65b_used_half_of_its_gpus():
    flops = training_flops(PRESETS["llama-65b"], 1.4e12)
    assert mfu(flops, GPUS["a100"], 1_022_362) == pytest.approx(0.478, abs=0.001)


def test_hours_and_utilization_undo_each_other():
    assert mfu(1e21, GPUS["h100"], gpu_hours(1e21, GPUS["h100"], 0.4)) == pytest.approx(0.4)


@pytest.mark.parametrize("wrong", [0, -0.1, 1.01, 40])
def test_a_utilization_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="must be above 0 and at most 1"):
        gpu_hours(1e21, GPUS["h100"], wrong)


def test_a_run_without_hours_has_no_utilization():
    with pytest.raises(ValueError, match="hours=0"):
        mfu(1e21, GPUS["h100"], 0)
