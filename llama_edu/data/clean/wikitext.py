"""Take the prose out of a wiki page: no templates, tables, references, files or link targets.

Markup nests, so each rule works from the inside out: a pattern that may hold no other opening
bracket is replaced until none is left.
"""

import html
import re

from llama_edu.data.clean.html import COMMENT, strip_html

DROPPED = "ref|math|gallery|timeline|score|syntaxhighlight|source|imagemap|hiero|chem|references"
# The self-closing form first: `<ref name=a/>` must not run on to the next `</ref>`.
SELF_CLOSING = re.compile(rf"<({DROPPED})\b[^<>]*/>", re.IGNORECASE)
ELEMENT = re.compile(rf"<({DROPPED})\b[^<>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
# A link in a template in a link: the | of one must not be read as that of another.
INNERMOST = re.compile(r"\{\{[^{}\[\]]*\}\}|\[\[[^{}\[\]]*\]\]")
TEMPLATE = re.compile(r"\{\{([^{}]*)\}\}")
TABLE = re.compile(r"^[ :]*\{\|(?:(?!^[ :]*\{\||^\s*\|\}).)*^\s*\|\}", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[\[((?:[^\[\]]|\[[^\[\]]*\](?!\]))*)\]\]")  # may hold [sic]
WEB_LINK = re.compile(r"\[(?:https?:|ftp:)?//[^\s\]]+[ \t]*([^\]\n]*)\]")
NAMESPACE = re.compile(r":?\s*(?:file|image|category|media|[a-z]{2,3}|[a-z]{2,3}-[a-z-]+):", re.I)
HEADING = re.compile(r"^(={2,6})\s*(.*?)\s*\1[ \t]*$", re.MULTILINE)
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
SIGNS = {"okina": "ʻ", "ndash": "–", "mdash": "—"}
EMPTY_BRACKETS = re.compile(r"[ \t]*\(\s*[,;:\s]*\)")
SPACE_BEFORE_COMMA = re.compile(r"[ \t]+([,;.])(?=[\s)])")
OPENING_COMMA = re.compile(r"\(\s*[,;:][,;:\s]*")
MARKER = re.compile(r"^[*#:;]+[ \t]*", re.MULTILINE)


def strip_wikitext(text: str) -> str:
    """Give the prose of a page of Wikipedia, headings on lines of their own.

    strip_wikitext("'''A''' is a [[letter (alphabet)|letter]].<ref>x</ref>") -> "A is a letter."

    A redirect page gives "". Sections such as References and External links are dropped whole.
    """
    if re.match(r"\s*#redirect", text, re.IGNORECASE):
        return ""
    text = COMMENT.sub("", text)
    text = ELEMENT.sub("", SELF_CLOSING.sub("", text))
    text = _until_stable(INNERMOST, _show_innermost, text)
    text = _until_stable(TEMPLATE, _show_template, text)
    text = _until_stable(TABLE, "", text)
    text = WEB_LINK.sub(r"\1", text)  # first, as a caption may hold one
    text = _until_stable(LINK, _show_link, text)
    text = drop_tail_sections(text)
    text = HEADING.sub(r"\n\2\n", text)
    text = re.sub(r"'{2,5}", "", text)
    text = re.sub(r"__[A-Z]+__", "", MARKER.sub("", text))
    text = html.unescape(strip_html(text))  # pages write &amp;nbsp; for a space
    text = re.sub(r"\{\{.*?\}\}|\{\||\|\}|\{\{|\}\}|\[\[|\]\]", "", text)
    text = OPENING_COMMA.sub("(", EMPTY_BRACKETS.sub("", text))
    return SPACE_BEFORE_COMMA.sub(r"\1", text).strip()


def drop_tail_sections(text: str) -> str:
    """Drop sections that hold no prose, with what is nested in them."""
    kept, start, level = [], 0, 0  # level of the dropped heading; 0 outside of one
    for heading in HEADING.finditer(text):
        if level and len(heading[1]) > level:
            continue
        if not level:
            kept.append(text[start : heading.start()])
        start = heading.start()
        level = len(heading[1]) if heading[2].lower() in TAIL_SECTIONS else 0
    return "".join(kept) + ("" if level else text[start:])


def _until_stable(pattern: re.Pattern, replacement, text: str) -> str:
    count = 1
    while count:
        text, count = pattern.subn(replacement, text)
    return text


def _show_innermost(found: re.Match) -> str:
    pattern, show = (TEMPLATE, _show_template) if found[0][0] == "{" else (LINK, _show_link)
    return pattern.sub(show, found[0])


def _show_template(found: re.Match) -> str:
    name, *arguments = (part.strip() for part in found[1].split("|"))
    name = name.lower()
    if name in SIGNS:
        return SIGNS[name]
    if name not in SHOWN:
        return ""
    return " ".join([value for value in arguments if "=" not in value][SHOWN[name]])


def _show_link(found: re.Match) -> str:
    target, *labels = found[1].split("|")
    if NAMESPACE.match(target) and not target.startswith(":"):
        return ""
    return (labels[-1] if labels else target.lstrip(":")).strip()
