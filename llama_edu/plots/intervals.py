"""Numbers with their error bars, one below the other."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from llama_edu.plots.style import COLOURS, SIZE, CourseFigure, style


def intervals(
    ranges: Mapping[str, tuple[float, float, float]], *, title: str, x_label: str, alt: str
) -> Figure:
    """Draw a point for each name, and a line over the interval in which it may well lie.

    Args:
        ranges: name -> (value, low, high), low <= value <= high.
        title: the finding, as a sentence.
        x_label: quantity and unit.
        alt: what a person who cannot see the figure should know.

    Raises:
        ValueError: if a value lies outside its interval.
    """
    with style():
        figure = CourseFigure(alt, figsize=(SIZE[0], 1.0 + 0.4 * len(ranges)))
        axes = figure.add_subplot()
        for y, (name, (value, low, high)) in enumerate(ranges.items()):
            if not low <= value <= high:
                raise ValueError(f"{name}: {value} must lie from {low} to {high}")
            error = [[value - low], [high - value]]
            axes.errorbar(value, y, xerr=error, fmt="o", capsize=4, color=COLOURS[y % len(COLOURS)])
        axes.set_yticks(range(len(ranges)), list(ranges))
        axes.set_ylim(len(ranges) - 0.5, -0.5)
        axes.set(title=title, xlabel=x_label)
    return figure
