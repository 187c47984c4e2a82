"""Error bars stand where their numbers are, the first name on top."""

import pytest

from llama_edu import plots

WORDS = {"title": "They overlap", "x_label": "share right", "alt": "Two bars."}


def test_each_name_has_its_point_and_its_bar():
    figure = plots.intervals({"a": (0.5, 0.4, 0.7), "b": (0.25, 0.25, 0.5)}, **WORDS)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first on top
    bars = [container.lines[2][0].get_segments()[0] for container in axes.containers]
    ends = [[x for x, _ in bar] for bar in bars]
    assert ends == [pytest.approx([0.4, 0.7]), pytest.approx([0.25, 0.5])]
    assert figure.alt == "Two bars."


def test_a_value_outside_its_interval_is_refused():
    with pytest.raises(ValueError, match=r"a: 0\.9 must lie from 0\.4 to 0\.7"):
        plots.intervals({"a": (0.9, 0.4, 0.7)}, **WORDS)
