"""Each stage from a pretrained run to a scored one, in pieces as whole."""

import json

import pytest
import torch
from safetensors.torch import load_file

from llama_edu.finetune.scored import score_run
from llama_edu.finetune.tune import Wishes, prepare, tune
from llama_edu.finetune.tune.plan import Plan
from llama_edu.train.trainer import Trainer


def tuned(run, start, stage, **wishes):
    prepare(run, Wishes(stage=stage, start=str(start), n_steps=4, **wishes), lambda line: None)
    return tune(run, is_shown=False)


def test_pairs_are_learned_from_a_run_that_never_chatted(pretrained_run, pairs, tmp_path):
    outcome, before, after = tuned(tmp_path / "run", pretrained_run, "instruct", data=(str(pairs),))
    assert (outcome.step, before) == (4, {})  # new tokens answer nothing yet
    assert after.scores.keys() == {"my pairs"} and after.scores["my pairs"].n == 3
    assert "chat" in after.command
    about = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert about["stage"] == "instruct"
    _, before, _ = tuned(tmp_path / "more", tmp_path / "run", "instruct", data=(str(pairs),))
    assert before["my pairs"].n == 3


def test_adversarial_training_reads_the_text_of_its_start(pretrained_run, tmp_path):
    _, before, after = tuned(tmp_path / "run", pretrained_run, "adversarial")
    numbers = json.loads((pretrained_run / "report.json").read_text(encoding="utf-8"))
    assert before["bits per byte"].mean == pytest.approx(
        numbers["bits_per_byte"]["this model"], rel=1e-5
    )
    assert after.scores["bits per byte"].mean < before["bits per byte"].mean  # few steps, but down
    assert score_run(tmp_path / "run").scores == after.scores


def test_adversarial_training_needs_a_text(pretrained_run, pairs, tmp_path):
    tuned(tmp_path / "chat", pretrained_run, "instruct", data=(str(pairs),))
    with pytest.raises(ValueError, match="adversarial needs a run of"):
        prepare(tmp_path / "run", Wishes(stage="adversarial", start=str(tmp_path / "chat")))


def test_several_tasks_are_judged_each(pretrained_run, pairs, tmp_path):
    data = (str(pairs), "world lists")
    _, _, after = tuned(tmp_path / "run", pretrained_run, "multitask", data=data)
    assert {"my pairs", "persons", "all"} <= after.scores.keys()


def test_a_run_in_pieces_has_the_weights_of_a_whole_one(
    pretrained_run, pairs, tmp_path, monkeypatch
):
    def weights(run):
        return load_file(run / "model" / "model.safetensors")

    tuned(tmp_path / "whole", pretrained_run, "multitask", data=(str(pairs), "world lists"))
    take, left = Trainer._take, [1]

    def ended(self, step, note):
        return take(self, step, lambda: (left.pop() == 1 if left else False, False))

    monkeypatch.setattr(Trainer, "_take", ended)
    run = tmp_path / "run"
    outcome, _, after = tuned(run, pretrained_run, "multitask", data=(str(pairs), "world lists"))
    assert (outcome.reason, after) == ("interrupted", None)
    assert tune(run, is_shown=False)[0].reason == "done"
    whole, pieces = weights(tmp_path / "whole"), weights(run)
    assert all(torch.equal(whole[name], pieces[name]) for name in whole)


def test_steps_fit_the_minutes(pretrained_run, pairs, tmp_path):
    wishes = Wishes(stage="instruct", start=str(pretrained_run), data=(str(pairs),), minutes=0.05)
    prepare(tmp_path / "run", wishes, lambda line: None)
    assert 1 <= Plan.load(tmp_path / "run").settings.n_steps < 3000


def test_a_folder_in_use_and_an_empty_one_are_refused(pretrained_run, tmp_path):
    wishes = Wishes(stage="adversarial", start=str(pretrained_run))
    with pytest.raises(FileExistsError, match="is in use: choose another"):
        prepare(pretrained_run, wishes)
    with pytest.raises(FileNotFoundError, match="nothing to resume"):
        tune(tmp_path)
