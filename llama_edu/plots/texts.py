"""A text with some of its characters marked."""

import re
from collections.abc import Iterable

from matplotlib.figure import Figure

from llama_edu.plots.style import COLOURS, SIZE, CourseFigure, families, style


def marked(
    text: str,
    spans: Iterable[tuple[int, int]],
    *,
    title: str,
    label: str,
    alt: str,
    width: int = 80,
) -> Figure:
    """Draw a text with some of its characters on a coloured ground.

    Args:
        text: its own line breaks are kept.
        spans: (start, end) of what is marked, in characters; they may overlap.
        title: the finding, as a sentence.
        label: what the marked characters have in common.
        alt: what a person who cannot see the figure should know.
        width: in characters; longer lines are broken, between words where that can be.
    """
    broken = rf"[^\n]{{1,{width}}}(?:[ \n]|$)|[^\n]{{{width}}}|\n"
    rows = [(match.start(), match[0].rstrip()) for match in re.finditer(broken, text)]
    is_marked = set().union(*(range(*span) for span in spans))
    # A letter is a whole number of pixels wide, so that the font's rounding moves no letter away
    # from its ground.
    letter, row_height, margin = 0.07, 0.17, 0.35  # inches; title and label stand in the margins
    columns = width + 2
    height = row_height * len(rows) + 2 * margin
    with style():
        figure = CourseFigure(alt, figsize=(max(SIZE[0], (columns + 1) * letter), height))
        figure.set_layout_engine("none")
        left = letter / figure.get_figwidth()
        axes = figure.add_axes((left, margin / height, columns * left, 1 - 2 * margin / height))
        size = 72 * letter / 0.602  # the font is 0.602 times as wide as its size
        ground = {"color": COLOURS[4], "alpha": 0.45, "lw": 0}
        for y, (start, row) in enumerate(rows):
            marks = "".join("x" if start + i in is_marked else " " for i in range(len(row)))
            for run in re.finditer("x+", marks):
                axes.fill_between([run.start(), run.end()], y - 0.45, y + 0.45, **ground)
            family = families("monospace")
            axes.text(0, y, row, family=family, fontsize=size, va="center", parse_math=False)
        axes.set(title=title, xlim=(0, columns), ylim=(len(rows) - 0.4, -0.6))
        axes.axis("off")
        axes.text(0, len(rows) + 0.4, label, fontsize=9, va="center", bbox=ground | {"pad": 2})
    return figure
