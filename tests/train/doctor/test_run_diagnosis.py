"""The doctor names the fault of a run that was broken on purpose, and none of a healthy one."""

import json

import pytest
from typer.testing import CliRunner

from llama_edu.train.doctor import Finding, diagnose
from llama_edu.train.doctor.broken import BROKEN, HEALTHY, make_run
from llama_edu.train.doctor.finding import ADVICE
from llama_edu.train.doctor.table import examine

# Few steps show these: what was shown, counted or shifted, and what gradients do at the start.
SOON = {
    "one batch repeated": 12, "loss on padding": 12, "wrong mean": 12, "text in its order": 12,
    "held-out text in training": 12, "exploding gradients": 12, "vanishing gradients": 12,
    "unshifted targets": 60,
}  # fmt: skip


@pytest.mark.parametrize("kind", SOON)
def test_a_fault_that_shows_soon_is_named(kind, tmp_path):
    recipe = BROKEN[kind]
    settings = {**recipe.settings, "n_steps": SOON[kind], "n_warmup": 2}
    run = make_run(tmp_path / "run", recipe.__class__(**{**vars(recipe), "settings": settings}))
    assert diagnose(run, trial_seconds=0).names == [kind]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", BROKEN)
def test_a_fault_is_named(kind, seed, tmp_path):
    assert examine(kind, seed, tmp_path / "run") == [kind]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", HEALTHY)
def test_nothing_is_named_in_a_healthy_run(kind, seed, tmp_path):
    assert examine(kind, seed, tmp_path / "run") == []


def test_every_fault_has_advice():
    assert BROKEN.keys() <= ADVICE.keys()
    with pytest.raises(ValueError, match="name must be one of"):
        Finding("measles", "spots")


@pytest.fixture
def short(tmp_path):
    """A sound run of some steps."""
    recipe = HEALTHY["stories"]
    settings = {"n_steps": 12, "n_warmup": 2, "eval_every": 6, "save_every": 6}
    return make_run(
        tmp_path / "run", recipe.__class__(**{**vars(recipe), "settings": settings})
    )  # fmt: skip


def test_a_short_sound_run_has_no_fault_but_being_short(short):
    assert diagnose(short, trial_seconds=0).names == []
    assert diagnose(short, trial_seconds=60).names == ["underfitting"]


def test_what_cannot_be_asked_is_said(short):
    for name in ("train.tokens", "held_out.tokens"):
        (short / "data" / name).unlink()
    (short / "checkpoints" / "last" / "state.json").unlink()
    (short / "batches.jsonl").unlink()
    lines = [json.loads(line) for line in (short / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("batch", None), line.pop("n_targets", None)
    (short / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    diagnosis = diagnose(short)
    assert diagnosis.names == []
    assert [line.split(":")[0] for line in diagnosis.not_asked] == [
        "no data/train.tokens", "no checkpoint", "no marks of batches",
    ]  # fmt: skip


def test_a_folder_without_a_run_is_refused(tmp_path, short):
    with pytest.raises(FileNotFoundError, match=r"holds no run: there is no run\.json"):
        diagnose(tmp_path / "nowhere")
    (short / "metrics.jsonl").write_text("")
    with pytest.raises(FileNotFoundError, match="has not taken a step"):
        diagnose(short)


def test_the_command_says_what_it_found(tmp_path):
    from llama_edu.cli.train import app

    recipe = BROKEN["loss on padding"]
    run = make_run(
        tmp_path / "run", recipe.__class__(**{**vars(recipe), "settings": {"n_steps": 20}})
    )
    said = CliRunner().invoke(app, ["doctor", str(run), "--seconds", "0"])
    assert said.exit_code == 0, said.output
    assert "loss on padding" in said.output and "What to do: Give padding" in said.output
