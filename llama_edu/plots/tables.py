"""Tables of numbers as shaded squares."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

from llama_edu.plots.style import SIZE, CourseFigure, style


def attention(
    maps: Mapping[str, Tensor],
    words: Sequence[str],
    *,
    title: str,
    alt: str,
    key_words: Sequence[str] | None = None,
    write_numbers: bool = False,
) -> Figure:
    """Draw attention weights as shaded squares, one panel for each named map.

    Args:
        maps: name -> weights (T, S), each in [0, 1]; row t is the looking token.
        words: text of the T looking tokens.
        title: the finding, as a sentence.
        alt: what a person who cannot see the figure should know.
        key_words: text of the S tokens looked at; `words` if None.
        write_numbers: write each weight into its square; for small maps.
    """
    return squares(
        maps,
        words,
        words if key_words is None else key_words,
        title=title,
        x_label="is looked at",
        y_label="looks",
        value_label="weight, 0 to 1",
        alt=alt,
        write_numbers=write_numbers,
    )


def squares(
    maps: Mapping[str, Tensor | Sequence[Sequence[float]]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    x_label: str,
    y_label: str,
    value_label: str,
    alt: str,
    write_numbers: bool = False,
) -> Figure:
    """Draw tables of numbers as shaded squares, one panel for each named table.

    Args:
        maps: name -> a table, each number in [0, 1].
        rows: name of each row.
        columns: name of each column.
        title: the finding, as a sentence.
        x_label: what the columns are.
        y_label: what the rows are.
        value_label: what the numbers are.
        alt: what a person who cannot see the figure should know.
        write_numbers: write each number into its square; for small tables.
    """
    maps = {name: torch.as_tensor(table).float().cpu() for name, table in maps.items()}
    n_panels = len(maps)
    # Square cells of half an inch, or as large as fit on a page.
    cell = min(0.5, 4.5 / len(rows), 8.5 / (n_panels * len(columns)))
    width = max(SIZE[0], n_panels * (cell * len(columns) + 0.2) + 2.0)
    labels = 0.12 * max(map(len, columns)) if len(max(columns, key=len)) > 1 else 0.2
    height = cell * len(rows) + labels + 0.8
    rotation = 90 if labels > 0.2 else 0
    with style({"axes.spines.bottom": False, "axes.spines.left": False}):
        figure = CourseFigure(alt, figsize=(width, height))
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        panels = figure.subplots(1, n_panels, sharey=True, squeeze=False)[0]
        for axes, (name, table) in zip(panels, maps.items(), strict=True):
            image = axes.imshow(table.numpy(), cmap="Blues", vmin=0, vmax=1)
            axes.set_xticks(range(len(columns)), columns, rotation=rotation)
            axes.set_yticks(range(len(rows)), rows)
            axes.tick_params(length=0)
            axes.set_xlabel(x_label)
            if n_panels > 1:
                axes.set_title(name, fontsize=10)
            if write_numbers:
                for (row, column), number in _entries(table):
                    colour = "white" if number > 0.6 else "black"
                    axes.text(column, row, f"{number:.2f}", ha="center", va="center", color=colour)
        panels[0].set_ylabel(y_label)
        figure.colorbar(image, ax=list(panels), label=value_label, shrink=0.8)
    return figure


def _entries(table: Tensor):
    return (
        ((row, column), number)
        for row, numbers in enumerate(table.tolist())
        for column, number in enumerate(numbers)
    )
