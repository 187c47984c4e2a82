"""`llama-edu train`: what is asked for wrongly is one line, and the end says what to type next."""

import pytest
from typer.testing import CliRunner

from llama_edu.cli import app
from llama_edu.data.stories import tell_story
from llama_edu.train.trainer import Outcome


def train(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


@pytest.mark.parametrize("arguments, said", [
    ([], "--text must name a file or folder"),
    (["--text", "nowhere.txt"], "there is no file or folder nowhere.txt"),
    (["--text", "x", "--stage", "distil"], "adversarial, multitask, got 'distil'"),
    (["--resume"], "--resume needs --out RUN"),
    (["--resume", "--out", "run", "--minutes", "9"], "--resume goes on as the run was begun"),
    (["--resume", "--out", "run"], "nothing to resume in run"),
    (["--text", "x", "--minutes", "-1"], "minutes must be positive, got -1.0"),
    (["--resume", "--out", "run", "--from", "x"], "--resume goes on as the run was begun"),
    (["--text", "x", "--from", "y"], "--from and --data are for --stage instruct, adversarial"),
    (["--stage", "instruct"], "--stage instruct needs --from RUN to go on from"),
    (["--stage", "instruct", "--from", "x", "--text", "y"], "takes no --text or --preset"),
    (["--stage", "instruct", "--from", "no/where"], "there is no file or folder no/where"),
    (["--stage", "instruct", "--from", "x", "--data", "a", "--data", "b"], "takes one --data"),
    (["--stage", "multitask", "--from", "x", "--data", "a"], "needs at least two --data"),
    (["--stage", "adversarial", "--from", "x", "--data", "a"], "adversarial takes no --data"),
    (["--stage", "instruct", "--from", "x", "--minutes", "0"], "minutes must be positive"),
])  # fmt: skip
def test_a_mistake_is_one_line(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    error = train(*arguments).exception
    assert isinstance(error, (ValueError, OSError))
    assert said in str(error) and "\n" not in str(error)


def test_too_little_text_says_how_much_is_needed(tmp_path):
    (tmp_path / "a.txt").write_text("too short", encoding="utf-8")
    error = train("--text", tmp_path / "a.txt", "--out", tmp_path / "run").exception
    assert "9 bytes, too few to learn from: at least 20,000" in str(error)
    assert not (tmp_path / "run").exists()


@pytest.fixture
def stories(tmp_path):
    path = tmp_path / "stories.txt"
    text = "\n\n".join(tell_story(seed, n_events=14).text for seed in range(60))
    path.write_text(text, encoding="utf-8")
    return path


def test_a_run_ends_with_its_numbers_its_page_and_the_command(stories, tmp_path):
    run = tmp_path / "run"
    result = train("--text", stories, "--out", run, "--steps", 4, "--preset", "tiny")
    assert result.exit_code == 0, result.exception
    assert "bits per byte of the held-out text: this model" in result.stdout
    assert f"{run / 'report.html'}" in result.stdout
    assert "Talk to it: llama-edu complete" in result.stdout
    assert "the last 5.0% of the text" in result.stdout


def test_an_interrupted_run_says_how_to_go_on(stories, tmp_path, monkeypatch):
    from llama_edu.train import own_text

    stopped = Outcome(7, 3.0, 3.1, "interrupted")
    monkeypatch.setattr(own_text, "train_own_text", lambda run: (stopped, None))
    run = tmp_path / "run"
    result = train("--text", stories, "--out", run, "--steps", 9, "--preset", "tiny")
    assert result.exit_code == 130
    assert f"stopped at step 7; llama-edu train --out {run} --resume goes on" in result.stdout
