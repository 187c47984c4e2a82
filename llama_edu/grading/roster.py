"""Who is in a class, as a file of CSV says, and which of them a name means."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from llama_edu.grading.tables import read_csv

MAX_WORDS, MAX_RUN = 60, 6  # of the name of a file, and of a person's
MIN_LETTERS = 4  # of a name that is looked for inside another: "li" stands in "alice"
GIVEN = {"firstname", "givenname", "vorname", "first", "prenom", "nombre"}
FAMILY = {"lastname", "surname", "familyname", "nachname", "last", "nom", "apellidos"}


@dataclass(frozen=True)
class Row:
    """One person.

    Args:
        name: as they are called in the grades.
        said: names, numbers and addresses that mean them, as words.
        turned: names again, the last word first: "Doe Jane".
    """

    name: str
    said: frozenset[tuple[str, ...]]
    turned: frozenset[tuple[str, ...]]


@dataclass(frozen=True)
class Roster:
    """The people of a class."""

    rows: list[Row] = field(default_factory=list)

    def find(self, name: str) -> int | None:
        """The place of the one person whom a name or number means; None if none or several."""
        for keys in self._keys:
            found = keys.get(plain(name), ())
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def find_in(self, text: str) -> int | None:
        """The place of the one person who is named somewhere in the name of a file."""
        for whole in (re.sub(r"\.\w{1,6}$", "", text), text):
            if (found := self.find(whole)) is not None:
                return found
        words = tuple(words_of(text))[:MAX_WORDS]
        runs = [words[i:j] for i in range(len(words)) for j in range(i + 1, i + MAX_RUN + 1)]
        for tier in self._words:
            best: dict[int, int] = {}
            for run in runs:
                for place in tier.get(run, ()):
                    best[place] = max(best.get(place, 0), sum(map(len, run)))
            longest = max(best.values(), default=0)
            found = [place for place, n in best.items() if n == longest]
            if found:
                return found[0] if len(found) == 1 else None
        return None

    @cached_property
    def _words(self) -> tuple[dict[tuple[str, ...], list[int]], ...]:
        """Who is meant by some words; in a longer name only by so many letters."""
        return tuple(
            {run: found for run, found in tier.items() if sum(map(len, run)) >= MIN_LETTERS}
            for tier in (self._index("said"), self._index("turned"))
        )

    @cached_property
    def _keys(self) -> tuple[dict[str, list[int]], ...]:
        tiers: list[dict[str, set[int]]] = [{}, {}]
        for tier, which in zip(tiers, ("said", "turned"), strict=True):
            for words, places in self._index(which).items():
                tier.setdefault("".join(words), set()).update(places)
        return tuple({key: sorted(of) for key, of in tier.items()} for tier in tiers)

    def _index(self, which: str) -> dict[tuple[str, ...], list[int]]:
        found: dict[tuple[str, ...], list[int]] = {}
        for i, row in enumerate(self.rows):
            for words in getattr(row, which):
                found.setdefault(words, []).append(i)
        return found


def plain(name: str) -> str:
    """Letters and digits alone, without accents and capitals: plain("Muñoz, J.") -> "munozj"."""
    return "".join(words_of(name))


def words_of(name: str) -> list[str]:
    letters = unicodedata.normalize("NFKD", name.casefold().replace("ø", "o").replace("ł", "l"))
    bare = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return re.findall(r"[^\W_]+", bare.replace("'", "").replace("’", ""))


def person(name: str, cells: Iterable[str], given: str = "", family: str = "") -> Row:
    """A person of a row of a table.

    Args:
        name: as they are to be called.
        cells: names, numbers and addresses that mean them.
        given: first names.
        family: last name.
    """
    said = {name, *cells}
    said |= {cell.partition("@")[0] for cell in said if "@" in cell}
    for cell in list(said):
        last, comma, first = cell.partition(",")
        if comma:  # "Doe, Jane"
            said |= {f"{first} {last}"}
    if given and family:
        said |= {f"{given} {family}", f"{family} {given}", f"{given.split()[0]} {family}"}
    words = {run for cell in said if (run := tuple(words_of(cell)))}
    turned = {(run[-1], *run[:-1]) for run in words if len(run) > 1} - words
    return Row(name, frozenset(words), frozenset(turned))


def read_roster(path: Path) -> Roster:
    """Read a class: a table of CSV, a person a row, who is called as its first column says.

    Names, user names, numbers and addresses in other columns help to recognize them.

    Raises:
        ValueError: if it is none, or two rows have one name.
    """
    rows = [[cell.strip() for cell in row] for row in read_csv(path)[0] if any(map(str.strip, row))]
    if len(rows) < 2:
        raise ValueError(
            f"--students {path} must have a line of headings and a line for each student"
        )
    heads = [plain(head) for head in rows[0]]
    given = next((i for i, head in enumerate(heads) if head in GIVEN), None)
    family = next((i for i, head in enumerate(heads) if head in FAMILY), None)
    people = []
    for row in rows[1:]:
        row += [""] * (len(heads) - len(row))
        others = [cell for i, cell in enumerate(row) if i not in (given, family)]
        first = row[given] if given is not None else ""
        last = row[family] if family is not None else ""
        name = row[0] if given != 0 and family != 0 else f"{first} {last}".strip()
        if name:
            people.append(person(name, others, first, last))
    names = [one.name for one in people]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(
            f"--students {path} must name each student once, got {', '.join(twice[:5])}"
        )
    return Roster(people)
