"""The whole speedrun: seeds side by side, a page, and a second call that goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llama_edu.finetune.instruct.recipe import Recipe
from llama_edu.finetune.speedrun.plan import Plan
from llama_edu.finetune.speedrun.race import prepare, run_seeds

ROOT = Path(__file__).parents[3]


def test_a_plan_is_read_as_it_was_written(tmp_path, plan):
    plan.save(tmp_path)
    assert Plan.load(tmp_path) == plan


@pytest.mark.parametrize("wrong", [
    {"n_seeds": 0}, {"n_stories": 0}, {"n_texts": -1}, {"recipe": Recipe(n_steps=3)}
])  # fmt: skip
def test_a_plan_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match="must be at least"):
        Plan(**wrong)


def test_a_folder_of_another_plan_or_of_something_else_is_refused(begun, plan, tmp_path):
    said = []
    assert prepare(begun, plan, said.append) == plan and said == [f"going on in {begun}"]
    with pytest.raises(ValueError, match="was begun with other settings"):
        prepare(begun, Plan(), said.append)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(FileExistsError, match="is in use"):
        prepare(tmp_path / "mine", plan, said.append)


def test_a_seed_that_fails_is_said_with_the_end_of_its_log(begun, plan):
    (begun / "tokenizer" / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"seed \d failed.*\n(.*\n)*.*Error"):
        run_seeds(begun, plan, lambda line: None)


@pytest.mark.slow
def test_a_run_killed_in_the_middle_goes_on_and_writes_its_page(tmp_path):
    run = tmp_path / "run"
    command = [
        *(sys.executable, "-m", "llama_edu", "speedrun", "--out", str(run)),
        *("--steps", "40", "--seeds", "2", "--stories", "4"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    metrics = run / "seed-1" / "instruct" / "metrics.jsonl"
    while process.poll() is None and not metrics.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)  # the seeds are told by the pipe that closes
    process.wait()
    second = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    assert f"going on in {run}" in second.stdout and "Talk to it: " in second.stdout
    page = (run / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4 and "<script" not in page
    numbers = json.loads((run / "report.json").read_text(encoding="utf-8"))
    assert set(numbers["bits_per_byte"]) > {"this model, pretrained", "gzip -9"}
    assert numbers["cost"]["n_tokens"] == 2 * 40 * 1024
