"""How a class was laid out: what lies round it, where its students stand, whose names they have."""

import re
from collections import Counter, defaultdict

from llama_edu.course.lessons import Lesson
from llama_edu.grading.handed_in import NOTEBOOK, File
from llama_edu.grading.platforms import read_name, without_shared

MAX_NAME = 120  # characters
OF_NBGRADER = {"autograded", "feedback", "release", "source", "gradebook.db"}
OF_GRADES = {"results", "feedback", "gradescope"}
# What a file or folder of a student's own is called, as against a student.
OWN_WORDS = re.compile(
    r"(?:untitled|scratch|test|notes?|notebooks?|exercises?|solutions?|lessons?|homework|hw|answers?"
    r"|abgabe|work|assignments?|submissions?|submitted|attempt|version|versuch|part|old|new|final"
    r"|backup|copy|data|files?|src|main|lab|q|question|week|unit|v)?[\s_-]*\d{0,3}",
    re.IGNORECASE,
)
GROUPS = re.compile(
    r"(?:sec|section|group|gruppe|class|klasse|tutorial|lab|cohort|period|kurs|course|late|on[\s_-]?time)[\s_-]*\w{0,3}",
    re.IGNORECASE,
)
# What Colab puts before the name of a notebook that was copied.
COPIED = r"(?:copy of|kopie von|copie de|copia de)"
COPY_OF = re.compile(rf"^{COPIED}[\s_]+(?=\S)", re.IGNORECASE)
OF_COPY = re.compile(rf"(?<=\S)[\s_-]+{COPIED}$", re.IGNORECASE)  # "Ben - Copy of 05_attention"
ATTEMPT = re.compile(
    r"[\s_-]*(?:\((?P<a>\d{1,4})\)|-Copy(?P<b>\d{0,4})"
    r"|[\s_-](?:attempt|version|versuch|try|rev|v)[\s_-]?(?P<c>\d{1,4})"
    r"|[\s_-](?P<d>\d{4}-?\d\d-?\d\d(?:[T_ -]?\d\d[:h-]?\d\d(?:[:-]?\d\d)?)?)"
    r"|[\s_-](?:final|LATE|[Rr]esubmission))$"
)


def without_others(files: list[File]) -> tuple[list[File], list[str]]:
    """All but what is no student's: folders of grades, and the rest of nbgrader's course."""
    paths = {file.parts for file in files}
    grades = {
        path[:-1]
        for path in paths
        if path[-1] == "instructor.json"
        or (path[-1] == "grades.csv" and (*path[:-1], "summary.html") in paths)
    }
    tops = {path[0] for path in paths}
    if "submitted" in tops and tops & OF_NBGRADER:
        grades |= {(top,) for top in tops if top != "submitted"}
    if tops >= {"Submitted files", "Working files"}:  # Teams: what is not handed in yet
        grades.add(("Working files",))
    if () in grades:  # the class was graded into its own folder
        grades = grades - {()} | {(top,) for top in tops & OF_GRADES}
    kept = [file for file in files if not any(file.parts[: len(g)] == g for g in grades)]
    return kept, [
        f"{'/'.join(one)}: grades or a teacher's own, no student" for one in sorted(grades)
    ]


def unwrapped(files: list[File], lesson: Lesson) -> tuple[list[File], tuple[str, ...]]:
    """Without the folder that lies round the whole class, if there is one."""
    above: tuple[str, ...] = ()
    for _ in range(4):
        inside = [file for file in files if len(file.parts) > 1]
        tops = {file.parts[0] for file in inside}
        if len(tops) != 1 or any(file.is_notebook for file in files if len(file.parts) == 1):
            break
        if any(read_name(top) for top in tops) or not _is_class(inside, lesson):
            break
        above += tuple(tops)
        files = [File(f.parts[1:], f.time, f.problem, f.read) for f in inside] + [
            file for file in files if len(file.parts) == 1
        ]
    return files, above


def _is_class(files: list[File], lesson: Lesson) -> bool:
    """Whether a folder's contents are a class, and not one student's work."""
    children = {file.parts[1] for file in files if len(file.parts) > 2 or file.is_notebook}
    if any(read_name(child) for child in children):
        return True
    folders = {file.parts[1] for file in files if len(file.parts) > 2}
    people = {name for child in children if (name := _person(child, lesson))}
    if len(folders) == 1 and len(children) == 1:  # a folder in a folder: look into that one
        inner = [File(f.parts[1:], f.time, f.problem, f.read) for f in files if len(f.parts) > 2]
        return _is_class(inner, lesson)
    return len(people) > 1 and len(people) == len(
        {attempt_of(NOTEBOOK.sub("", c))[0] for c in children}
    )


def _person(name: str, lesson: Lesson) -> str:
    """Who a name could be; "" if it is a word for work, or the lesson's own."""
    stem = attempt_of(NOTEBOOK.sub("", name))[0]
    left = without_lesson(stem, lesson)
    is_lesson = re.fullmatch(_lesson_pattern(lesson), stem, re.IGNORECASE)
    return "" if is_lesson or OWN_WORDS.fullmatch(left) else left


def depth_of(files: list[File], lesson: Lesson) -> int:
    """Where in a path the student stands: 0, or 1 below the folders of groups."""
    inside = defaultdict(set)
    for file in files:
        if len(file.parts) == 1 and file.is_notebook:
            return 0
        if len(file.parts) > 2 or (len(file.parts) == 2 and file.is_notebook):
            inside[file.parts[0]].add((file.parts[1], len(file.parts) > 2))
    names = [name for children in inside.values() for name in children]
    are_people = all(_person(name, lesson) for name, _ in names)
    are_folders = all(is_folder for _, is_folder in names) and len(inside) > 1
    are_groups = bool(inside) and all(GROUPS.fullmatch(top) for top in inside)
    sizes = [len(of) > 1 for of in inside.values()]
    is_parted = len(set(names)) == len(names) and (any(sizes) if are_groups else all(sizes))
    return int(is_parted and are_people and (are_folders or are_groups) and bool(names))


def platform_of(files: list[File]) -> str:
    """Whose names most of the class has."""
    counts: Counter[str] = Counter()
    units = {
        file.parts for file in files if file.is_notebook or len(file.parts) > 1 or file.problem
    }
    for parts in units:
        named = next(filter(None, map(read_name, parts)), None)
        if named and not OWN_WORDS.fullmatch(named.person):  # "hw_2026_110_anna" is none
            counts[named.platform] += 1
    if not counts:
        return ""
    platform, n = counts.most_common(1)[0]
    return platform if 2 * n >= len(units) else ""


def users_of(files: list[File]) -> dict[str, tuple[str, str]]:
    """Who each of Blackboard's names means, without the assignment; it gives no number."""
    found = (next(filter(None, map(read_name, file.parts)), None) for file in files)
    names = sorted({one.person for one in found if one and one.platform == "Blackboard"})
    return {name: (user, "") for name, user in zip(names, without_shared(names), strict=True)}


def attempt_of(stem: str) -> tuple[str, str]:
    """A name without the marks of an attempt, and what sorts those."""
    attempts: list[str] = []
    stem = COPY_OF.sub("", stem)
    for _ in range(4):
        found = ATTEMPT.search(stem)
        if not found or not stem[: found.start()].strip(" _-"):
            break
        number = next((group for group in found.groups() if group), "")
        attempts.append(number if len(number) > 4 else number.zfill(4))
        stem = stem[: found.start()]
    return stem, "|".join(reversed(attempts))


def _lesson_pattern(lesson: Lesson) -> str:
    """How an exercise's own name is written: "05_attention", "attention", "HW 5"."""
    topic = r"[\s_-]?".join(map(re.escape, re.split("[_-]", lesson.topic)))
    number = rf"(?:lesson|exercise|homework|hw|ex|lab)?[\s_-]*0?{int(lesson.number)}"
    word = rf"(?:lesson|exercise|homework|hw|ex|lab)[\s_-]*0?{int(lesson.number)}"
    return rf"(?:(?:{number}[\s_.-]*)?{topic}|{word})"


def without_lesson(stem: str, lesson: Lesson) -> str:
    """A name without that of the exercise before or behind it, if something is left."""
    topic = _lesson_pattern(lesson)
    if not re.fullmatch(topic, stem, re.IGNORECASE):
        for pattern in (rf"^{topic}[\s_.-]+", rf"[\s_.-]+{topic}$"):
            stem = re.sub(pattern, "", stem, flags=re.IGNORECASE).strip(" _-.") or stem
    stem = OF_COPY.sub("", stem)
    return stem.strip()[:MAX_NAME] or "_"
