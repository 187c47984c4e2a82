"""The course's style: colours, fonts, and a figure that says in words what it shows."""

import io
import re
import warnings
from collections.abc import Mapping
from functools import cache

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

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


def families(first: str) -> list[str]:
    """Fonts to look a character up in, one after the other."""
    return [first, *filter(None, [chinese_family()])]


def style(more: Mapping[str, bool] | None = None):
    """The course's style, while a figure is made."""
    return mpl.rc_context(STYLE | {"font.family": families("DejaVu Sans")} | (more or {}))


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
