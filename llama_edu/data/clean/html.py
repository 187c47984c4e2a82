"""Take the text out of HTML: known tags only, so that `a < b` survives.

One walk over the tags, so that no page, however broken, takes longer than its length.
"""

import html
import re
from dataclasses import dataclass
from itertools import accumulate

# What these hold is never text of the page, or not its own text.
SILENT = {
    "head", "script", "style", "template", "svg", "iframe", "select", "datalist", "object",
    "annotation", "annotation-xml",
}  # fmt: skip
# Menus, boxes to search and to log in; but a page may stand in one whole.
FURNITURE = {"aside", "button", "footer", "form", "header", "nav", "noscript"}
BLOCKS = {
    "address", "article", "blockquote", "body", "br", "caption", "center", "dd", "details",
    "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "frameset", "h1",
    "h2", "h3", "h4", "h5", "h6", "hgroup", "hr", "html", "legend", "li", "listing", "main",
    "menu", "ol", "optgroup", "option", "p", "plaintext", "poem", "pre", "search", "section",
    "summary", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "title", "tr", "ul",
    "xmp",
}  # fmt: skip
INLINE = {
    "mi", "mn", "mo", "ms", "mrow", "mfrac", "msup", "msub", "msubsup", "msqrt", "mroot", "mtext",
    "mover", "munder", "mspace", "mtable", "mtr", "mtd", "mstyle", "semantics",
    "a", "abbr", "acronym", "applet", "area", "audio", "b", "base", "basefont", "bdi", "bdo",
    "bgsound", "big", "blink", "canvas", "cite", "code", "col", "colgroup", "command", "data",
    "del", "dfn", "em", "embed", "font", "frame", "i", "image", "img", "includeonly", "input",
    "ins", "isindex", "kbd", "keygen", "label", "link", "map", "mark", "marquee", "math",
    "menuitem", "meta", "meter", "nobr", "noembed", "noframes", "noinclude", "nowiki",
    "onlyinclude", "output", "param", "picture", "progress", "q", "rb", "rp", "rt", "rtc", "ruby",
    "s", "samp", "slot", "small", "source", "span", "strike", "strong", "sub", "sup", "time",
    "track", "tt", "u", "var", "video", "wbr",
}  # fmt: skip
CODE = {"script", "style"}
LARGE = 200  # characters of furniture that may be the page itself
# Quotes may hold a `>`; one that is never closed is none.
ATTRIBUTES = (
    r"""(?:[^<>"'=]++|=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|"[^"]{0,1000}+"|'[^']{0,1000}+'|)|["'])*+"""
)
TAG = re.compile(
    rf"<(/?)([a-z][\w:-]{{0,40}}+)((?=[\s/>])(?:{ATTRIBUTES}|[^<>]*+))>", re.IGNORECASE
)
# As browsers read them: `<!-->` and `<![if ...]>` are comments as well, and `--!>` ends one.
COMMENT = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))|<!(?:doctype|\[(?!CDATA\[))[^<>]*+>|<\?[a-z][^<>]*+>",
    re.DOTALL | re.I,
)
CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
LONG_NUMBER = re.compile(r"&#(?:\d{8,}|x[0-9a-f]{7,});?", re.IGNORECASE)


@dataclass(frozen=True)
class _Part:
    """Furniture: the pieces from its start to before its end, and what of it is furniture too."""

    start: int
    end: int
    inner: list["_Part"]


def strip_html(text: str) -> str:
    """Drop tags, comments, scripts and page furniture; a block element begins a new line.

    strip_html("<p>1 &lt; 2<br>for x<y</p>") -> "\\n1 < 2\\nfor x<y\\n"

    Furniture, such as a form, is dropped unless it holds the page. Entities are resolved last and
    once: `&lt;b&gt;` is a `<b>` that the writer wanted to be read.
    """
    pieces, parts = _walk(COMMENT.sub("", text))
    before = [0, *accumulate(len(piece.strip()) for piece in pieces)]
    todo = [(_Part(0, len(pieces), parts))]
    while todo:
        outer = todo.pop()
        n_all = before[outer.end] - before[outer.start]
        sizes = [before[part.end] - before[part.start] for part in outer.inner]
        for part, n in zip(outer.inner, sizes, strict=True):
            if 2 * n > n_all and (n > LARGE or sum(sizes) == n_all):
                todo.append(part)  # it holds the page
            else:
                pieces[part.start : part.end] = ["\n"] + [""] * (part.end - part.start - 1)
    return unescape("".join(pieces))


def unescape(text: str) -> str:
    """Resolve entities; a number that is no character's is the sign for a lost one."""
    return html.unescape(LONG_NUMBER.sub("\ufffd", text))


def drop_elements(text: str, names: str, instead: str = "") -> str:
    """Drop elements with what they hold, each name by itself; of one never closed, its tag alone.

    Args:
        text: a page.
        names: "ref|math".
        instead: what stands in their place.
    """
    tag = re.compile(rf"<(/?)({names})\b({ATTRIBUTES})>", re.IGNORECASE)
    for name in sorted({found[2].lower() for found in tag.finditer(text)}):
        kept, at, opened = [], 0, None
        for found in tag.finditer(text):
            if found[2].lower() != name:
                continue
            if not found[1] and not found[3].endswith("/"):
                opened = found if opened is None or name == "ref" else opened
                continue
            start = opened.start() if opened and found[1] else found.start()
            kept += [text[at:start], instead]
            at, opened = found.end(), None
        text = "".join([*kept, text[at:]])
    return tag.sub("", text)


def _walk(text: str) -> tuple[list[str], list[_Part]]:
    """The text between tags, and which of it is furniture (outermost, in order)."""
    pieces: list[str] = []
    parts: list[_Part] = []
    opened: list[tuple[str, int]] = []  # silent elements and furniture
    at = 0
    for tag in TAG.finditer(text):
        is_end, name = bool(tag[1]), tag[2].lower()
        known = name in BLOCKS or name in INLINE or name in SILENT or name in FURNITURE
        if not known and ":" not in name and "-" not in name:
            continue
        if opened and opened[-1][0] in CODE and (name, is_end) != (opened[-1][0], True):
            continue  # whatever looks like a tag in there is none
        pieces.append(CDATA.sub("", text[at : tag.start()]))
        at = tag.end()
        if name in BLOCKS or name in FURNITURE:
            pieces.append("\n")
        if name not in SILENT and name not in FURNITURE:
            continue
        if not is_end:
            if not tag[3].endswith("/") and len(opened) < 1000:
                opened.append((name, len(pieces)))
            continue
        place = next((i for i in range(len(opened) - 1, -1, -1) if opened[i][0] == name), None)
        if place is None:
            continue
        start = opened[place][1]
        del opened[place:]
        if name in SILENT:
            pieces[start:] = ["\n"]
            while parts and parts[-1].end > start:
                parts.pop()
        else:
            inner = []
            while parts and parts[-1].start >= start:
                inner.append(parts.pop())
            parts.append(_Part(start, len(pieces), inner))
    pieces.append(CDATA.sub("", text[at:]))
    for name, start in opened:
        if name in CODE:  # as in a browser, what is never closed hides the rest
            del pieces[start:]
            break
    return pieces, [part for part in parts if part.end <= len(pieces)]
