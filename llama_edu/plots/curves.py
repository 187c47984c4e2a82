"""Numbers along an axis, and runs beside each other."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure

from llama_edu.plots.style import COLOURS, DASHES, MARKERS, SIZE, CourseFigure, style


def lines(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    title: str,
    x_label: str,
    y_label: str,
    alt: str,
    x_log: bool = False,
    y_log: bool = False,
    y_from_zero: bool = False,
    markers: bool = True,
    errors: Mapping[str, Sequence[float]] | None = None,
) -> Figure:
    """Draw one line for each named (x, y).

    Args:
        curves: name -> (x values, y values); the names form the legend if there is more than one.
        title: the finding, as a sentence.
        x_label: quantity and unit.
        y_label: quantity and unit.
        alt: what a person who cannot see the figure should know.
        x_log: logarithmic, with a mark at each power of two.
        y_log: likewise.
        y_from_zero: begin the y axis at 0.
        markers: mark the points, of a different form for each line.
        errors: name -> one number for each point of that line: a band so far up and down.
    """
    with style():
        figure = CourseFigure(alt, figsize=SIZE)
        axes = figure.add_subplot()
        looks = zip(COLOURS, MARKERS, DASHES, strict=True)
        for (name, (x, y)), (colour, marker, dash) in zip(curves.items(), looks, strict=False):
            form = marker if markers else None
            axes.plot(x, y, color=colour, marker=form, linestyle=dash, ms=4, label=name)
            if errors and name in errors:
                band = [(value - e, value + e) for value, e in zip(y, errors[name], strict=True)]
                axes.fill_between(x, *zip(*band, strict=True), color=colour, alpha=0.2, lw=0)
        if x_log:
            axes.set_xscale("log", base=2)
            axes.xaxis.set_major_formatter("{x:.7g}")
        if y_log:
            axes.set_yscale("log", base=2)
            axes.yaxis.set_major_formatter("{x:.7g}")
        if y_from_zero:
            axes.set_ylim(bottom=0)
        axes.set(title=title, xlabel=x_label, ylabel=y_label)
        if len(curves) > 3:  # so many leave no room between them
            figure.legend(loc="outside lower center", ncols=2)
        elif len(curves) > 1:
            axes.legend()
    return figure


def samples(values: Mapping[str, Sequence[float]], *, title: str, x_label: str, alt: str) -> Figure:
    """Draw each name's numbers as points, and their mean with two standard errors to each side.

    Args:
        values: name -> at least two numbers, such as one for each seed.
        title: the finding, as a sentence.
        x_label: quantity and unit.
        alt: what a person who cannot see the figure should know.
    """
    with style():
        figure = CourseFigure(alt, figsize=(SIZE[0], 1.4 + 0.5 * len(values)))
        axes = figure.add_subplot()
        for y, (numbers, colour) in enumerate(zip(values.values(), COLOURS, strict=False)):
            points = torch.as_tensor(numbers, dtype=torch.float64)
            error = 2 * (points.std() / len(points) ** 0.5).item()
            axes.plot(points.tolist(), [y + 0.15] * len(points), "o", ms=4, color=colour, alpha=0.6)
            axes.errorbar(points.mean().item(), y - 0.15, xerr=error, fmt="D", ms=5, capsize=4,
                          color=colour)  # fmt: skip
        axes.set_yticks(range(len(values)), list(values))
        axes.set_ylim(len(values) - 0.5, -0.5)
        label = f"{x_label}\n(points: single runs; diamond: mean ± 2 standard errors)"
        axes.set(title=title, xlabel=label)
    return figure
