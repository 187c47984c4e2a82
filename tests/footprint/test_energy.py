"""The published tables, recomputed; and what is wrong in them."""

import pytest

from llama_edu.config import PRESETS
from llama_edu.footprint import PUBLISHED, bill, gpu_hours, mfu, training_flops
from llama_edu.footprint.gpus import GPUS

ROWS = {run.name: run for run in PUBLISHED}


@pytest.mark.parametrize("run", [r for r in PUBLISHED if r.mwh], ids=lambda run: run.name)
def test_llamas_table_follows_its_formula(run):
    ours = bill(run.gpu_hours, run.watts)
    assert ours.kwh / 1000 == pytest.approx(run.mwh, rel=0.01)
    assert ours.kg / 1000 == pytest.approx(run.tonnes, rel=0.015)  # printed in whole tonnes


@pytest.mark.parametrize("name", ["7B", "13B", "34B", "70B"])
def test_llama_2s_rows_hold_a_pue_that_its_text_denies(name):
    run = ROWS[f"Llama 2 {name}"]
    assert bill(run.gpu_hours, run.watts).kg / 1000 == pytest.approx(run.tonnes, abs=0.015)
    without = bill(run.gpu_hours, run.watts, pue=1).kg / 1000
    assert abs(without - run.tonnes) > 2


def test_llama_2s_card_leaves_a_row_out():
    family = [run for run in PUBLISHED if run.name.startswith("Llama 2 ")]
    assert sum(run.tonnes for run in family) == pytest.approx(539.00, abs=0.03)
    printed = [run for run in family if run.name != "Llama 2 34B"]
    assert sum(run.tonnes for run in printed) == pytest.approx(385.08, abs=0.01)
    assert sum(run.gpu_hours for run in printed) == 2_273_280


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("Llama 3 ", 0.42, 0.43), ("Llama 3.1 ", 0.4108, 0.4165), ("Llama 3.2 ", 0.413, 0.4135),
     ("Llama 4 ", 0.3868, 0.3873)],
)  # fmt: skip
def test_later_cards_imply_other_factors(name, low, high):
    for run in PUBLISHED:
        if run.name.startswith(name):
            assert low <= run.tonnes * 1000 / (run.gpu_hours * run.watts / 1000) <= high, run.name


def test_llama_3_3s_card_is_wrong_by_a_hundred_and_sixty():
    run = ROWS["Llama 3.3 70B"]
    assert ROWS["Llama 3.1 70B"].gpu_hours == run.gpu_hours
    assert bill(run.gpu_hours, run.watts).kg / 1000 / run.tonnes > 150


def test_five_months_of_llamas_development_are_four():
    hours = 2_638e3 / (0.4 * 1.1 * 2048)  # 2,638 MWh on 2,048 GPUs
    assert hours / 24 == pytest.approx(122, abs=0.5)


def test_each_row_with_a_shape_reached_a_share_that_can_be():
    for run in PUBLISHED:
        if run.preset and run.n_tokens:
            flops = training_flops(PRESETS[run.preset], run.n_tokens)
            share = mfu(flops, GPUS[run.gpu], run.gpu_hours)
            assert 0.05 < share < 0.6, run.name  # 0.05: Llama 3.2 1B, of which little is said
            assert gpu_hours(flops, GPUS[run.gpu], share) == pytest.approx(run.gpu_hours)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"gpu_hours": -1}, "gpu_hours=-1"), ({"watts": -1}, "watts=-1"), ({"pue": 0.9}, "pue=0.9"),
     ({"grid": -0.1}, "grid=-0.1")],
)  # fmt: skip
def test_numbers_that_cannot_be_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        bill(**{"gpu_hours": 1, "watts": 400} | wrong)
