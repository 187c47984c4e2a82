"""What a student is told: which mistake it was, and nothing of the inputs it was found with.

A verdict's sentence may hold expected values. It may also hold what the student's own process
said, which knows the inputs and can carry them out in the text of an exception, in the name of its
type or in that of a parameter. So every sentence here is one of a fixed set, and only names that
were known beforehand are filled in.
"""

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from llama_edu.course.checking import verdict
from llama_edu.course.checking.names import OURS
from llama_edu.course.checking.verdict import MAX_LINE

UNSANDBOXED = "UNSANDBOXED"
MAX_CHARACTERS = 300
JOINERS = "\u200c\u200d"  # invisible, and part of how names are spelt in many scripts

SENTENCES = {
    "right": "Right.",
    "open": "Not answered: the cell is missing, empty, or as it was handed out.",
    "forbidden": "It uses a function that this question asks you to write.",
    "cell": "The answer cell itself fails, before its function is called.",
    "not_callable": "The answer cell does not make a function of the name that is asked for.",
    "arguments": "The function cannot be called as asked: its parameters are not the stub's.",
    "stub": "A function is not written yet: it still raises NotImplementedError.",
    "stopped": "It was interrupted before it had a result.",
    "recursion": "It calls itself without end.",
    "error": "It ends in an error, or without a result that can be read.",
    "none": "It returned None, always or in some cases: does every way through end in `return`?",
    "type": "Its result is of another type than the docstring says.",
    "length": "Its result has another number of items than it should, or other keys.",
    "shape": "Its result has another shape than the docstring says.",
    "dtype": "Its result has another dtype than it should.",
    "graph": "Its result hangs on a gradient graph and should not, or is cut off from one.",
    "nan": "Its result holds NaN where numbers are expected.",
    "inf": "Its result is infinite where numbers are expected.",
    "order": "Its result holds the right items in another order.",
    "value": "It runs, and returns the right kind of thing, but not the right values.",
    "changed": "Its result is right, but it writes into its own inputs.",
    "timeout": "It was still running when its time was up, and was stopped.",
    "memory": "It used more memory than it may, and was stopped.",
    "flood": "It sent more output than anyone could read, and was stopped.",
    "forged": "It sent messages that only a notebook's own machinery may send, and was stopped.",
    "died": "It ended Python itself: a crash, or something like `os._exit()`.",
}
# The usual hints speak of a case that is on the screen; here none is.
HINTS = {
    "value": "No known mistake gives just this. The hints above the function may help.",
    "nan": "NaN comes from 0/0, inf - inf and 0 * inf: which of your lines can meet one of them?",
    "inf": "Infinity comes from a division by 0, from exp of a large number, or from an infinity "
    "that was put in: which of your lines can meet one of them?",
}
DTYPES = (
    "float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool", "uint8", "int8",
    "int16", "int32", "int64",
)  # fmt: skip
ERRORS = {
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
KINDS = (
    "a tensor", "a list", "a tuple", "a dict", "a set", "a function", "a class", "a float",
    "an int", "a bool", "a str", "a complex", "a NumPy array", "None",
)  # fmt: skip


@dataclass(frozen=True)
class Advice:
    """What may be said of one answer to whoever wrote it.

    Args:
        question: "attention.scores".
        points: what a right answer is worth.
        earned: what this one is.
        kind: of the verdict.
        sentence: what is wrong, in general.
        place: where it failed: "line 3 of your answer"; "" if that is not known.
        line: the student's own text that stands there.
        known: the misconception, as a sentence.
        hint: what to think about next.
    """

    question: str
    points: int
    earned: int
    kind: str
    sentence: str
    place: str
    line: str
    known: str
    hint: str

    @property
    def is_right(self) -> bool:
        return self.kind == "right"

    @property
    def text(self) -> str:
        """All of it as plain text, a paragraph each."""
        line = f"In {self.place}: {self.line}" if self.line else ""
        hint = f"Hint: {self.hint}" if self.hint else ""
        return "\n".join(filter(None, (self.sentence, line, self.known, hint)))


def advice(row: dict, answers: Mapping[str, str]) -> Advice:
    """What may be said of one answer.

    Args:
        row: one of a result's "questions".
        answers: the student's cells by question, which the failing line is read from.
    """
    kind, hint = row["kind"], row["hint"]
    if hint == verdict.HINTS.get(kind):
        hint = HINTS.get(kind, hint)
    place, line = _own_line(row, answers)
    return Advice(
        row["question"], row["points"], row["earned"], kind, general_sentence(row), place, line,
        known=f"This is exactly what you get when {row['says']}." if row["says"] else "",
        hint=hint,
    )  # fmt: skip


def general_sentence(row: dict) -> str:
    """What is wrong with an answer, without a number and without a word that the student chose.

    general_sentence({"kind": "dtype", "sentence": "Expected dtype float32, got int64.", ...}) ->
    "Its result is int64 where float32 is asked for."
    """
    kind, sentence = row["kind"], row["sentence"]
    general = SENTENCES.get(kind, "It is not right yet.")
    if kind == "forbidden" and (found := re.match(r"`(\w+)` must not", sentence)):
        if sentence.endswith(OURS):
            return f"It uses `{found[1]}` of llama_edu: an answer imports nothing of it."
        return f"It uses `{found[1]}`, which does what you are asked to write."
    if kind in ("error", "cell") and (found := re.search(r"(?:raised|fails:) (\w+)", sentence)):
        if found[1] not in ERRORS:
            return general
        return f"{'The answer cell itself' if kind == 'cell' else 'It'} ends with {found[1]}."
    names = {"type": KINDS, "dtype": DTYPES}.get(kind, ())
    one = "|".join(map(re.escape, names))
    if names and (found := re.search(rf"xpected (?:dtype )?({one})\b.*?, got ({one})\b", sentence)):
        return f"Its result is {found[2]} where {found[1]} is asked for."
    return general


def feedback_page(result: dict) -> str:
    """One student's result as a page of HTML that needs no other file."""
    return page(
        "feedback.html",
        result=result,
        title=lesson_title(result["lesson"]),
        number=result["lesson"].partition("_")[0],
        advice=[advice(row, result["answers"]) for row in result["questions"]],
        unsandboxed=is_unsandboxed(result),
    )


def page(template: str, **values) -> str:
    """A page of HTML; every value in it is escaped."""
    return _templates().get_template(template).render(values)


def plain(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Text of a student's as it may be shown anywhere, on one line and cut to a length.

    What cannot be seen, such as a character that turns the direction of writing, is shown by its
    number: plain("a\\u202eb") -> "a‹U+202E›b".
    """
    text = text.replace("\t", "    ")
    if len(text) > limit:
        text = f"{text[: limit - 1]}…"
    return "".join(c if c.isprintable() or c in JOINERS else f"‹U+{ord(c):04X}›" for c in text)


def is_unsandboxed(result: dict) -> bool:
    """Whether a result was had without a sandbox, so that it must be marked."""
    return result["level"] == "limits"


def lesson_title(name: str) -> str:
    """`05 attention` of "05_attention"."""
    return name.replace("_", " ")


def _own_line(row: dict, answers: Mapping[str, str]) -> tuple[str, str]:
    """Where the student's code failed, and the text there.

    The student's process says it, which could say anything: it counts if it stands in an answer,
    this question's or that to another one, whose function was called.
    """
    said = row["line"][:MAX_LINE]
    number = re.match(r"In line (\d{1,6}): ", said)
    here = row["question"]
    for name in (here, *sorted(answers.keys() - {here})) if number else ():
        lines = answers.get(name, "").split("\n")
        text = "\n".join(lines[int(number[1]) - 1 : int(number[1])]).strip()
        if text and f"{number[0]}`{text}`".startswith(said):
            whose = "" if name == here else f" to {name}"
            return f"line {number[1]} of your answer{whose}", plain(text)
    return "", ""


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"plain": plain, "code": _code, "number": "{:.4g}".format}
    environment.filters["breakable"] = lambda name: Markup(".<wbr>").join(escape(name).split("."))
    return environment


def _code(text: str) -> Markup:
    """The course's own text, escaped; what stands between backticks becomes code."""
    pieces = escape(text).split("`")
    if len(pieces) % 2 == 0:  # a lone backtick is itself
        return Markup("`").join(pieces)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if i % 2 else piece
        for i, piece in enumerate(pieces)
    )
