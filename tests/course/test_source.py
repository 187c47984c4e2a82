"""What a lesson shows is the code that runs."""

import inspect

from llama_edu.course.source import show_source
from llama_edu.model.norm import RMSNorm


def test_prints_the_source_in_a_terminal(capsys):
    show_source(RMSNorm)
    assert capsys.readouterr().out.strip() == inspect.getsource(RMSNorm).strip()
