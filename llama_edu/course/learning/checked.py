"""What `llama-edu check` has found, kept in the working copy, so that progress can count it."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from llama_edu.course.answers import read_notebook
from llama_edu.course.learning.workspace import STATE
from llama_edu.course.pieces import answers_in
from llama_edu.writing import write_whole

CHECKED = ".llama_edu_checked.json"  # by exercise: a hash of each answer, and which were right


def remember(notebook: Path, questions: Collection[str], right: Iterable[str]) -> None:
    """Keep which answers of an exercise are right, as they are now.

    Args:
        notebook: one of a working copy; of any other nothing is kept.
        questions: names of those that the exercise asks.
        right: names of the questions whose answers were found to be right.

    Raises:
        OSError: if the working copy cannot be written to.
        ValueError: if the notebook is none.
    """
    notebook = notebook.absolute()
    workspace = notebook.parents[1]
    if notebook.parent.name != "exercises" or not (workspace / STATE).is_file():
        return
    answers = _hashes(answers_in(read_notebook(notebook).cells, [*questions]).sources)
    found = _read(workspace) | {notebook.stem: {"answers": answers, "right": sorted(right)}}
    write_whole(workspace / CHECKED, json.dumps(found, indent=1) + "\n")


def recall(workspace: Path, exercise: str, sources: Mapping[str, str]) -> dict[str, bool]:
    """Whether answers are right, as far as that is known of them as they are now.

    What was right is right until it is changed. What was wrong may be put right by a change to
    another answer, which it uses: it is known to be wrong while all answers are the same.

    Args:
        workspace: the working copy.
        exercise: its name, "05_attention".
        sources: the learner's answers, by question.
    """
    try:
        answers = _read(workspace)[exercise]["answers"]
        right = _read(workspace)[exercise]["right"]
        now = _hashes(sources)
        known = dict.fromkeys(now, False) if now == answers else {}
        same = {name for name, answer in now.items() if answers.get(name) == answer}
        return known | dict.fromkeys(same.intersection(right), True)
    except (KeyError, TypeError, AttributeError):  # not checked yet, or a spoilt file
        return {}


def _hashes(sources: Mapping[str, str]) -> dict[str, str]:
    return {
        name: hashlib.sha256(source.strip().encode()).hexdigest()[:16]
        for name, source in sources.items()
    }


def _read(workspace: Path) -> dict:
    try:
        found = json.loads((workspace / CHECKED).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # nothing was checked yet, or it is spoilt: then nothing is known
        return {}
    return found if isinstance(found, dict) else {}
