"""One number for each name."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from llama_edu.plots.style import COLOURS, SIZE, CourseFigure, style


def bars(
    heights: Mapping[str, float] | Mapping[str, Mapping[str, float]],
    *,
    title: str,
    x_label: str,
    alt: str,
    n_digits: int = 2,
) -> Figure:
    """Draw one horizontal bar for each name, or one of each kind, its value written at the end.

    Args:
        heights: name -> value; or kind -> name -> value, with the same names in each kind, whose
            bars lie side by side. A kind has its colour, and the kinds form the legend.
        title: the finding, as a sentence.
        x_label: quantity and unit.
        alt: what a person who cannot see the figure should know.
        n_digits: after the point of the values written.
    """
    has_kinds = isinstance(next(iter(heights.values())), Mapping)
    kinds = heights if has_kinds else {"": heights}
    names = list(next(iter(kinds.values())))
    width = 0.8 / len(kinds)
    with style():
        figure = CourseFigure(alt, figsize=(SIZE[0], 0.8 + 0.3 * len(kinds) * len(names)))
        axes = figure.add_subplot()
        for j, (kind, values) in enumerate(kinds.items()):
            places = [i + (j + 0.5) * width - 0.4 for i in range(len(names))]
            lengths = [values[name] for name in names]
            drawn = axes.barh(places, lengths, width, color=COLOURS[j], label=kind)
            axes.bar_label(drawn, fmt=f"%.{n_digits}f", padding=3)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.set(title=title, xlabel=x_label)
        if has_kinds:
            figure.legend(loc="outside lower center", ncols=2)
    return figure
