"""Grades into the table that a learning platform exported, so that it takes them back.

Only the cells of grades change; every other byte stays, so that no platform can take offence.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from llama_edu.grading.roster import FAMILY, GIVEN, Roster, person, plain, words_of
from llama_edu.grading.tables import Cell, bytes_of, cells_of, text_of

MAX_BYTES = 50 << 20
# Columns that say who a row is, as Canvas and Moodle call them in some languages.
WHO = {
    "student", "id", "sisuserid", "sisloginid", "integrationid", "loginid", "identifier",
    "fullname", "name", "username", "idnumber", "studentid", "studentnumber", "orgdefinedid",
    "email", "emailaddress", "emailadresse", "vollstandigername", "idnummer", "matrikelnummer",
    "teilnehmerin", "nomcomplet", "adressedecourriel", "numerodidentification", "nombrecompleto",
    "direcciondecorreo", "nombredeusuario", "numerodeid", "anmeldename",
} | GIVEN | FAMILY  # fmt: skip
# The one column of Moodle's worksheet of an assignment.
WORKSHEET = {"grade", "bewertung", "note", "calificacion", "punkte"}
EXCUSED = "EX"  # Canvas
NOT_A_GRADE = re.compile(
    r"\(read only\)|current (score|points|grade)|final (score|points|grade)|total(?! pts)", re.I
)


@dataclass(frozen=True)
class Filled:
    """A table with grades in it.

    Args:
        data: the whole file.
        columns: the column that each lesson's grades went into.
        n_filled: cells that have a grade now.
        n_replaced: of them, cells that had another one.
        not_found: students who are graded and not in the table.
        without: rows of people who have no grade.
        remarks: what a teacher should look at.
    """

    data: bytes
    columns: dict[str, str]
    n_filled: int
    n_replaced: int
    not_found: list[str]
    without: list[str]
    remarks: list[str]


def fill(data: bytes, results: Iterable[dict], columns: Sequence[str] = ()) -> Filled:
    """Fill the grades of one or more lessons into a table of CSV.

    Args:
        data: the file, as the platform gave it.
        results: of the students, lesson by lesson.
        columns: which to fill: "05=Attention (123)", or the name alone where there is one lesson;
            found by the lesson's name where none is given.

    Raises:
        ValueError: if it is no such table, or it is not clear which column a lesson has.
    """
    text, encoding = text_of(data)
    rows = cells_of(text)
    heads = [cell.value.strip() for cell in rows[0]] if rows else []
    who = [i for i, head in enumerate(heads) if plain(head) in WHO]
    if len(rows) < 2 or not who:
        raise ValueError(
            "--into must be a table that Canvas or Moodle exported: a line of headings, among them "
            f"Student, ID, Full name or Email address, and a line a student; got {heads[:6]}"
        )
    by_lesson = defaultdict(list)
    for result in results:
        by_lesson[result["lesson"]].append(result)
    places = {lesson: _column(lesson, list(by_lesson), heads, who, columns) for lesson in by_lesson}
    if len(set(places.values())) < len(places):
        raise ValueError("--column: two lessons cannot fill the same column")
    people, lines = _people(rows, heads, who)
    changes, remarks, not_found, done = {}, [], [], set()
    n_replaced = 0
    for lesson, own in by_lesson.items():
        found = defaultdict(list)
        for result in own:
            found[_row_of(result, people)].append(result)
        not_found += [result["student"] for result in found.pop(None, [])]
        for row, several in found.items():
            names = ", ".join(result["student"] for result in several)
            line = lines[row]
            if len(several) > 1:
                remarks.append(f"{names} are all {people.rows[row].name}: none was filled in")
            elif places[lesson] >= len(rows[line]):
                remarks.append(f"{names}: the line of {people.rows[row].name} is too short")
            elif (cell := rows[line][places[lesson]]).value.strip().upper() == EXCUSED:
                remarks.append(f"{names}: {people.rows[row].name} is excused, and stays so")
            else:
                new = _written(several[0]["score"], cell, text, rows, places[lesson])
                changes[cell] = new
                n_replaced += cell.value.strip() not in ("", "-", "N/A") and not _is_equal(
                    cell, new
                )
                done.add(row)
        remarks += _other_maximum(lesson, own, rows, heads, places[lesson])
    parts, at = [], 0
    for cell in sorted(changes, key=lambda cell: cell.start):
        parts += [text[at : cell.start], changes[cell]]
        at = cell.end
    filled = "".join([*parts, text[at:]]).encode(encoding)
    without = [row.name for i, row in enumerate(people.rows) if i not in done]
    named = {lesson: heads[place] for lesson, place in places.items()}
    return Filled(filled, named, len(changes), n_replaced, sorted(set(not_found)), without, remarks)


def fill_file(
    path: Path, out: Path, results: Iterable[dict], columns: Sequence[str] = ()
) -> Filled:
    """Write the table of a file, filled in, to another one."""
    data = bytes_of(path)
    if len(data) > MAX_BYTES:
        raise ValueError(f"--into {path} must be at most {MAX_BYTES >> 20} MB")
    filled = fill(data, results, columns)
    out.write_bytes(filled.data)
    return filled


def _column(lesson, lessons, heads, who, columns) -> int:
    """The column of a lesson's grades."""
    number, _, topic = lesson.partition("_")
    for column in columns:
        key, equals, name = column.partition("=")
        is_named = equals and key.strip() in (number, number.lstrip("0"), topic, lesson)
        name = name if is_named else column
        if is_named or len(lessons) == 1:
            found = [i for i, head in enumerate(heads) if head == name.strip()]
            found = found or [i for i, head in enumerate(heads) if plain(head) == plain(name)]
            if len(found) == 1:
                return found[0]
            raise ValueError(f"--column {column} must be one of {_listed(heads, who)}")
    graded = [i for i in range(len(heads)) if i not in who and not NOT_A_GRADE.search(heads[i])]
    scores = []
    for i in graded:
        words = words_of(re.sub(r"\(\d+\)\s*$", "", heads[i]))  # Canvas' own number
        has_topic = plain(topic) in "".join(words)
        has_number = any(word.lstrip("0") == (number.lstrip("0") or "") for word in words)
        scores.append(2 * has_topic + has_number)
    best = [i for i, score in zip(graded, scores, strict=True) if score == max(scores) > 0]
    if not best and len(lessons) == 1:
        best = [i for i in graded if plain(heads[i]) in WORKSHEET]
    if len(best) != 1:
        raise ValueError(
            f"--column must say which column has the grades of {lesson}, as in "
            f'--column "{number}=NAME": {_listed(heads, who)}'
        )
    return best[0]


def _listed(heads: list[str], who: list[int]) -> str:
    return ", ".join(repr(head) for i, head in enumerate(heads) if i not in who and head)[:1000]


def _people(rows, heads, who) -> tuple[Roster, list[int]]:
    """The people of the table, and the line of each."""
    given = next((i for i in who if plain(heads[i]) in GIVEN), None)
    family = next((i for i in who if plain(heads[i]) in FAMILY), None)
    people, lines = [], []
    for line, row in enumerate(rows[1:], start=1):
        cells = [row[i].value.strip() if i < len(row) else "" for i in who]
        at = dict(zip(who, cells, strict=True))
        first, last = at.get(given, ""), at.get(family, "")
        others = [cell for i, cell in at.items() if i not in (given, family) and cell]
        name = f"{first} {last}".strip() or next(iter(others), "")
        if not name or plain(name) == "pointspossible":
            continue
        others += [cell.rpartition(" ")[2] for cell in others if re.fullmatch(r"\D+ \d+", cell)]
        people.append(person(name, others, first, last))
        lines.append(line)
    return Roster(people), lines


def _row_of(result: dict, people: Roster) -> int | None:
    """By what the platform called them, else by name."""
    for key in result.get("keys", ()):
        if (row := people.find(key)) is not None:
            return row
    name = re.sub(r" \(\d+\)$", "", result["student"]).rstrip("~")
    row = people.find(name)
    return people.find_in(name) if row is None else row


def _written(score: float, cell: Cell, text: str, rows: list[list[Cell]], column: int) -> str:
    """A score as the column writes numbers: with quotes, or with a decimal comma."""
    number = f"{score:.10g}"
    values = [row[column].value for row in rows[1:] if column < len(row)]
    if any(re.fullmatch(r"\s*\d+,\d+\s*", value) for value in values):
        number = number.replace(".", ",")
    return f'"{number}"' if text[cell.start : cell.start + 1] == '"' or "," in number else number


def _is_equal(cell: Cell, new: str) -> bool:
    try:
        return float(cell.value.replace(",", ".")) == float(new.strip('"').replace(",", "."))
    except ValueError:
        return False


def _other_maximum(lesson, results, rows, heads, column) -> list[str]:
    """Whether the platform gives another number of points for the whole than the lesson has."""
    most = {result["max_score"] for result in results}
    theirs = {
        row[column].value.strip() for row in rows[1:3]
        if column < len(row) and any(plain(cell.value) == "pointspossible" for cell in row[:2])
    }  # fmt: skip
    maximum = next(
        (
            i
            for i, head in enumerate(heads)
            if plain(head) in ("maximumgrade", "bestmoglichebewertung")
        ),
        None,
    )
    if maximum is not None:
        theirs |= {row[maximum].value.strip() for row in rows[1:2] if maximum < len(row)}
    numbers = {float(one) for one in theirs if re.fullmatch(r"\d+(\.\d+)?", one)}
    if not numbers or numbers == most:
        return []
    return [
        f"{lesson} has {max(most):g} points, the table says {max(numbers):g}: the points were "
        "written as they are, so set the assignment to that number"
    ]
