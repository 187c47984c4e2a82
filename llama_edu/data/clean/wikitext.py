"""Take the prose out of a wiki page: no templates, tables, references, files or link targets.

Markup nests; it is resolved from the inside out in one walk over the brackets, so that no page,
however broken, takes longer than its length.
"""

import re
from collections.abc import Iterator

from llama_edu.data.clean.html import COMMENT, drop_elements, strip_html, unescape

DROPPED = (
    "ref|math|gallery|timeline|score|syntaxhighlight|source|imagemap|hiero|chem|references"
    "|includeonly|indicator"
)
BRACKETS = re.compile(r"\{\{+|\}\}+|\[\[|\]\]|^[ :]*+\{\||^[ \t]*+\|\}(?!\})", re.MULTILINE)
MAX_DEPTH = 100  # of brackets in each other
TABLE_BEGINS, TABLE_ENDS = re.compile(r"[ :]*+\{\|"), re.compile(r"\s*+\|\}")
WEB_LINK = re.compile(
    r"\[(?:(?:https?:|ftp:)?//|mailto:)((?:[^\]\[\n]|\[[^\]\[\n]{0,200}+\])++)\]", re.IGNORECASE
)
NAMESPACE = re.compile(r":?\s*(?:file|image|category|media|[a-z]{2,3}|[a-z]{2,3}-[a-z-]+):", re.I)
TAIL_SECTIONS = {
    "bibliography", "citations", "external links", "footnotes", "further reading", "gallery",
    "notes", "notes and references", "references", "see also", "sources",
}  # fmt: skip
# Templates that stand for words of the sentence: which of their arguments to show.
SHOWN = {
    "convert": slice(0, 2), "lang": slice(1, 2), "transl": slice(-1, None), "nowrap": slice(0, 1),
    "ipa": slice(0, 1), "quote": slice(0, 1), "as of": slice(0, 1), "abbr": slice(0, 1),
    "blockquote": slice(0, 1), "cquote": slice(0, 1), "nihongo": slice(0, 1), "sic": slice(0, 1),
}  # fmt: skip
NBSP, SPACED = "\u00a0", "\u00a0– "
# Templates that stand for a sign: without it words would be glued together.
SIGNS = {
    "okina": "ʻ", "ndash": "–", "mdash": "—", "nbsp": NBSP, "space": NBSP, "spaces": NBSP,
    "snd": SPACED, "spnd": SPACED, "spaced ndash": SPACED, "spaced en dash": SPACED,
    "·": f"{NBSP}· ", "dot": f"{NBSP}· ", "•": f"{NBSP}• ", "bull": f"{NBSP}• ", "'": "'", "=": "=",
}  # fmt: skip
EMPTY_BRACKETS = re.compile(r"(?<![ \t])[ \t]*+\([,;:\s]*+\)")
SPACE_BEFORE_COMMA = re.compile(r"(?<![ \t])[ \t]++([,;.])(?=[\s)])")
OPENING_COMMA = re.compile(r"\(\s*+[,;:][,;:\s]*+")
MARKER = re.compile(r"^(?:[*#:;]+[ \t]*|-{4,}+)", re.MULTILINE)  # of a list; a line across the page
AS_WRITTEN = str.maketrans({sign: f"&#{ord(sign)};" for sign in "[]{}|'=<>*#:;_"})


def strip_wikitext(text: str) -> str:
    """Give the prose of a page of Wikipedia, headings on lines of their own.

    strip_wikitext("'''A''' is a [[letter (alphabet)|letter]].<ref>x</ref>") -> "A is a letter."

    A redirect page gives "". Sections such as References and External links are dropped whole.
    """
    if re.match(r"\s*#redirect", text, re.IGNORECASE):
        return ""
    text = drop_elements(_keep_nowiki(COMMENT.sub("", text)), DROPPED)
    text = resolve_brackets(WEB_LINK.sub(_show_web_link, text))  # as a caption may hold one
    text = drop_tail_sections(text)
    text = "\n".join(f"\n{name}\n" if name else line for name, _, line in _headings(text))
    text = re.sub(r"'{2,5}", "", text)
    text = re.sub(r"__[A-Z]+__", "", MARKER.sub("", text))
    text = re.sub(r"\{\{|\}\}|\[\[|\]\]|\{\||\|\}", "", text)
    text = unescape(strip_html(text))  # pages write &amp;nbsp; for a space
    text = OPENING_COMMA.sub("(", EMPTY_BRACKETS.sub("", text))
    return SPACE_BEFORE_COMMA.sub(r"\1", text).strip()


def _keep_nowiki(text: str) -> str:
    """What stands in `<nowiki>` as entities, which are read last: it is no markup."""
    kept, *parts = text.split("<nowiki>")
    for part in parts:
        inside, end, outside = part.partition("</nowiki>")
        kept += f"{inside.translate(AS_WRITTEN)}{outside}" if end else part
    return kept


def resolve_brackets(text: str) -> str:
    """Show of templates, parameters, links and tables what a reader sees, from the inside out.

    resolve_brackets("[[a|b]] {{lang|fr|c}} {{{d|e}}}") -> "b c e"; of what is never closed the
    brackets alone go. One walk: each bracket is looked at once.
    """
    opened: list[tuple[str, list[str]]] = [("", [])]
    at = 0
    for found in BRACKETS.finditer(text):
        opened[-1][1].append(text[at : found.start()])
        at, sign = found.end(), found[0].strip(" :\t\n")
        if sign[0] == "{" or sign == "[[":
            n_left = max(0, MAX_DEPTH - len(opened))
            opened += [(kind, []) for kind in _parted(sign, n_left)]
            continue
        left = len(sign)
        while left > 1 and (closed := _close(opened, sign, left)):
            left -= closed
        opened[-1][1].append(sign[:left] if left == 1 else "")
    pieces = [piece for _, parts in opened for piece in parts]
    return "".join([*pieces, text[at:]])


def _parted(sign: str, most: int) -> list[str]:
    """Opening brackets one by one, the first ones: five braces are a parameter in a template."""
    if sign[1] != "{":
        return [sign][:most]
    twos = {0: 0, 1: 2, 2: 1}[len(sign) % 3]
    threes = min((len(sign) - 2 * twos) // 3, most)
    return (["{{"] * twos + ["{{{"] * threes)[:most]


def _close(opened: list[tuple[str, list[str]]], sign: str, n: int) -> int:
    """Close what a sign closes, and show it; how many of the sign's characters that took."""
    kinds = {"}": ("{{", "{{{"), "]": ("[[",), "|": ("{|",)}[sign[0]]
    place = next((i for i in range(len(opened) - 1, 0, -1) if opened[i][0] in kinds), 0)
    if not place:
        return 0
    while len(opened) - 1 > place:  # opened inside and never closed
        opened[-2][1].extend(opened.pop()[1])
    kind, parts = opened.pop()
    kind = "{{" if kind == "{{{" and n == 2 else kind
    opened[-1][1].append(SHOW[kind]("".join(parts)))
    return len(kind)


def drop_tail_sections(text: str) -> str:
    """Drop sections that hold no prose, with what is nested in them."""
    kept, level = [], 0  # level of the dropped heading; 0 outside of one
    for name, depth, line in _headings(text):
        if name is not None and (not level or depth <= level):
            level = depth if name.lower() in TAIL_SECTIONS else 0
        if not level:
            kept.append(line)
    return "\n".join([*kept, ""] if level and kept else kept)


def table_lines(text: str) -> list[str]:
    """The lines of a page that lie in tables."""
    found, depth = [], 0
    for line in text.split("\n"):
        depth += TABLE_BEGINS.match(line) is not None
        if depth:
            found.append(line)
        depth -= depth > 0 and TABLE_ENDS.match(line) is not None
    return found if not depth else []


def _headings(text: str) -> Iterator[tuple[str | None, int, str]]:
    """Each line: the name and level of the heading that it is, or None and 0; and the line."""
    for line in text.split("\n"):
        bare = line.rstrip(" \t")
        left = len(bare) - len(bare.lstrip("="))
        right = len(bare) - len(bare.rstrip("="))
        level = min(left, right, 6)
        if level < 2 or len(bare) <= 2 * level:
            yield None, 0, line
        else:
            yield bare[level:-level].strip(), level, line


def _show_parameter(text: str) -> str:
    """What stands for a template's parameter on a page that gives none: its default."""
    return text.partition("|")[2].partition("|")[0]


def _show_web_link(found: re.Match) -> str:
    words = found[1].split(maxsplit=1)
    return words[1] if len(words) > 1 else ""


def _show_template(text: str) -> str:
    name, *arguments = (part.strip() for part in text.split("|"))
    name = name.lower()
    if name in SIGNS:
        return SIGNS[name]
    if name not in SHOWN:
        return ""
    return " ".join([value for value in arguments if "=" not in value][SHOWN[name]])


def _show_link(text: str) -> str:
    target, *labels = text.split("|")
    if NAMESPACE.match(target) and not target.startswith(":"):
        return ""
    return (labels[-1] if labels else target.lstrip(":")).strip()


SHOW = {
    "{{{": _show_parameter, "{{": _show_template, "[[": _show_link, "{|": lambda text: "",
}  # fmt: skip
