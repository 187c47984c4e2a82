"""Results on disk: one file of JSON a submission, whole or not there, and found again by a key."""

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import llama_edu
from llama_edu.course.authoring.fingerprint import fingerprint
from llama_edu.course.lessons import Lesson
from llama_edu.grading.names import file_name
from llama_edu.grading.sandbox import Limits
from llama_edu.grading.seeds import new_seed
from llama_edu.grading.submissions import Submission

INSTRUCTOR = "instructor.json"
RESULTS = "results"


@dataclass(frozen=True)
class Assignment:
    """What is graded, and how.

    Args:
        lesson: whose exercise it is.
        seed: of the cases; a secret until all is graded.
        limits: of each kernel.
        level: of the sandbox.
    """

    lesson: Lesson
    seed: int
    limits: Limits
    level: str

    def key(self, submission: Submission) -> str:
        """Changes with whatever could change the grade, and with nothing else."""
        parts = [
            json.dumps(sorted(submission.answers.items())),
            *submission.notes,
            submission.notebook,
            *submission.keys,
            _graders(self.lesson),
            f"{sys.version_info[:2]} {version('torch')} {sys.platform}",
            f"{self.seed} {self.limits} {self.level}",
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@cache
def _graders(lesson: Lesson) -> str:
    """A hash of the questions, the exercise, the package that they use, and the grader."""
    package = Path(llama_edu.__file__).parent
    files = [
        lesson.folder.parents[1] / "exercises" / f"{lesson.name}.ipynb",
        *sorted((package / "grading").rglob("*.py")),
        *sorted((package / "course").rglob("*.py")),
    ]
    digest = hashlib.sha256(fingerprint(lesson.question_files).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def keep_seed(out: Path, lesson: Lesson, seed: int | None) -> int:
    """The seed of this folder's grades: given, kept from before, or a fresh one.

    It is written to a file that only the instructor can read.

    Raises:
        ValueError: if the folder holds the grades of another lesson, or is none.
    """
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} must be a folder, and is a file: choose another name")
    file = out / INSTRUCTOR
    old = read_json(file) or {}
    if old.get("lesson", lesson.name) != lesson.name:
        raise ValueError(f"--out {out} holds the grades of {old['lesson']}: choose another folder")
    if seed is None:
        seed = old.get("seed")
    seed = new_seed() if seed is None else seed
    write_json(file, {"lesson": lesson.name, "seed": seed})
    return seed


def result_file(out: Path, student: str) -> Path:
    """Where the result of a student lies."""
    return out / RESULTS / f"{file_name(student)}.json"


def read_results(out: Path) -> list[dict]:
    """All results in a folder, by student."""
    found = (read_json(file) for file in sorted((out / RESULTS).glob("*.json")))
    return sorted((one for one in found if one), key=lambda one: one["student"])


def read_json(file: Path) -> dict | None:
    """What a file of JSON holds; None if there is none, or it is spoilt."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_json(file: Path, content: dict) -> None:
    """Write a file that is whole at any time, and the instructor's alone."""
    write_text(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n", mode=0o600)


def write_text(file: Path, text: str, mode: int = 0o644) -> None:
    """Write a file that is whole at any time: the old one until the new one is done."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    part.touch(mode)
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(file)
