"""`llama-edu eval`: what is no run is said in one line."""

import json

import pytest
from typer.testing import CliRunner

from llama_edu.cli import app
from llama_edu.evaluate import Score
from llama_edu.finetune import scored


@pytest.mark.parametrize("files, said", [
    ([], "is no run of training: it has no run.json"),
    (["speedrun.json"], "holds several runs: choose one, as "),
    (["run.json"], "has no model yet: --resume goes on with it"),
    (["run.json", "model/config.json"], "keeps nothing to be judged by"),
])  # fmt: skip
def test_a_folder_that_cannot_be_judged_is_one_line(files, said, tmp_path):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps({}), encoding="utf-8")
    error = CliRunner().invoke(app, ["eval", str(tmp_path)]).exception
    assert isinstance(error, FileNotFoundError)
    assert said in str(error) and "\n" not in str(error)


def test_scores_their_meaning_and_the_next_command_are_printed(tmp_path, monkeypatch):
    found = scored.Scored({"all": Score(0.5, 0.2, 0.8, 10)}, "exact match", "llama-edu chat x")
    monkeypatch.setattr(scored, "score_run", lambda run: found)
    lines = CliRunner().invoke(app, ["eval", str(tmp_path)]).stdout.splitlines()
    assert lines == [
        "all: 0.500 (0.200 to 0.800, n=10)",
        "exact match",
        "Next: llama-edu chat x",
    ]
