"""Exercise 24: what is right by other ways is right, and likely slips are named."""

import pytest

from llama_edu.config import PRESETS
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.footprint import PUBLISHED
from llama_edu.footprint.compute import multiplied_params
from llama_edu.footprint.compute import training_flops as counted


def ask(name, answer):
    return diagnose(find_question(f"cost.{name}"), answer)


def reference(name):
    return find_question(f"cost.{name}").reference


def test_the_work_is_that_which_torch_counts():
    """By way of the package, which a test holds to torch's counter."""
    config = PRESETS["tiny"]
    ours = reference("training_flops")(
        multiplied_params(config), config.n_layers, config.n_heads, config.d_head, 48, 96.0
    )
    assert ours == counted(config, 96, 48)


def test_the_audit_finds_the_card_that_is_wrong():
    rows = [
        {"name": run.name, "gpu_hours": run.gpu_hours, "tonnes": run.tonnes}
        for run in PUBLISHED
        if run.watts == 700
    ]
    assert reference("wrong_rows")(rows, 700, 1.1, 0.385, 0.1) == ["Llama 3.3 70B"]


# Right answers, written otherwise.
def flops_at_once(n_multiplied, n_layers, n_heads, d_head, n_context, n_tokens):
    return 6 * n_tokens * (n_multiplied + n_layers * n_heads * d_head * n_context)


def days_by_gpu_hours(flops, peak, mfu, n_gpus):
    hours = flops / (peak * mfu) / 3600
    return hours / n_gpus / 24


def tonnes_in_kilowatts(gpu_hours, watts, pue, grid):
    return gpu_hours * (watts * 1e-3) * pue * (grid * 1e-3)


def rows_by_list(rows, watts, pue, grid, tolerance):
    def away(row):
        expected = row["gpu_hours"] * watts * pue * grid / 1e6
        return abs(row["tonnes"] / expected - 1) if expected else 0.0

    return [row["name"] for row in rows if away(row) > tolerance]


def even_by_total(n_small, d_small, n_large, d_large):
    gap = 6 * n_small * d_small - 6 * n_large * d_large
    return gap / (2 * n_large - 2 * n_small) if gap > 0 else 0


@pytest.mark.parametrize("name, answer", [
    ("training_flops", flops_at_once), ("days", days_by_gpu_hours),
    ("tonnes", tonnes_in_kilowatts), ("wrong_rows", rows_by_list), ("break_even", even_by_total),
])  # fmt: skip
def test_other_right_answers_are_right(name, answer):
    assert ask(name, answer).ok


# What a trial wrote, before it saw the catalogue.
def forgets_backward_of_attention(n_multiplied, n_layers, n_heads, d_head, n_context, n_tokens):
    return (6 * n_multiplied + 2 * n_layers * n_heads * d_head * n_context) * n_tokens


def twelve(n_multiplied, n_layers, n_heads, d_head, n_context, n_tokens):
    return (6 * n_multiplied + 12 * n_layers * n_heads * d_head * n_context) * n_tokens


def six_n_d(n_multiplied, n_layers, n_heads, d_head, n_context, n_tokens):
    return 6 * n_multiplied * n_tokens


def two_n_d(n_multiplied, n_layers, n_heads, d_head, n_context, n_tokens):
    return (2 * n_multiplied + 2 * n_layers * n_heads * d_head * n_context) * n_tokens


def gpu_days(flops, peak, mfu, n_gpus):
    return flops / (peak * mfu) / 86400


def hours_of_all(flops, peak, mfu, n_gpus):
    return flops / (peak * mfu * n_gpus) / 3600


def data_sheet_days(flops, peak, mfu, n_gpus):
    return flops / peak / n_gpus / 86400


def kilograms(gpu_hours, watts, pue, grid):
    return gpu_hours * watts / 1000 * pue * grid


def without_the_centre(gpu_hours, watts, pue, grid):
    return gpu_hours * watts / 1e6 * grid


def one_side(rows, watts, pue, grid, tolerance):
    wrong = []
    for row in rows:
        should = row["gpu_hours"] * watts * pue * grid / 1e6
        if (row["tonnes"] - should) > should * tolerance:
            wrong.append(row["name"])
    return wrong


def by_printed(rows, watts, pue, grid, tolerance):
    wrong = []
    for row in rows:
        should = row["gpu_hours"] * watts * pue * grid / 1e6
        if abs(row["tonnes"] - should) > row["tonnes"] * tolerance:
            wrong.append(row["name"])
    return wrong


def in_per_cent(rows, watts, pue, grid, tolerance):
    wrong = []
    for row in rows:
        expected = row["gpu_hours"] * watts * pue * grid / 1e6
        if expected and abs(row["tonnes"] - expected) / expected * 100 > tolerance:
            wrong.append(row["name"])
    return wrong


def by_ratio(rows, watts, pue, grid, tolerance):
    def ratio(row):
        return row["tonnes"] / (row["gpu_hours"] * watts * pue * grid / 1e6)

    return [row["name"] for row in rows if ratio(row) > tolerance]


def negative(n_small, d_small, n_large, d_large):
    return 3 * (n_small * d_small - n_large * d_large) / (n_large - n_small)


def all_of_the_small(n_small, d_small, n_large, d_large):
    return max(0.0, 6 * n_small * d_small / (2 * (n_large - n_small)))


@pytest.mark.parametrize("name, answer, said", [
    ("training_flops", forgets_backward_of_attention, "attention_is_not_trained"),
    ("training_flops", twelve, "no_mask"),
    ("training_flops", six_n_d, "no_attention"),
    ("training_flops", two_n_d, "forward_only"),
    ("days", gpu_days, "one_gpu"),
    ("days", hours_of_all, "hours"),
    ("days", data_sheet_days, "full_speed"),
    ("tonnes", kilograms, "kilograms"),
    ("tonnes", without_the_centre, "no_pue"),
    ("wrong_rows", one_side, "only_too_high"),
    ("wrong_rows", by_printed, "share_of_the_printed"),
    ("wrong_rows", in_per_cent, "percent"),
    ("wrong_rows", by_ratio, "ratio"),
    ("break_even", negative, "below_zero"),
    ("break_even", all_of_the_small, "whole_training"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, said):
    assert ask(name, answer).misconception == said
