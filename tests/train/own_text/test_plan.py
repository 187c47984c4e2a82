"""Shapes are fitted to a speed that is given here, so that no clock decides a test."""

import pytest
import torch

from llama_edu.train.own_text import plan
from llama_edu.train.own_text.plan import Plan, fit, new_model, preset_shape, shape
from llama_edu.train.own_text.vocabulary import choose_size
from llama_edu.train.settings import TrainSettings

CPU = torch.device("cpu")


def machine(flops):
    """A speed that falls with the weights, as it does on a real machine."""
    return lambda config, batch_size, device: (flops / (6 * config.n_params), 1)


def test_a_faster_machine_gets_a_larger_model_and_enough_tokens():
    sizes = []
    for flops in (1e9, 1e11, 1e13):
        config, n_steps, speed, _, _ = fit(1024, 10_000_000, 240, CPU, machine(flops))
        sizes.append(config.n_params)
        n_seen = n_steps * plan.BATCH_SIZE * plan.WINDOW
        if flops > 1e9:
            assert n_seen >= plan.TOKENS_PER_PARAMETER * config.n_params
        # Within a step of the time, or of the least number of steps.
        assert n_seen / speed <= 241 or n_steps == 20
    assert sizes[0] < sizes[1] < sizes[2]


def test_a_short_text_gets_a_small_model_and_no_endless_repeats():
    config, n_steps, *_ = fit(512, 20_000, 240, CPU, machine(1e12))
    assert config.d_model == plan.LADDER[0][0]
    assert n_steps * plan.BATCH_SIZE * plan.WINDOW <= plan.MAX_EPOCHS * 20_000 + 1024


def test_each_rung_is_dearer_than_the_one_before():
    sizes = [shape(*rung, 1024).n_params for rung in plan.LADDER]
    assert sizes == sorted(sizes)


def test_speed_is_measured_by_training():
    assert 10 < plan.measure_speed(preset_shape("tiny", 300), 2, CPU) < 1e8


def test_threads_are_chosen_by_speed_and_left_as_they_were(monkeypatch):
    n_threads = 4
    monkeypatch.setattr(torch, "get_num_threads", lambda: n_threads)

    def set_num_threads(n):
        nonlocal n_threads
        n_threads = n

    monkeypatch.setattr(torch, "set_num_threads", set_num_threads)
    monkeypatch.setattr(plan, "measure_speed", lambda *_: 10.0 / n_threads)
    assert plan.fastest_threads(preset_shape("tiny", 300), 2, CPU) == (10.0, 1)
    assert n_threads == 4


def test_scores_start_large_enough_to_grow():
    model = new_model(preset_shape("tiny", 4096), seed=0)
    assert model.embedding.weight.std().item() == pytest.approx(0.1, rel=0.02)
    other = new_model(preset_shape("tiny", 4096), seed=0)
    assert torch.equal(model.embedding.weight, other.embedding.weight)


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match="preset='large' must be one of"):
        preset_shape("large", 512)


def test_a_plan_is_read_as_it_was_written(tmp_path):
    settings = TrainSettings(n_steps=5, prompts=("a", "b"), betas=(0.5, 0.6))
    written = Plan(shape(64, 2, 512), settings, 8, 3, 1234.5, 2, "a rule")
    written.save(tmp_path / "plan.json")
    assert Plan.load(tmp_path / "plan.json") == written


@pytest.mark.parametrize("n_bytes, is_chinese, size", [
    (30_000, False, 512), (500_000, False, 1024), (3_000_000, False, 2048),
    (3_000_000, True, 4096), (30_000_000, False, 4096),
])  # fmt: skip
def test_vocabulary_grows_with_the_text(n_bytes, is_chinese, size):
    chosen, why = choose_size(n_bytes, is_chinese)
    assert chosen == size and f"{n_bytes / 1e6:.1f} MB" in why
