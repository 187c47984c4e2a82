"""JupyterLab is started so that what runs in it finds this Python's commands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from llama_edu.course.learning.jupyter import jupyterlab


def test_a_cell_finds_the_commands_beside_this_python(monkeypatch, tmp_path):
    seen = {}

    def popen(command, env, **_):
        seen.update(env)
        raise OSError("not started: only its environment is looked at")

    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(OSError, match="not started"), jupyterlab(tmp_path, "a.ipynb", None, False):
        pass
    first, *others = seen["PATH"].split(os.pathsep)
    assert Path(first) == Path(sys.executable).parent
    assert others == os.environ["PATH"].split(os.pathsep)
