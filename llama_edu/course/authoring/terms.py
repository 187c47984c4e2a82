"""The page of symbols and terms: what stands bold in the lessons' prose, with a link to it.

A lesson's bold words are the terms that it explains, but for labels (`**Predict:**`, `**Now
you:**`), which end with a punctuation mark.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import nbformat

from llama_edu.course.lessons import Lesson
from llama_edu.course.notebook import METADATA, to_notebook, to_text

PAGE = "notebooks/terms.ipynb"
TITLE = """\
# Symbols and terms

Each entry says what the lesson says where it explains the symbol or the term. The link leads
there."""
SYMBOLS = "## Symbols\n\n| symbol | what the lesson says | where |\n|:---|:---|:---|\n"

BOLD = re.compile(r"\*\*(.+?)\*\*")
LABEL = re.compile(r"\A\*\*[^*]+[:.?!,;]\*\*\s*")
SYMBOL = re.compile(r"\$[^$]+\$|.")
OF_SYMBOL = re.compile(r"\*\*(?:\$[^$*]+\$|.)\*\*")
BEFORE_SYMBOL = re.compile(rf"(?:[,;](?: and)?| and) (?={OF_SYMBOL.pattern})")
NAMED = re.compile(r",? (\$[^$\s=]+\$)")  # the temperature $\tau$: its symbol follows a term
HEADING = re.compile(r"#+ (.+)")
ITEM = re.compile(r"\A(?:[-*+]|\d+\.)\s+")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SENTENCE_END = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][”)*])|(?<=[.!?]\*\*))\s+(?=[A-Z*“(\[`$])")
LEANS_BACK = re.compile(r"(?:It|Its|They|Their|This|That|These|Those|Both|Such|Here)\b")


@dataclass(frozen=True)
class Mention:
    """A place where a term stands bold.

    Args:
        term: as it stands there.
        says: the sentence that it stands in, and what that leans on.
        place: a link to the cell, as markdown.
    """

    term: str
    says: str
    place: str

    @property
    def is_symbol(self) -> bool:
        """Whether it is one letter, or a formula."""
        return bool(SYMBOL.fullmatch(self.term))


def terms_page(lessons: Iterable[Lesson]) -> str | None:
    """The text of the notebook with every symbol and term of these lessons; None if none has one.

    Raises:
        ValueError: if a lesson's authored file breaks a rule.
    """
    entries = _by_term(mention for lesson in lessons for mention in mentions(lesson))
    if not entries:
        return None
    symbols = [found for found in entries if found[0].is_symbol]
    terms = sorted(
        (found for found in entries if not found[0].is_symbol), key=lambda found: _key(found[0])
    )
    cells = [TITLE]
    if symbols:
        cells.append(SYMBOLS + "\n".join(map(_row, symbols)))
    if terms:
        cells.append("## Terms")
    for letter, group in groupby(terms, key=lambda found: _key(found[0])[0].upper()):
        cells.append(f"### {letter}\n\n" + "\n".join(map(_item, group)))
    page = nbformat.v4.new_notebook(metadata=METADATA)
    page.nbformat_minor = 5
    for position, source in enumerate(cells, start=1):
        page.cells.append(nbformat.v4.new_markdown_cell(source, id=f"cell-{position:02d}"))
    return to_text(page)


def mentions(lesson: Lesson) -> Iterator[Mention]:
    """What stands bold in a lesson's prose, in order, labels left out."""
    section = lesson.topic
    for cell in to_notebook(lesson.lesson_py.read_text(encoding="utf-8")).cells:
        if cell.cell_type != "markdown":
            continue
        blocks = _blocks(cell.source)
        for block, below in zip(blocks, [*blocks[1:], ""], strict=True):
            if heading := HEADING.fullmatch(block):
                section = heading[1].removeprefix(f"{lesson.number} · ")
                continue
            # JupyterLab finds a cell also in a notebook that it has just opened, a heading not.
            place = f"[{lesson.number}, {section}]({lesson.name}.ipynb#cell-id={cell.id})"
            for term, says in _explained(block, below):
                yield Mention(term, says, place)


def _blocks(source: str) -> list[str]:
    """Paragraphs, headings, list items and rows of tables, each as one line."""
    blocks = [""]
    for line in map(str.strip, FENCED.sub("", source).splitlines()):
        is_row, is_heading = line.startswith("|"), HEADING.match(line)
        if not line or is_row or is_heading or ITEM.match(line):
            blocks.append("")
        if is_row:
            line = " · ".join(cell.strip() for cell in line.strip("|").split("|"))
        blocks[-1] += " " + ITEM.sub("", line)
        if is_heading:
            blocks.append("")
    return [block.strip() for block in blocks if block.strip()]


def _explained(block: str, below: str) -> Iterator[tuple[str, str]]:
    """Each term of a paragraph with what is said of it; `below` is the next paragraph."""
    sentences = SENTENCE_END.split(block)
    for n, sentence in enumerate(sentences):
        says = LABEL.sub("", sentence)
        if n > 0 and LEANS_BACK.match(says):
            says = f"{LABEL.sub('', sentences[n - 1])} {says}"
        if says.endswith(":"):
            says = f"{says} {below}" if below.startswith("$$") else f"{says[:-1]} …"
        for found in BOLD.finditer(sentence):
            if found[1][-1] not in ":.?!,;":
                yield found[1], _own_part(says, found[0]).replace("**", "")
                if named := NAMED.match(sentence, found.end()):
                    yield named[1], says.replace("**", "")


def _own_part(says: str, symbol: str) -> str:
    """What is said of one symbol, where a sentence explains several in turn.

    _own_part("**T** counts tokens, and **D** is a width.", "**D**") -> "**D** is a width"
    """
    parts = [part for part in BEFORE_SYMBOL.split(says) if OF_SYMBOL.match(part)]
    own = next((part for part in parts if part.startswith(symbol)), says)
    return own.removesuffix(".") if len(parts) > 1 else says


def _by_term(found: Iterable[Mention]) -> list[list[Mention]]:
    """The places of each term, the first to explain it first: "Tokens" and "token" are one."""
    places: dict[str, list[Mention]] = {}
    for mention in found:
        key = _key(mention)
        same = next((k for k in (key, f"{key}s", key.removesuffix("s")) if k in places), key)
        places.setdefault(same, []).append(mention)
    return list(places.values())


def _key(mention: Mention) -> str:
    """What it is sorted and known by: upper and lower case are one in words, not in symbols."""
    return mention.term if mention.is_symbol else mention.term.casefold()


def _row(found: list[Mention]) -> str:
    first = found[0]
    says = re.sub(r"\$[^$]+\$", lambda formula: formula[0].replace("|", r"\vert "), first.says)
    return f"| {first.term} | {says.replace('|', '&#124;')} | {_places(found)} |"


def _item(found: list[Mention]) -> str:
    first = found[0]
    bold = f"**{first.term}**"
    if first.says.startswith(first.term):
        return f"- {bold}{first.says.removeprefix(first.term)} ({_places(found)})"
    return f"- {bold}: {first.says} ({_places(found)})"


def _places(found: list[Mention]) -> str:
    first, *later = dict.fromkeys(mention.place for mention in found)
    return f"{first}; then {', '.join(later)}" if later else first
