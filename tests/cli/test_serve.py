"""`llama-edu serve` as a program: it says where it is, answers there, and Ctrl-C ends it."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from llama_edu.cli import app
from llama_edu.cli.serve import _name
from tests import checkpoints


def test_it_serves_until_ctrl_c(tmp_path):
    folder = checkpoints.write_hf(tmp_path / "mine")
    command = [sys.executable, "-m", "llama_edu", "serve", "--model", str(folder), "--port", "0"]
    program = subprocess.Popen(
        [*command, "--dtype", "fp32"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        url = program.stdout.readline().split()[0]
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{url}/v1/models", timeout=60) as reply:
            assert json.load(reply)["data"][0]["id"] == "mine"
        body = json.dumps({"prompt": "the cat", "max_tokens": 3}).encode()
        with urllib.request.urlopen(f"{url}/v1/completions", body, timeout=60) as reply:
            assert json.load(reply)["usage"]["completion_tokens"] <= 3
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=60)
    finally:
        program.kill()
    assert program.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize("host", ["256.1.1.1", "no.such.host.invalid", "\udcff"])
def test_a_host_that_is_none_is_told(host, monkeypatch, capsys):
    monkeypatch.setattr("llama_edu.cli.talk._load", lambda model, dtype: None)
    with pytest.raises(ValueError, match=r"cannot listen at .*, port 8000: "):
        app(["serve", "--host", host], standalone_mode=False)


def test_what_clients_call_a_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.gguf").touch()
    Path("runs/mine").mkdir(parents=True)
    assert [_name(model) for model in ("a.gguf", "runs/mine", "smollm2-135m-instruct")] == [
        "a", "mine", "smollm2-135m-instruct",
    ]  # fmt: skip
