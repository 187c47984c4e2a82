"""Results as the grader gives them, without grading anything."""

import copy
from html.parser import HTMLParser

ANSWER = "def scores(q, k):\n    return q @ k"


def row(kind="value", sentence="", **other):
    """What a result says of one question."""
    found = {
        "question": "attention.scores", "points": 2, "earned": 2 * (kind == "right"),
        "kind": kind, "sentence": sentence, "line": "", "misconception": None, "says": "",
        "hint": "",
    }  # fmt: skip
    return found | other


def result(*rows, **other):
    """One student's result, as `grade_submission` gives it."""
    rows = rows or (row("right"),)
    found = {
        "student": "anna", "lesson": "05_attention", "notebook": "05_attention.ipynb",
        "score": sum(one["earned"] for one in rows),
        "max_score": sum(one["points"] for one in rows),
        "level": "namespaces", "questions": list(rows), "notes": [],
        "answers": {"attention.scores": ANSWER}, "graded_at": "2026-01-02T03:04:05+00:00",
        "seconds": 1.25,
    }  # fmt: skip
    return copy.deepcopy(found | other)


class Elements(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data
