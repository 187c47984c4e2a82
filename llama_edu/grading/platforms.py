"""Names that learning platforms give to what was handed in: whose is it, and which attempt?

Sources: Canvas, lib/content_zipper.rb; Moodle, mod/assign/classes/downloader.php; nbgrader,
exchange/default/collect.py. Those of Blackboard, Brightspace and Gradescope are as their users'
tools read them.
"""

import re
from dataclasses import dataclass

MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<number>\d{1,12}))?_assign(?:submission|feedback)_[a-z]+(?:_(?P<rest>.*))?"
)
CANVAS = re.compile(
    r"(?P<name>[^\W_]\w*?)(?P<late>_LATE)?_(?P<number>\d{1,20})_(?P<file>\d{3,20})_(?P<rest>.+)"
)
ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<name>anon_[^\W_]{3,12})_(?P<file>\d{3,20})_(?P<rest>.+)"
)
BLACKBOARD = re.compile(r"(?P<name>.+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<rest>.*)|\.txt)?")
BRIGHTSPACE = re.compile(r"\d{1,12}-\d{1,12}")
NBGRADER = re.compile(
    r"(?P<name>[^+]+)\+[^+]+\+(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]*)(?:\+.*)?"
)
GRADESCOPE = re.compile(r"submission_(?P<number>\d{4,12})")
GRADESCOPE_FILE = "submission_metadata.yml"
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CLOCK = re.compile(r"(?<![\d.])(\d{1,2})[:.h]?(\d\d)(?:[:.]?\d\d)? ?([ap]\.?m\b)?", re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """What a platform's name says.

    Args:
        platform: "Moodle".
        person: as the platform writes it: "Jane Doe", "doejane", "jd42".
        number: the platform's own for that person, "" if it is not there.
        attempt: later ones sort behind earlier ones.
        is_late: whether the name says so.
    """

    platform: str
    person: str
    number: str = ""
    attempt: str = ""
    is_late: bool = False


def read_name(name: str) -> Named | None:
    """What the name of a file or folder says, if a platform made it.

    read_name("doejane_LATE_123_4567_attention.ipynb") -> Named("Canvas", "doejane", "123", ...)

    Blackboard puts the assignment before the user's name: both are given, see `without_shared`.
    """
    if found := MOODLE.fullmatch(name):
        return Named("Moodle", found["name"].strip(), found["number"] or "")
    if found := BLACKBOARD.fullmatch(name):
        return Named("Blackboard", found["name"], attempt=found["when"])
    if BRIGHTSPACE.match(name):
        return _brightspace(name.split(" - "))
    if found := GRADESCOPE.fullmatch(name):
        return Named("Gradescope", name, found["number"])
    if found := NBGRADER.fullmatch(name):
        return Named("nbgrader", found["name"], attempt=found["when"])
    if found := ANONYMOUS.fullmatch(name):
        return Named("Canvas", found["name"], "", found["file"].zfill(20), bool(found["late"]))
    found = CANVAS.fullmatch(name)
    if found and found["name"] == found["name"].lower() and re.search(r"[^\W\d_]", found["name"]):
        late, attempt = bool(found["late"]), found["file"].zfill(20)
        return Named("Canvas", found["name"], found["number"], attempt, late)
    return None


def _brightspace(fields: list[str]) -> Named | None:
    """ "123-456 - Jane Doe - Nov 3, 2026 1230 PM", and in some places a number before the name."""
    if not BRIGHTSPACE.fullmatch(fields[0].strip()):
        return None
    dated = next((i for i, field in enumerate(fields) if i > 1 and YEAR.search(field)), 0)
    if not dated:
        return None
    names = [field.strip() for field in fields[1:dated]]
    has_number = len(names) > 1 and re.fullmatch(r"[\w.]*\d[\w.]*", names[0])
    number = names.pop(0) if has_number else fields[0].partition("-")[0].strip()
    return Named("Brightspace", " - ".join(names), number, _when(fields[dated]))


def _when(text: str) -> str:
    """A date as text that sorts: "Nov 3, 2026 1230 PM" -> "2026-11-03 12:30"; "" if unknown."""
    year = YEAR.search(text)
    words = re.findall(r"[^\W\d_]+", text.lower())
    month = next((MONTHS.index(word[:3]) + 1 for word in words if word[:3] in MONTHS), 0)
    rest = text.replace(year[0], " ", 1) if year else text
    day = re.search(r"(?<!\d)\d{1,2}(?!\d)", rest)
    clock = CLOCK.search(rest[day.end() :]) if day else None
    if not (year and month and day):
        return ""
    hour, minute, half = (
        (int(clock[1]), clock[2], (clock[3] or "").lower()) if clock else (0, "00", "")
    )
    hour = hour % 12 + 12 * half.startswith("p") if half else hour
    return f"{year[0]}-{month:02}-{int(day[0]):02} {hour:02}:{minute}"


def gradescope_names(text: str) -> dict[str, tuple[str, str]]:
    """The names, and the first one's number, behind each folder: "submission_1234" -> ("Jo", "7").

    Args:
        text: of the `submission_metadata.yml` of an export.
    """
    found = {}
    for part in re.split(r"^(?=submission_\d)", text, flags=re.MULTILINE)[1:]:
        named, (*_, submitters) = part.partition(":")[0], part.partition(":submitters:")
        submitters = re.split(r"^ {0,2}:", submitters, maxsplit=1, flags=re.MULTILINE)[0]
        names, ids = (
            [word.strip("\"'") for word in re.findall(rf":{key}: *(\S.*)", submitters)]
            for key in ("name", "sid")
        )
        if names:
            found[named] = ", ".join(names), (ids or [""])[0]
    return found


def without_shared(names: list[str]) -> list[str]:
    """Users of "HW 5_jd1", "HW 5_a_b": what all have before is the assignment.

    Of one alone, or where heads differ, a user is what stands behind the last "_".
    """
    heads = {name.rpartition("_")[0] for name in names}
    if len(heads) < 2:
        return [name.rpartition("_")[2] for name in names]
    first, last = min(names), max(names)
    n = next((i for i, pair in enumerate(zip(first, last, strict=False)) if len({*pair}) > 1), 0)
    n = first.rfind("_", 0, n) + 1
    return [name[n:] for name in names] if n else [name.rpartition("_")[2] for name in names]
