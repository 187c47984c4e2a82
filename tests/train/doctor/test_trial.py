"""Trials: what is believed of them, and which runs get one; the training itself is left out."""

import pytest

from llama_edu.train.doctor import trial
from llama_edu.train.doctor.broken import Recipe, make_run
from llama_edu.train.doctor.read import read_run

LR = 1e-2


@pytest.fixture(scope="module")
def short_runs(tmp_path_factory):
    """Twelve steps with warm-up and without: far behind what counting pairs reaches."""
    settings = {"n_steps": 12, "peak_lr": LR, "eval_every": 6, "save_every": 6}
    return {
        n_warmup: read_run(
            make_run(
                tmp_path_factory.mktemp("runs") / "run",
                Recipe(settings={**settings, "n_warmup": n_warmup}),
            )
        )
        for n_warmup in (0, 2)
    }


def ask(run, monkeypatch, losses):
    """Name what trials that end at these losses, by how often the rate is the run's, show."""
    monkeypatch.setattr(trial, "_try", lambda run, lr, *_: (losses[round(lr / LR, 3)], 50))
    finding = trial.settings(run, seconds=1.0, say=lambda line: None)
    return finding and finding.name


@pytest.mark.parametrize("same, tenth, tenfold, name", [
    (1.0, 1.5, 1.5, "not the settings"),
    (1.5, 1.0, 2.0, "learning rate too high"),  # the same rate did better by chance, and less so
    (9.0, 1.0, 9.0, "learning rate too high"),
    (9.0, 9.0, 1.0, "learning rate too low"),
    (9.0, 9.0, 9.0, "underfitting"),
])  # fmt: skip
def test_the_trial_that_gets_furthest_is_believed(
    same, tenth, tenfold, name, short_runs, monkeypatch
):
    assert ask(short_runs[2], monkeypatch, {1.0: same, 0.1: tenth, 10.0: tenfold}) == name


def test_a_run_without_warm_up_is_tried_with_one_however_far_it_got(short_runs, monkeypatch):
    monkeypatch.setattr(trial, "pairs_loss", lambda run: (9.0, 9.0))
    assert ask(short_runs[0], monkeypatch, {1.0: 1.0}) == "no warm-up"
    assert ask(short_runs[0], monkeypatch, {1.0: 9.0}) is None
    assert ask(short_runs[2], monkeypatch, {}) is None
