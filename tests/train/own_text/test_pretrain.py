"""From a folder of stories to a model and a page, whole and in pieces."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from llama_edu.pretrained import load_pretrained
from llama_edu.train.journal import read_lines
from llama_edu.train.own_text import Wishes, prepare, train_own_text
from llama_edu.train.own_text.plan import Plan

ROOT = Path(__file__).parents[3]


def weights(run) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / "model.safetensors")


def test_a_run_ends_in_a_model_and_a_page(prepared):
    run, said = prepared
    outcome, results = train_own_text(run, is_shown=False)
    assert (outcome.step, outcome.reason) == (12, "done")
    ours, gzip, *_ = results.bits_per_byte.values()
    # Twelve steps teach how common the tokens are: no more than 8 bits a byte.
    assert 0 < ours < 8 and 0 < gzip < 8
    assert any("documents" in line for line in said) and any(
        "minutes here" in line for line in said
    )
    page = (run / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    assert "<script" not in page and "://" not in page.split("<svg")[0]
    assert "llama-edu complete" in page and f"{results.bits_per_byte['this model']:.3f}" in page
    samples = read_lines(run / "samples.jsonl")
    assert samples[-1]["step"] == 12 and samples[-1]["text"]
    pretrained = load_pretrained(run)
    assert pretrained.tokenizer.decode(pretrained.text_ids("Ada")) == "Ada"
    numbers = json.loads((run / "report.json").read_text(encoding="utf-8"))
    assert numbers["cost"]["n_tokens"] == 12 * 4 * 128


def test_the_same_seed_gives_the_same_weights(stories, tmp_path):
    found = []
    for i, seed in enumerate((0, 0, 1)):
        run = tmp_path / str(i)
        prepare(stories, run, Wishes(n_steps=3, preset="tiny", seed=seed), lambda line: None)
        train_own_text(run, is_shown=False)
        found.append(weights(run)["model.embed_tokens.weight"])
    assert torch.equal(found[0], found[1])
    assert found[2].shape != found[0].shape or not torch.equal(found[0], found[2])


def test_a_folder_in_use_is_refused_and_a_half_prepared_one_is_not(prepared, stories, tmp_path):
    run, _ = prepared
    with pytest.raises(FileExistsError, match="is in use: choose another; --resume goes on"):
        prepare(stories, run, Wishes())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(FileExistsError, match=r"in use: choose another$"):
        prepare(stories, tmp_path / "mine", Wishes())
    (run / "plan.json").unlink()
    with pytest.raises(FileNotFoundError, match="nothing to resume"):
        train_own_text(run)
    prepare(stories, run, Wishes(n_steps=1, preset="tiny"), lambda line: None)
    assert Plan.load(run / "plan.json").settings.n_steps == 1


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"minutes": float("nan")}, {"n_steps": 0}])
def test_wishes_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        Wishes(**wrong)


@pytest.mark.slow
def test_a_run_that_is_killed_three_times_is_the_unbroken_one(stories, tmp_path):
    found = []
    for name in ("whole", "broken"):
        run = tmp_path / name
        prepare(stories, run, Wishes(n_steps=60, preset="tiny"), lambda line: None)
        values = json.loads((run / "plan.json").read_text(encoding="utf-8"))
        values["settings"]["save_every"] = 7
        (run / "plan.json").write_text(json.dumps(values), encoding="utf-8")
        dice = random.Random(0)
        kills = sorted(dice.sample(range(3, 58), 3)) if name == "broken" else []
        for step in (*kills, None):
            command = [sys.executable, "-m", "llama_edu", "train", "--out", str(run), "--resume"]
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
            while step and process.poll() is None and _last_step(run) < step:
                time.sleep(0.005)
            if step:
                process.send_signal(signal.SIGKILL)
            _, said = process.communicate(timeout=240)
            assert process.returncode == (-signal.SIGKILL if step else 0), said
        found.append(weights(run))
    whole, broken = found
    assert whole.keys() == broken.keys()
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


def _last_step(run: Path) -> int:
    path = run / "metrics.jsonl"
    return max((line["step"] for line in read_lines(path)), default=0) if path.exists() else 0
