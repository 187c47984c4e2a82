"""What there is to say about one answer, before it is known where it will be shown."""

from dataclasses import dataclass, replace

MAX_LINE = 200  # characters of a learner's own line

# What to think about where no known mistake gives the result, by the kind of what is wrong.
HINTS = {
    "stub": "Stuck? Open the hints above the function.",
    "recursion": "Every way through a function that calls itself must end somewhere.",
    "stopped": "Is it in a loop whose condition never becomes false?",
    "nan": "NaN comes from 0/0, inf - inf and 0 * inf. Take this case through your lines one by "
    "one and see where the first NaN appears.",
    "inf": "Infinity comes from a division by 0, from exp of a large number, or from an infinity "
    "that was put in. Take this case through your lines one by one and see where it first appears.",
    "value": "No known mistake gives just this. Work this case through by hand, or open the hints "
    "above the function.",
    "order": "In which order are they asked for? A set has none of its own, and a dict keeps that "
    "in which its keys came.",
    "dtype": "Give `dtype=` where the tensor is made, or change it: `x.bool()`, `x.float()`, "
    "`x.to(dtype)`.",
    "length": "No known mistake gives just this. Work this case through by hand, and see where it "
    "parts from what your lines do.",
}
# Where another dtype alone would not make it right.
NOT_THE_DTYPE_ALONE = (
    "The values are not right either, so that turning them into that dtype does not help: see what "
    "each should be first."
)
NO_TRUTHS = (
    "`.bool()` alone would not make these right: it makes True of every number but 0. Which of "
    "your numbers should be True? A comparison, such as `x > 0` or `x == 0`, says it."
)
# Where a second call with the same inputs gives another result than the first.
REMEMBERS = (
    "Called again with the same inputs, it gives another result: something outlives the call. A "
    "default like `out=[]` is made once, when `def` runs, and a list outside of the function is "
    "never emptied: make it anew inside. (Or does it draw at random?)"
)
# Where the result is one of the inputs.
AS_IT_CAME = ", as it came in."
UNCHANGED = (
    "Which line was to change it, and is that line reached? `x = ...` in a loop gives a name "
    "another value and leaves the list as it was; `x.upper()` and `x.clamp(0)` return a new one."
)
WRITTEN_INTO = "Whoever called the function still needs its inputs."
# How to leave an input alone, by its type.
COPIES = {
    "Tensor": "`x += y`, `x[...] = y` and operations that end in _ write into them; `x = x + y` "
    "makes a new tensor.",
    "list": "`append`, `pop`, `sort`, `del` and `x[i] = y` write into them, and `y = x` is a "
    "second name for the same list. Begin with a list of your own: `list(x)`.",
    "dict": "`x[key] = y`, `pop` and `update` write into them, and `y = x` is a second name for "
    "the same dict. Begin with one of your own: `dict(x)`. A list in it is still the same list.",
    "set": "`add`, `remove` and `|=` write into them, and `y = x` is a second name for the same "
    "set. Begin with one of your own: `set(x)`.",
}


@dataclass(frozen=True)
class Verdict:
    """Everything the message says, as text.

    Args:
        question: "attention.scores".
        points: what a right answer is worth.
        kind: "right", or what is wrong: "not_callable", "forbidden", "arguments", "stub",
            "stopped", "recursion", "error", "none", "type", "length", "shape", "dtype", "graph",
            "nan", "inf", "order", "value" or "changed".
        sentence: what was expected and what came.
        line: the learner's own line that failed: "In line 3: `x = y`".
        pattern: how the wrong values relate to the right ones, if that is plain.
        case: names and values of the inputs of the case that is shown.
        place: which case that is: "case 2 of 5, the others are right".
        expected: the right result of that case.
        got: the learner's.
        misconception: name of the one that gives the same on all cases, or names of two, with " + "
            between them.
        says: the end of "This is exactly what you get when ...".
        hint: what to think about next.
        slips: each misconception's name and what it says, for a teacher's table.
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
    slips: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        return self.kind == "right"

    @property
    def earned(self) -> int:
        """Points that the answer is worth: all or none."""
        return self.points if self.ok else 0

    def waits_for(self, question: str, function: str) -> "Verdict":
        """The same of an answer that calls another one, which is wrong: the mistake may be there.

        Args:
            question: the other question.
            function: what it asks for.
        """
        hint = f"It calls your `{function}`, and {question} is not right yet: put that right first."
        return replace(self, misconception=None, says="", hint=hint, slips=())
