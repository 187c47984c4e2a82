"""The comparison of hints: what is measured stays, what is missing is filled in."""

import json

from benchmarks import hints
from llama_edu.finetune.speedrun.plan import RECIPE


def test_only_what_is_missing_is_measured(tmp_path, monkeypatch):
    asked = []

    def score(recipe):
        asked.append((recipe.tells_account, recipe.seed))
        return dict.fromkeys(("three questions", *hints.QUESTIONS), recipe.seed / 4)

    monkeypatch.setattr(hints, "score", score)
    path, arms = tmp_path / "hints.json", ["all three hints", "without the account"]
    hints.measure(path, 8, 1, arms)
    hints.measure(path, 8, 2, arms)
    assert asked == [(True, 0), (False, 0), (True, 1), (False, 1)]
    known = json.loads(path.read_text(encoding="utf-8"))
    assert known["arms"]["without the account"]["who has"] == [0.0, 0.25]
    hints.measure(path, 9, 1, arms[:1])  # of another length: begun anew
    known = json.loads(path.read_text(encoding="utf-8"))["arms"]
    assert known["all three hints"]["three questions"] == [0.0]
    assert (known["all three hints"]["n_steps"], known["without the account"]["n_steps"]) == (9, 8)


def test_the_lessons_numbers_are_taken_over(tmp_path):
    parts = {"final": {kind: [3, 4] for kind in hints.QUESTIONS}, "steps": [400, 800]}
    hints.of_lesson(tmp_path / "hints.json", {"whole": parts, "plain": parts})
    known = json.loads((tmp_path / "hints.json").read_text(encoding="utf-8"))["arms"]
    assert known["lesson 17: the tokenizer alone"]["three questions"] == [0.75]
    assert known["lesson 17: all three hints"]["n_steps"] == 800


def test_nothing_by_hand_is_nothing_by_hand():
    assert set(hints.ARMS["nothing by hand"]) == {"tells_account", "starts_copying", "knows_words"}
    assert all(getattr(RECIPE, name) for name in hints.ARMS["nothing by hand"])
