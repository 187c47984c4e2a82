"""What a lesson shows is the code that runs."""

import inspect

import IPython
import pytest

from llama_edu.course.source import show_source
from llama_edu.model.norm import RMSNorm


def test_prints_the_source_in_a_terminal(capsys):
    show_source(RMSNorm)
    assert capsys.readouterr().out.strip() == inspect.getsource(RMSNorm).strip()


@pytest.mark.parametrize("folded", ["", "for later"])
def test_a_notebook_hides_it_behind_a_line_if_told_to(monkeypatch, folded):
    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", shown.append)
    show_source(RMSNorm, folded)
    text = shown[0].data
    assert f"```python\n{inspect.getsource(RMSNorm)}```" in text
    assert text.startswith(f"<details><summary>{folded}</summary>\n\n") == bool(folded)
