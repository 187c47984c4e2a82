"""Who handed in what: the one place that knows how classes are laid out.

A folder a student, or a file, or a zip of either; with a folder round them all; nbgrader's trees;
what Moodle, Canvas, Blackboard, Brightspace and Gradescope export; repositories that were cloned.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from llama_edu.course.lessons import Lesson
from llama_edu.grading.handed_in import NOTEBOOK, File, Refused
from llama_edu.grading.layouts import (
    attempt_of,
    depth_of,
    platform_of,
    unwrapped,
    users_of,
    without_lesson,
    without_others,
)
from llama_edu.grading.platforms import GRADESCOPE_FILE, gradescope_names, read_name
from llama_edu.grading.roster import Roster

MAX_FILES = 500  # of one student
MAX_NOTES = 20
# A student who handed in one that is not read handed in something.
ARCHIVE = re.compile(r"\.(?:zip|rar|7z|(?:tar\.)?(?:gz|bz2|xz|zst)|tar|tgz)$", re.IGNORECASE)
WITHIN = re.compile(r"(?:attempt|version|versuch)[\s_-]?(\d{1,4})$", re.IGNORECASE)


@dataclass
class Student:
    """What one student handed in.

    Args:
        name: as it stands in the grades.
        keys: what else is known of them: a platform's number, a row of the roster.
        taken_from: the name that said who it is.
        files: their notebooks, each with what sorts attempts.
        notes: what was odd.
        others: names of files that are no notebooks.
    """

    name: str
    keys: tuple[str, ...] = ()
    taken_from: str = ""
    files: list[tuple[str, File]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Class:
    """A class as it was handed in.

    Args:
        students: by name.
        layout: how it was read, in words.
        left_out: what is nobody's, with the reason: a line each.
        unknown: students that are not in the roster.
        absent: of the roster, who handed in nothing.
    """

    students: list[Student]
    layout: str
    left_out: list[str]
    unknown: list[str]
    absent: list[str]


def find_people(files: list[File], lesson: Lesson, roster: Roster | None = None) -> Class:
    """Find out whose each file is.

    Args:
        files: below SUBMISSIONS.
        lesson: whose exercise it is: its name is nobody's.
        roster: who there is; without it names are taken as they stand there.
    """
    files, left_out = without_others(files)
    files, above = unwrapped(files, lesson)
    platform = platform_of(files)
    students: dict[tuple, Student] = {}
    unnamed: list[File] = []
    depth = depth_of(files, lesson)
    users = users_of(files) if platform == "Blackboard" else {}
    listed = _listed(files) if platform == "Gradescope" else {}
    files = [file for file in files if not listed or file.parts[-1] != GRADESCOPE_FILE]
    for file in files:
        who = _who(file, platform, users | listed, lesson, depth, roster)
        if who is None:
            unnamed.append(file)
            continue
        key, name, number, part, attempt, late = who
        keys = tuple(filter(None, (number,)))
        student = students.setdefault(key, Student(name, keys, part))
        _add(student, file, attempt, len(_part_of(file, part)), late)
    if unnamed:
        names = sorted({"/".join((*above, *file.parts)) for file in unnamed})
        left_out.append(f"{_some(names)}: no notebook, and nobody's")
    unknown = absent = []
    if roster:
        known = {key[1] for key in students if key[0] == "roster"}
        unknown = [one.name for key, one in students.items() if key[0] != "roster"]
        absent = [row.name for i, row in enumerate(roster.rows) if i not in known]
    found = _told_apart(list(students.values()))
    return Class(found, _layout(found, platform, roster), left_out, sorted(unknown), absent)


def _who(file, platform, users, lesson, depth, roster) -> tuple | None:
    """Key, name, number, the part of the path that said so, attempt and whether it is late.

    What a student may have called a file of their own says nothing: it could be another's name.
    """
    for part in file.parts:
        named = read_name(part)
        if named and named.platform == platform:
            person, number = users.get(named.person, (named.person, named.number))
            row = roster.find(number) if roster and number else None
            row = roster.find_in(person) if roster and row is None else row
            key = (platform, named.number or person)
            if row is not None:
                key, person = ("roster", row), roster.rows[row].name
            return key, person, number, part, named.attempt, named.is_late
    if len(file.parts) <= depth:
        return None
    part = file.parts[depth]
    if len(file.parts) == depth + 1:
        is_shut = ARCHIVE.search(part) if not part.lower().endswith(".zip") else file.problem
        if not (file.is_notebook or is_shut or (file.problem and "." not in part)):
            return None
        part = NOTEBOOK.sub("", ARCHIVE.sub("", part) if is_shut else part)
    stem, attempt = attempt_of(part)
    name = without_lesson(stem, lesson)
    row = roster.find_in(part) if roster else None
    if row is not None:
        return ("roster", row), roster.rows[row].name, "", part, attempt, False
    return ("name", name), name, "", part, attempt, False


def _listed(files: list[File]) -> dict[str, tuple[str, str]]:
    """Name and number behind each folder, where the export holds a list of them."""
    for file in files:
        if file.parts[-1] == GRADESCOPE_FILE and not file.problem:
            with contextlib.suppress(Refused, OSError):
                return gradescope_names(file.read().decode("utf-8", "replace"))
    return {}


def _part_of(file: File, part: str) -> tuple[str, ...]:
    """The path up to the part that named the student, that part included."""
    stems = [NOTEBOOK.sub("", one) for one in file.parts]
    where = next((i for i, one in enumerate(file.parts) if part in (one, stems[i])), 0)
    return file.parts[: where + 1]


def _add(student: Student, file: File, attempt: str, n_above: int, late: bool) -> None:
    inner = file.parts[n_above:] if len(file.parts) > n_above else file.parts[-1:]
    file = File(inner, file.time, file.problem, file.read)
    if late and "the platform marks it as late" not in student.notes:
        student.notes.append("the platform marks it as late")
    if file.problem:
        if file.problem != "empty" and len(student.notes) < MAX_NOTES:
            where = "/".join(part for part in inner if part != ".")
            student.notes.append(f"{where}: {file.problem}" if where else file.problem)
    elif not file.is_notebook:
        student.others.append("/".join(inner))
    elif len(student.files) < MAX_FILES:
        within = [found[1].zfill(4) for part in inner if (found := WITHIN.search(part))]
        student.files.append(("|".join([attempt, *within]), file))
    elif not any(note.startswith("more than") for note in student.notes):
        student.notes.append(f"more than {MAX_FILES} notebooks: the rest was not looked at")


def _told_apart(students: list[Student]) -> list[Student]:
    """By name; people of one name are told apart by their numbers."""
    counts = Counter(student.name for student in students)
    for student in students:
        if counts[student.name] > 1 and student.keys:
            student.name = f"{student.name} ({student.keys[0]})"
    return sorted(students, key=lambda student: student.name)


def _layout(students: list[Student], platform: str, roster: Roster | None) -> str:
    """How names were read, with an example of one that is another than what stands there."""
    how = (
        "by the roster" if roster else f"as {platform} names them" if platform else "as they stand"
    )
    shown = next((one for one in students if one.taken_from != one.name), None)
    example = f": {shown.taken_from} is {shown.name}" if shown else ""
    return f"{len(students)} student{'s' * (len(students) != 1)}, named {how}{example}"


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
