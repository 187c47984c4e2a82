"""The program is found by its name, as after `activate`, unless a test says otherwise."""

import pytest

from llama_edu.cli import program


@pytest.fixture(autouse=True)
def found_by_name(monkeypatch):
    monkeypatch.setattr(program, "which", lambda name: f"/usr/bin/{name}")
