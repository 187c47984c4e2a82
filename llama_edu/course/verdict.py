"""What there is to say about one answer, before it is known where it will be shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Everything the message says, as text.

    Args:
        question: "attention.scores".
        points: what a right answer is worth.
        kind: "right", or what is wrong: "not_callable", "forbidden", "arguments", "stub",
            "stopped", "recursion", "error", "none", "type", "length", "shape", "dtype", "graph",
            "nan", "inf", "value" or "changed".
        sentence: what was expected and what came.
        line: the learner's own line that failed: "In line 3: `x = y`".
        pattern: how the wrong values relate to the right ones, if that is plain.
        case: names and values of the inputs of the case that is shown.
        place: which case that is: "case 2 of 5, the others are right".
        expected: the right result of that case.
        got: the learner's.
        misconception: name of the one that gives the same on all cases.
        says: the end of "This is exactly what you get when ...".
        hint: what to think about next.
    """

    question: str
    points: int
    kind: str = "right"
    sentence: str = ""
    line: str = ""
    pattern: str = ""
    case: tuple[tuple[str, str], ...] = ()
    place: str = ""
    expected: str = ""
    got: str = ""
    misconception: str | None = None
    says: str = ""
    hint: str = ""

    @property
    def ok(self) -> bool:
        return self.kind == "right"

    @property
    def earned(self) -> int:
        """Points that the answer is worth: all or none."""
        return self.points if self.ok else 0
