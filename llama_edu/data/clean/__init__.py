"""Cleaning: the same words in, without the damage and the wrapping they came in.

`clean` is the whole of it; each step is a function of its own in a module of its own.
"""

from llama_edu.data.clean.damage import drop_broken_sentences, drop_watermarks
from llama_edu.data.clean.html import strip_html
from llama_edu.data.clean.lines import drop_repeated_lines, tidy_lines
from llama_edu.data.clean.unicode import drop_invisible, repair_unicode
from llama_edu.data.clean.wikitext import strip_wikitext

__all__ = [
    "clean",
    "drop_broken_sentences",
    "drop_repeated_lines",
    "drop_watermarks",
    "repair_unicode",
    "strip_html",
    "strip_wikitext",
    "tidy_lines",
]

MARKUPS = {"plain": str, "html": strip_html, "wikitext": strip_wikitext}


def clean(text: str, markup: str = "plain") -> str:
    """Repair, unwrap and tidy one document; a second time changes nothing in plain text.

    Args:
        text: as it came.
        markup: "plain", "html" or "wikitext".

    Raises:
        ValueError: if `markup` is none of these.
    """
    if markup not in MARKUPS:
        raise ValueError(f"markup={markup!r} must be one of {', '.join(MARKUPS)}")
    text = MARKUPS[markup](repair_unicode(text))
    text = drop_invisible(text)  # a page may write it as an entity, such as &shy;
    text = drop_broken_sentences(drop_watermarks(text))
    return drop_repeated_lines(tidy_lines(text))
