"""A seed of a speedrun goes on wherever it was ended, to the same weights."""

import json

import pytest
import torch
from safetensors.torch import load_file

from llama_edu.finetune.instruct.recipe import run_stage, stages, world_model
from llama_edu.finetune.scored import score_run
from llama_edu.finetune.speedrun import seed as seeds
from llama_edu.finetune.speedrun.seed import run_seed, stage_folder
from llama_edu.pretrained import load_pretrained
from llama_edu.train.trainer import Trainer


def weights(run, seed=0):
    return load_file(stage_folder(run, seed, "instruct") / "model" / "model.safetensors")


def test_a_seed_is_pretrained_tuned_and_judged(begun, plan):
    assert run_seed(begun, 0)
    scores = json.loads((begun / "seed-0" / "scores.json").read_text(encoding="utf-8"))
    assert tuple(scores["kinds"]) == plan.recipe.kinds
    assert sum(n for _, n in scores["lengths"].values()) == sum(
        scores["kinds"][kind][1] for kind in ("where person", "where thing", "who has")
    )
    # Eight steps teach little: not worse by much than 700 tokens that are all alike.
    assert 0.5 < scores["bits_per_byte"]["pretrained"] < 8
    for wrong in scores["answers"]["wrong"]:
        assert wrong["answer"] != wrong["wanted"]
    judged = score_run(stage_folder(begun, 0, "instruct")).scores
    for kind, (right, n) in scores["kinds"].items():
        assert (judged[kind].n, judged[kind].mean) == (n, right / n)
    read = score_run(stage_folder(begun, 0, "pretrain")).scores["bits per byte"]
    assert read.mean == pytest.approx(scores["bits_per_byte"]["pretrained"], rel=1e-5)
    assert load_pretrained(stage_folder(begun, 0, "instruct")).tokenizer.chat_template


def test_a_seed_that_was_ended_in_each_stage_has_the_same_weights(begun, monkeypatch):
    run_seed(begun, 1)
    whole = weights(begun, 1)
    (begun / "seed-1").rename(begun / "whole")
    take, left = Trainer._take, []

    def ended(self, step, note):  # the first call in each stage is ended after a step
        if self.run not in left:
            left.append(self.run)
            return take(self, step, lambda: (True, False))
        return take(self, step, note)

    monkeypatch.setattr(Trainer, "_take", ended)
    assert [run_seed(begun, 1) for _ in range(3)] == [False, False, True]
    broken = weights(begun, 1)
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_the_trainer_trains_as_the_plain_loop_does(begun, plan):
    """The weights of both are equal but for the decay of norms, which the trainer leaves alone."""
    recipe = plan.of_seed(0)
    tokenizer = seeds.BPETokenizer.load(begun / "tokenizer")
    plain = world_model(recipe, tokenizer.vocab_size)
    for stage in stages(recipe, tokenizer):
        run_stage(plain, stage)
    run_seed(begun, 0)
    trained = load_pretrained(stage_folder(begun, 0, "instruct"), torch.float32).model
    for (name, ours), theirs in zip(trained.named_parameters(), plain.parameters(), strict=True):
        # lr * decay a step, of gains near 1, over 8 steps; and AdamW in one pass rounds otherwise.
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4, msg=name)
