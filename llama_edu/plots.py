"""Every figure of the course: data in, a matplotlib figure out, one style.

The title of a figure states its finding; `alt` says in words what it shows, for those who cannot
see it.
"""

import io
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import matplotlib as mpl
import torch
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from torch import Tensor

# Okabe and Ito's palette: told apart with every common kind of colour vision.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
DASHES = ["-", "--", ":", "-.", "-", "--", ":"]
SIZE = (6.0, 3.5)  # inches

STYLE = {
    "figure.dpi": 100,
    "figure.facecolor": "white",  # the notebook's dark theme must not swallow the labels
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.grid": False,
    "legend.frameon": False,
    "font.size": 10,
}

# Families with Chinese characters that come with Linux, macOS and Windows, in order of preference.
CHINESE_FAMILIES = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN"),
    *("Noto Sans CJK TC", "Noto Sans CJK JP", "Noto Sans CJK KR"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback"),
    *("PingFang SC", "PingFang HK", "Hiragino Sans GB", "Heiti SC", "Heiti TC", "STHeiti"),
    *("Microsoft YaHei", "Microsoft JhengHei", "DengXian", "SimHei", "SimSun"),
    *("Songti SC", "Noto Serif CJK SC", "Noto Serif CJK JP", "Arial Unicode MS"),
)
CHINESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef\U00020000-\U0003ffff]")


@cache
def chinese_family() -> str | None:
    """A family of fonts that has Chinese characters and that matplotlib finds here, if any."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((family for family in CHINESE_FAMILIES if family in installed), None)


@cache  # so that it is said once
def _say_that_chinese_is_missing() -> None:
    print(
        "No font with Chinese characters was found here: figures show boxes in their place. "
        "Install one, such as Noto Sans CJK (Debian and Ubuntu: fonts-noto-cjk), and start again."
    )


def _families(first: str) -> list[str]:
    """Fonts to look a character up in, one after the other."""
    return [first, *filter(None, [chinese_family()])]


def _style(more: Mapping[str, bool] | None = None):
    """The course's style, while a figure is made."""
    return mpl.rc_context(STYLE | {"font.family": _families("DejaVu Sans")} | (more or {}))


class CourseFigure(Figure):
    """A figure that a notebook shows by itself, described in words to those who cannot see it.

    Args:
        alt: the description; it is stored beside the picture and printed where none can be shown.
        settings: of matplotlib's Figure.
    """

    def __init__(self, alt: str, **settings):
        super().__init__(layout="constrained", **settings)
        self.alt = alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        picture = io.BytesIO()
        # No version in the file, so that the same figure is the same bytes.
        with warnings.catch_warnings():
            is_chinese = any(CHINESE.search(text.get_text()) for text in self.findobj(Text))
            if is_chinese and chinese_family() is None:
                _say_that_chinese_is_missing()
                warnings.filterwarnings("ignore", message="Glyph")
            self.savefig(picture, format="png", metadata={"Software": None})
        return (
            {"image/png": picture.getvalue(), "text/plain": self.alt},
            {"image/png": {"alt": self.alt}},
        )


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
    """
    with _style():
        figure = CourseFigure(alt, figsize=SIZE)
        axes = figure.add_subplot()
        looks = zip(COLOURS, MARKERS, DASHES, strict=True)
        for (name, (x, y)), (colour, marker, dash) in zip(curves.items(), looks, strict=False):
            form = marker if markers else None
            axes.plot(x, y, color=colour, marker=form, linestyle=dash, ms=4, label=name)
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
    with _style():
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


def samples(values: Mapping[str, Sequence[float]], *, title: str, x_label: str, alt: str) -> Figure:
    """Draw each name's numbers as points, and their mean with two standard errors to each side.

    Args:
        values: name -> at least two numbers, such as one for each seed.
        title: the finding, as a sentence.
        x_label: quantity and unit.
        alt: what a person who cannot see the figure should know.
    """
    with _style():
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
    with _style({"axes.spines.bottom": False, "axes.spines.left": False}):
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
    with _style():
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
    with _style():
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
            family = _families("monospace")
            axes.text(0, y, row, family=family, fontsize=size, va="center", parse_math=False)
        axes.set(title=title, xlim=(0, columns), ylim=(len(rows) - 0.4, -0.6))
        axes.axis("off")
        axes.text(0, len(rows) + 0.4, label, fontsize=9, va="center", bbox=ground | {"pad": 2})
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
    with _style():
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
