"""A page of its own: no script, nothing fetched, figures drawn into it."""

import html
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from matplotlib.figure import Figure

from llama_edu import plots

N_SMOOTHED = 100  # points of a training curve, each the mean of its stretch


def render(template: Path, **values: object) -> str:
    """Fill in a page that extends `layout.html`."""
    folders = [template.parent, Path(__file__).parent]
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(folders), autoescape=True)
    return environment.get_template(template.name).render(**values)


def loss_curve(metrics: Sequence[Mapping], title: str = "") -> Figure:
    """The loss by step, of the batches and of held-out text, from the lines of a run's journal."""
    looks = [line for line in metrics if "held_out_loss" in line]
    held_out = [line["step"] for line in looks], [line["held_out_loss"] for line in looks]
    first, last = held_out[1][0], held_out[1][-1]
    return plots.lines(
        {"training": smoothed(metrics), "held out": held_out},
        title=title or f"The loss fell from {first:.2f} to {last:.2f} nats a token",
        x_label="step", y_label="loss (nats a token)", markers=False,
        alt=f"Loss by step: held out {first:.2f} at the start, {last:.2f} at the end.",
    )  # fmt: skip


def smoothed(metrics: Sequence[Mapping]) -> tuple[list[int], list[float]]:
    """Steps and mean losses of some hundred stretches of a run."""
    steps = [line for line in metrics if "loss" in line]
    size = max(1, math.ceil(len(steps) / N_SMOOTHED))
    parts = [steps[i : i + size] for i in range(0, len(steps), size)]
    return (
        [part[-1]["step"] for part in parts],
        [sum(line["loss"] for line in part) / len(part) for part in parts],
    )


def svg(figure: Figure) -> str:
    """A figure as an element of the page, with its description for those who cannot see it."""
    drawing = io.StringIO()
    figure.savefig(drawing, format="svg", metadata={"Date": None})
    text = drawing.getvalue()
    label = html.escape(figure.alt, quote=True)
    return text[text.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
