"""Steps that follow each other: boxes with arrows, and a stream that loses parts."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from llama_edu.plots.style import COLOURS, CourseFigure, style


def flow(
    steps: Sequence[tuple[str, str]],
    loops: Mapping[tuple[int, int], str],
    *,
    title: str,
    alt: str,
) -> Figure:
    """Draw steps as a row of boxes with arrows, and loops as arcs that lead back.

    Args:
        steps: name of each box and a note to be written under it.
        loops: (first, last) box of a repeated stretch -> what the arc says; the longest loop is
            drawn below the boxes, others above.
        title: the finding, as a sentence.
        alt: what a person who cannot see the figure should know.
    """
    with style():
        figure = CourseFigure(alt, figsize=(9.0, 2.6))
        axes = figure.add_subplot()
        box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": COLOURS[0]}
        for i, (name, remark) in enumerate(steps):
            axes.text(i, 0, name, ha="center", va="center", bbox=box)
            axes.text(i, -0.42, remark, ha="center", va="center", fontsize=8, color="0.35")
            if i:
                ends = {"xy": (i - 0.42, 0), "xytext": (i - 0.58, 0)}
                axes.annotate("", **ends, arrowprops={"arrowstyle": "->"})
        longest = max(loops, key=lambda ends: ends[1] - ends[0])
        for (first, last), remark in loops.items():
            edge, far = (-0.58, -0.85) if (first, last) == longest else (0.28, 0.55)
            axes.plot([last, last, first], [edge, far, far], color=COLOURS[1], lw=1)
            arrow = {"arrowstyle": "->", "color": COLOURS[1]}
            axes.annotate("", (first, edge), (first, far), arrowprops=arrow)
            height = far + (0.14 if far > 0 else -0.16)
            axes.text((first + last) / 2, height, remark, ha="center", va="center", fontsize=9)
        axes.set(title=title, xlim=(-0.6, len(steps) - 0.4), ylim=(-1.15, 0.85))
        axes.axis("off")
    return figure


def sieve(
    steps: Sequence[tuple[str, int, Mapping[str, int]]],
    *,
    title: str,
    y_label: str,
    alt: str,
    n_reasons: int = 3,
) -> Figure:
    """Draw a stream that loses a part at each step (a Sankey diagram).

    The stream, and each part that leaves it, is as high as it has members. A part leaves in the
    middle of its step, and the reasons stand under it.

    Args:
        steps: name, how many enter, and reason -> how many leave there; nothing leaves the last.
        title: the finding, as a sentence.
        y_label: what is counted.
        alt: what a person who cannot see the figure should know.
        n_reasons: so many reasons are named at each step, the most frequent ones.
    """
    total = steps[0][1]
    with style():
        figure = CourseFigure(alt, figsize=(9.0, 4.2))
        axes = figure.add_subplot()
        for x, (name, n_in, reasons) in enumerate(steps):
            n_out = sum(reasons.values())
            bottom = total - n_in
            lower = [bottom, bottom, bottom + n_out, bottom + n_out]
            axes.fill_between([x - 0.5, x, x, x + 0.5], lower, total, color=COLOURS[0], lw=0)
            axes.text(x, total * 1.03, f"{name}\n{n_in:,} {y_label}", ha="center", fontsize=9)
            if n_out:
                end = _branch(axes, x, (bottom, bottom + n_out), fall=0.12 * total)
                ranked = sorted(reasons.items(), key=lambda item: -item[1])
                rows = [f"{n:,} {reason}" for reason, n in ranked[:n_reasons]]
                if len(ranked) > n_reasons:
                    rest = sum(n for _, n in ranked[n_reasons:])
                    rows.append(f"{rest:,} by {len(ranked) - n_reasons} others")
                low = end - 0.03 * total
                axes.text(x + 0.2, low, "\n".join(rows), ha="center", va="top", fontsize=8)
        axes.set(title=title, xlim=(-0.6, len(steps) - 0.4), ylim=(-0.42 * total, 1.2 * total))
        axes.axis("off")
    return figure


def _branch(axes, x: float, edges: tuple[float, float], fall: float) -> float:
    """A part of the stream, from `edges` at `x`, that bends down by `fall`; its lower end there."""
    bend = [i / 20 for i in range(21)]
    depths = [fall * (3 * t**2 - 2 * t**3) for t in bend]
    lower, upper = ([edge - depth for depth in depths] for edge in edges)
    axes.fill_between([x + 0.4 * t for t in bend], lower, upper, color=COLOURS[1], alpha=0.7, lw=0)
    return lower[-1]
