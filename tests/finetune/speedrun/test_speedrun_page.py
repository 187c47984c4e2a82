"""The numbers of the page, by hand."""

import json
import shutil

import pytest

from llama_edu.evaluate.scores import wilson
from llama_edu.finetune.speedrun.page import pooled, reached, share_over_seeds, write_page
from llama_edu.finetune.speedrun.seed import run_seed


def test_the_range_holds_every_seed_own_interval():
    mean, low, high = share_over_seeds([(8, 10), (9, 10), (4, 5)])
    assert mean == pytest.approx((0.8 + 0.9 + 0.8) / 3)
    assert (low, high) == (wilson(4, 5)[0], wilson(9, 10)[1])


def test_pooled_counts_questions_and_nothing_else():
    assert pooled({"where person": (3, 4), "who has": (1, 6), "summary": (0, 9)}) == [4, 10]


@pytest.mark.parametrize("least, together, expected", [
    (0.81, 0.90, True), (0.79, 0.95, False), (0.85, 0.89, False)
])  # fmt: skip
def test_the_goal_is_for_all_together_and_for_each(least, together, expected):
    ranges = {"three questions": (together,), "where person": (1.0,), "where thing": (least,)}
    assert reached({"ranges": ranges | {"who has": (0.9,)}}) is expected


def test_the_page_has_every_part(begun):
    run_seed(begun, 0)
    shutil.copytree(begun / "seed-0", begun / "seed-1")
    base = {"bits_per_byte": {"gzip -9": 1.1}, "n_bytes": 1000}
    (begun / "baselines.json").write_text(json.dumps(base), encoding="utf-8")
    (begun / "calls.jsonl").write_text('{"seconds": 90, "n_cores": 2}\n', encoding="utf-8")
    numbers = write_page(begun)
    page = (begun / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4 and "<script" not in page
    assert "1.5 minutes" in page and "gzip -9" in page and "The goal is not reached" in page
    assert "answers that are wrong" in page and "llama-edu chat" in page
    assert "mimetic" in page and "account" in page
    assert numbers["ranges"]["three questions"][0] < 0.5
    assert numbers["bits_per_byte"]["gzip -9"] == 1.1
