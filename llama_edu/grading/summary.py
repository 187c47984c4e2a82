"""The teacher's page: how the class did, what was hard and why, and what a person should look at.

It holds no inputs and no expected values, so that it can be shown to the class.
"""

import ast
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean, median

from llama_edu.course.checking.cells import read_cell
from llama_edu.grading.feedback import SENTENCES, advice, is_unsandboxed, lesson_title, page
from llama_edu.grading.store import file_name

MAX_BARS = 21  # a bar for each number of points, if they are no more
N_RANGES = 10  # else so many
MIN_STATEMENTS = 6  # fewer, and two people write the same
ENDED = ("timeout", "memory", "flood", "forged", "died")


@dataclass(frozen=True)
class Bar:
    """How many submissions have a score: "8", or a range of scores, "20–29"."""

    label: str
    n: int


@dataclass(frozen=True)
class Difficulty:
    """How one question went.

    Args:
        question: its name.
        n: answers that were graded, open ones included.
        n_right: of them.
        n_open: of them.
        mistakes: what was wrong in words, and how often; misconceptions first, frequent ones first.
    """

    question: str
    n: int
    n_right: int
    n_open: int
    mistakes: tuple[tuple[str, int], ...]

    @property
    def share_right(self) -> float:
        return self.n_right / self.n


@dataclass(frozen=True)
class Flag:
    """One answer that a person should look at, and why."""

    student: str
    question: str
    kind: str
    sentence: str
    line: str


def summary_page(results: list[dict]) -> str:
    """The results of a class as a page of HTML that needs no file but the students' feedback."""
    scores = [result["score"] for result in results]
    flags = list(flagged(results))
    return page(
        "summary.html",
        title=lesson_title(results[0]["lesson"]) if results else "",
        results=results,
        files={result["student"]: f"{file_name(result['student'])}.html" for result in results},
        max_score=max((result["max_score"] for result in results), default=0),
        mean=mean(scores) if scores else 0,
        median=median(scores) if scores else 0,
        n_full=sum(result["score"] == result["max_score"] for result in results),
        bars=distribution(results),
        questions=difficulties(results),
        forbidden=[flag for flag in flags if flag.kind == "forbidden"],
        ended=[flag for flag in flags if flag.kind != "forbidden"],
        identical=identical_answers(results),
        n_unsandboxed=sum(map(is_unsandboxed, results)),
    )


def distribution(results: list[dict]) -> list[Bar]:
    """How many submissions have which score, from 0 to full marks."""
    full = max((result["max_score"] for result in results), default=0)
    width = 1 if full < MAX_BARS else math.ceil((full + 1) / N_RANGES)
    counts = Counter(math.floor(result["score"] / width) for result in results)
    bars = []
    for i in range(math.floor(full / width) + 1):
        first, last = i * width, min((i + 1) * width - 1, full)
        bars.append(Bar(f"{first}" if first == last else f"{first}–{last}", counts[i]))
    return bars


def difficulties(results: list[dict]) -> list[Difficulty]:
    """Every question, the one that fewest got right first."""
    rows = defaultdict(list)
    for result in results:
        for row in result["questions"]:
            rows[row["question"]].append(row)
    found = [
        Difficulty(
            name, len(of), sum(row["kind"] == "right" for row in of),
            sum(row["kind"] == "open" for row in of), _mistakes(of),
        )
        for name, of in rows.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.share_right)


def flagged(results: list[dict]) -> Iterator[Flag]:
    """Answers that used what the question forbids, or ended their kernel."""
    for result in results:
        for row in result["questions"]:
            if row["kind"] in ("forbidden", *ENDED):
                said = advice(row, result["answers"])
                yield Flag(result["student"], said.question, said.kind, said.sentence, said.line)


def identical_answers(results: list[dict]) -> list[list[str]]:
    """Groups of students who handed in the same code for every question.

    Comments, docstrings and layout make no difference; names do. Answers that were left open do
    not count, nor does work of few statements in all, where people honestly agree.
    """
    groups = defaultdict(list)
    for result in results:
        answered = {row["question"] for row in result["questions"] if row["kind"] != "open"}
        answers = {name: result["answers"].get(name, "") for name in sorted(answered)}
        codes = {name: _without_comments(source) for name, source in answers.items()}
        if sum(n for _, n in codes.values()) >= MIN_STATEMENTS:
            groups[tuple((name, text) for name, (text, _) in codes.items())].append(
                result["student"]
            )
    return [students for students in groups.values() if len(students) > 1]


def _mistakes(rows: list[dict]) -> tuple[tuple[str, int], ...]:
    known = Counter(f"`{name}`: {says}" for row in rows for name, says in row.get("slips", ()))
    wrong = [row for row in rows if not row["says"] and row["kind"] not in ("right", "open")]
    other = Counter(SENTENCES.get(row["kind"], row["kind"]) for row in wrong)
    return (*known.most_common(), *other.most_common())


def _without_comments(source: str) -> tuple[str, int]:
    """Code without comments, docstrings and layout, and how many statements it has.

    Definitions and imports do not count: the stub has them.
    """
    try:
        cell = read_cell(source)
        tree = ast.parse(cell.text if cell else source)
        described = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
        for node in ast.walk(tree):
            if isinstance(node, described) and ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
        given = (ast.FunctionDef, ast.Import, ast.ImportFrom)
        statements = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.stmt) and not isinstance(node, given)
        ]
        return ast.unparse(tree), len(statements)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # it need not be Python
        lines = [line.strip() for line in source.splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        return "\n".join(lines), len(lines)
