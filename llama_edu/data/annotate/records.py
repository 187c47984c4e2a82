"""Annotated records: question and answer, summary, instruction; checked when they are made.

On disk a record is one line of JSON with the name of its kind:
{"kind": "summary", "document": "…", "summary": "…"}
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

N_CHARS_SHOWN = 40


def _require_text(record: object, *names: str) -> None:
    for name in names:
        value = getattr(record, name)
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{name}={value!r} must be a text that is not empty")


@dataclass(frozen=True, kw_only=True)
class QuestionAnswer:
    """A question about a text, and the answer as it stands there.

    Args:
        context: the text.
        question: ends with a question mark.
        answer: a part of `context`.
        start: place of the answer's first character in `context`.

    Raises:
        ValueError: if a text is empty, the question has no mark, or the answer is not at `start`.
    """

    context: str
    question: str
    answer: str
    start: int

    def __post_init__(self):
        _require_text(self, "context", "question", "answer")
        if not self.question.rstrip().endswith(("?", "？")):
            raise ValueError(f"question={self.question!r} must end with a question mark")
        if type(self.start) is not int or self.start < 0:
            raise ValueError(f"start={self.start!r} must be a whole number, 0 or more")
        there = self.context[self.start : self.start + len(self.answer)]
        if there != self.answer:
            raise ValueError(f"start={self.start}: {there!r} stands there, not {self.answer!r}")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A text and a shorter one that says the same.

    Raises:
        ValueError: if one is empty, or the summary is not shorter.
    """

    document: str
    summary: str

    def __post_init__(self):
        _require_text(self, "document", "summary")
        if len(self.summary) >= len(self.document):
            lengths = f"{len(self.summary)} characters must be fewer than {len(self.document)}"
            raise ValueError(f"summary={self.summary[:N_CHARS_SHOWN]!r}: its {lengths}")


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """What to do, to what, and how it looks when it is done.

    Args:
        instruction: the task.
        input: what it is applied to; may be empty.
        output: the wanted response.

    Raises:
        ValueError: if the task or the response is empty, or the response repeats the task.
    """

    instruction: str
    output: str
    input: str = ""

    def __post_init__(self):
        _require_text(self, "instruction", "output")
        if not isinstance(self.input, str):
            raise ValueError(f"input={self.input!r} must be a text")
        if self.output.strip() == self.instruction.strip():
            raise ValueError(f"output={self.output[:N_CHARS_SHOWN]!r} must not repeat instruction")


Record = QuestionAnswer | Summary | Instruction
KINDS: dict[str, type[Record]] = {
    "question_answer": QuestionAnswer,
    "summary": Summary,
    "instruction": Instruction,
}


def parse_record(values: dict[str, object]) -> Record:
    """Make the record that a line of JSON describes.

    Raises:
        ValueError: if the kind is unknown, a field is missing or unknown, or a value is wrong.
    """
    values = dict(values)
    kind = values.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} must be one of {', '.join(KINDS)}")
    known = {field.name for field in fields(KINDS[kind])}
    if unknown := values.keys() - known:
        raise ValueError(f"{kind} has no field {', '.join(sorted(unknown))}")
    try:
        return KINDS[kind](**values)
    except TypeError as error:
        missing = ", ".join(sorted(known - values.keys() - {"input"}))
        raise ValueError(f"{kind} needs {missing}") from error


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write one line of JSON for each record, UTF-8."""
    names = {cls: name for name, cls in KINDS.items()}
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for record in records:
            line = {"kind": names[type(record)], **asdict(record)}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def read_records(path: Path) -> Iterator[Record]:
    """Read what `write_records` wrote, or somebody by hand.

    Raises:
        ValueError: if a line is no valid record; it names the file and the line.
    """
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                yield parse_record(json.loads(line))
            except (ValueError, TypeError) as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from error
