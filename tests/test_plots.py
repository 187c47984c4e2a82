"""Figures say what they show: a title, labelled axes, words for those who cannot see them."""

import io
import warnings
from dataclasses import replace

import pytest
import torch
from matplotlib.image import imread

from llama_edu import plots
from llama_edu.plots import style

X = [1, 2, 4, 8]


def draw_lines():
    return plots.lines(
        {"a": (X, X), "b": (X, X[::-1])}, title="They cross", x_label="x in m", y_label="y in s",
        alt="Two crossing lines.", x_log=True,
    )  # fmt: skip


def draw_banded_lines():
    return plots.lines(
        {"a": (X, X)}, errors={"a": [0.5] * 4}, title="It climbs", x_label="x", y_label="y",
        alt="A line and its band.",
    )  # fmt: skip


def draw_bars():
    return plots.bars({"sky": 0.5, "sea": 0.25}, title="More sky", x_label="share", alt="Two bars.")


def draw_attention():
    maps = {"left": torch.eye(3), "right": torch.full((3, 3), 1 / 3)}
    return plots.attention(maps, ["a", "b", "c"], title="Two ways to look", alt="Two maps.")


def draw_flow():
    steps = [("text", ""), ("tokens", "04"), ("logits", "09")]
    loops = {(1, 2): "again", (0, 2): "for ever"}
    return plots.flow(steps, loops, title="Round and round", alt="Three boxes.")


def draw_marked():
    text = "one two $three\nfour"
    return plots.marked(
        text, [(4, 5), (4, 6), (9, 10)], width=8,
        title="Some letters are marked", label="t or w", alt="Three lines.",
    )  # fmt: skip


def draw_sieve():
    steps = [("clean", 100, {"empty": 30}), ("rules", 70, {"a": 4, "b": 3, "c": 2, "d": 1, "e": 1}),
             ("kept", 59, {})]  # fmt: skip
    return plots.sieve(steps, title="Most is kept", y_label="documents", alt="A stream narrows.")


def draw_samples():
    values = {"one": [1.0, 2.0, 3.0], "other": [2.0, 2.5, 3.0]}
    return plots.samples(values, title="Near each other", x_label="loss", alt="Two rows.")


FIGURES = [
    draw_lines, draw_bars, draw_attention, draw_flow, draw_marked, draw_sieve, draw_samples,
]  # fmt: skip


@pytest.mark.parametrize("draw", FIGURES)
def test_notebook_gets_a_picture_and_its_words(draw):
    figure = draw()
    bundle, metadata = figure._repr_mimebundle_()
    picture = imread(io.BytesIO(bundle["image/png"]))
    assert picture.std() > 0.01  # something is drawn
    assert bundle["text/plain"] == metadata["image/png"]["alt"] == figure.alt


@pytest.mark.parametrize("draw", FIGURES)
def test_same_data_give_the_same_bytes(draw):
    first, second = (draw()._repr_mimebundle_()[0]["image/png"] for _ in range(2))
    assert first == second


def test_lines_are_told_apart_by_more_than_colour():
    axes = draw_lines().axes[0]
    assert len({line.get_marker() for line in axes.lines}) == 2
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x in m", "y in s")
    assert axes.get_title(loc="left") == "They cross"


def test_a_band_reaches_as_far_up_and_down_as_its_errors():
    band = draw_banded_lines().axes[0].collections[0].get_paths()[0].vertices
    at_two = band[band[:, 0] == 2, 1]
    assert (at_two.min(), at_two.max()) == pytest.approx((1.5, 2.5))


def test_bars_of_two_kinds_lie_side_by_side():
    heights = {"dry": {"sky": 0.5, "sea": 0.25}, "wet": {"sea": 0.75, "sky": 1.0}}
    figure = plots.bars(heights, title="Wet is more", x_label="share", alt="Four bars.")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["sky", "sea"]
    bars = {bar.get_y(): (bar.get_width(), bar.get_facecolor()) for bar in axes.patches}
    lengths, colours = zip(*(bars[y] for y in sorted(bars)), strict=True)
    assert lengths == (0.5, 1.0, 0.25, 0.75)
    dry, wet = colours[:2]
    assert colours == (dry, wet, dry, wet)
    assert dry != wet
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["dry", "wet"]


def test_samples_show_the_mean_and_two_standard_errors_to_each_side():
    figure = draw_samples()
    axes = figure.axes[0]
    _, _, (bar,) = axes.containers[0]
    left, right = bar.get_segments()[0][:, 0]
    assert (left + right) / 2 == pytest.approx(2.0)
    assert (right - left) / 2 == pytest.approx(2 / 3**0.5)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "other"]


def test_attention_rows_are_the_looking_words():
    weights = torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0]])
    figure = plots.attention(
        {"": weights}, ["x", "y"], key_words=["p", "q", "r"], title="t", alt="a", write_numbers=True
    )
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "y"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["p", "q", "r"]
    written = [text.get_text() for text in axes.texts]
    assert written == ["1.00", "0.00", "0.00", "0.25", "0.75", "0.00"]


def test_squares_take_lists_and_say_what_rows_columns_and_shades_are():
    figure = plots.squares(
        {"one": [[0.0, 1.0]], "two": [[0.5, 0.5]]}, ["row"], ["p", "q"], title="t", alt="a",
        x_label="columns", y_label="rows", value_label="share",
    )  # fmt: skip
    first, second, shades = figure.axes
    assert (first.get_ylabel(), first.get_xlabel(), shades.get_ylabel()) == (
        "rows", "columns", "share",
    )  # fmt: skip
    assert second.images[0].get_array().tolist() == [[0.5, 0.5]]


def test_marked_breaks_lines_between_words_and_marks_the_characters_it_is_told():
    axes = draw_marked().axes[0]
    assert [text.get_text() for text in axes.texts] == ["one two", "$three", "four", "t or w"]
    ends = [shape.get_paths()[0].get_extents() for shape in axes.collections]
    assert [(end.x0, end.x1, round((end.y0 + end.y1) / 2)) for end in ends] == [
        (4, 6, 0), (1, 2, 1),
    ]  # fmt: skip


def test_sieve_names_what_enters_and_why_it_leaves():
    axes = draw_sieve().axes[0]
    written = [text.get_text() for text in axes.texts]
    assert written == [
        "clean\n100 documents", "30 empty", "rules\n70 documents",
        "4 a\n3 b\n2 c\n2 by 2 others", "kept\n59 documents",
    ]  # fmt: skip
    assert len(axes.collections) == 3 + 2  # the stream at each step, and a branch at two


def test_what_leaves_the_sieve_is_as_high_as_it_has_members_and_stands_over_its_reasons():
    axes = draw_sieve().axes[0]
    clean, branch = (shape.get_paths()[0].vertices for shape in axes.collections[:2])
    at_end = branch[branch[:, 0] == branch[:, 0].max()]
    assert at_end[:, 1].max() - at_end[:, 1].min() == pytest.approx(30)
    reasons = axes.texts[1]
    assert branch[:, 0].min() < reasons.get_position()[0] < branch[:, 0].max()
    assert branch[:, 0].max() < clean[:, 0].max()  # all of it within its own step
    assert reasons.get_position()[1] < branch[:, 1].min()


@pytest.fixture
def install(monkeypatch):
    """Make matplotlib find fonts of these families, and no others."""

    (real, *_) = [f for f in style.font_manager.fontManager.ttflist if f.name == "DejaVu Sans"]

    def install(*families):
        fonts = [replace(real, name=family) for family in families]
        monkeypatch.setattr(style.font_manager.fontManager, "ttflist", fonts)
        style.chinese_family.cache_clear()
        style._say_that_chinese_is_missing.cache_clear()

    yield install
    style.chinese_family.cache_clear()
    style._say_that_chinese_is_missing.cache_clear()


def draw_chinese():
    return plots.bars({"三国": 1.0, "Hamlet": 2.0}, title="Two books", x_label="n", alt="Two bars.")


def test_chinese_comes_from_a_second_font_where_one_is_installed(install, capsys):
    install("DejaVu Sans", "SimHei", "Noto Sans CJK JP")
    label = draw_chinese().axes[0].get_yticklabels()[0]
    assert label.get_fontfamily() == ["DejaVu Sans", "Noto Sans CJK JP"]
    assert capsys.readouterr().out == ""


def test_a_missing_chinese_font_is_said_once_and_the_figure_is_drawn(install, capsys):
    install("DejaVu Sans")
    with warnings.catch_warnings(action="error"):
        pictures = [draw_chinese()._repr_mimebundle_()[0]["image/png"] for _ in range(2)]
    assert imread(io.BytesIO(pictures[0])).std() > 0.01
    said = capsys.readouterr().out
    assert said.count("No font with Chinese characters was found here") == 1
    assert "fonts-noto-cjk" in said


def test_fonts_are_no_matter_of_a_figure_in_latin_letters(install, capsys):
    install("DejaVu Sans")
    draw_bars()._repr_mimebundle_()
    assert capsys.readouterr().out == ""
