"""The comparison of hints: what is measured stays, what is missing is filled in."""

import json

from benchmarks import hints
from llama_edu.finetune.speedrun.plan import RECIPE, Plan


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


def test_a_speedrun_is_the_arm_with_all_hints(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    Plan().save(run)
    scores = {"scores": {key: [0.5, 0.74996] for key in hints.COLUMNS} | {"count": [1.0, 1.0]}}
    (run / "report.json").write_text(json.dumps(scores), encoding="utf-8")
    hints.of_speedrun(tmp_path / "hints.json", run)
    known = json.loads((tmp_path / "hints.json").read_text(encoding="utf-8"))
    assert known == {
        "columns": hints.COLUMNS,
        "arms": {
            "all three hints": {"n_steps": RECIPE.n_steps}
            | {key: [0.5, 0.75] for key in hints.COLUMNS}
        },
    }


def test_nothing_by_hand_is_nothing_by_hand():
    assert set(hints.ARMS["nothing by hand"]) == {"tells_account", "starts_copying", "knows_words"}
    assert all(getattr(RECIPE, name) for name in hints.ARMS["nothing by hand"])
