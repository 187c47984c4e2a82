"""`check`: the cell below every answer, which says whether it is right, and if not, why."""

import sys
from collections.abc import Callable

from llama_edu.course.checking.questions import find_question, neighbours
from llama_edu.course.checking.show import headline, show
from llama_edu.course.checking.verdict import Verdict


class CheckFailed(AssertionError):
    """An answer that is not right.

    Its text is one line; `verdict` holds all there is to say. It shows no stack: neither in
    Jupyter nor where Python itself reports it.
    """

    def __init__(self, verdict: Verdict):
        super().__init__(f"{verdict.question}: {verdict.sentence}")
        self.verdict = verdict

    def _render_traceback_(self) -> list[str]:
        """What IPython prints instead of a stack; the card above it has said the rest."""
        return [f"CheckFailed: {headline(self.verdict)}"]


def check(name: str, function: Callable, seed: int = 0) -> None:
    """Try a function on the cases of a question, and say what came of it.

    A right answer prints one line. A wrong one prints what was expected and what came, the
    smallest case that fails, which mistake gives just that, and a hint; then it raises, so that
    a person, "run all cells" and a grader all see the failure.

    check("attention.scores", scores)

    Args:
        name: of the question.
        function: the answer itself, without parentheses.
        seed: of the cases; everyone has the same by default.

    Raises:
        CheckFailed: if the answer is not right.
        ValueError: if there is no such question.
    """
    # torch comes with these, and the course's lists do not need it
    from llama_edu.course.checking.diagnose import diagnose
    from llama_edu.course.checking.names import global_names

    verdict = diagnose(find_question(name), function, seed)
    if verdict.kind not in ("right", "stub", "stopped", "recursion"):
        for helper in neighbours(name):
            own = getattr(function, "__globals__", {}).get(helper.function_name)
            is_used = own is not function and helper.function_name in global_names(function)
            if is_used and own and not diagnose(helper, own, seed).ok:
                verdict = verdict.waits_for(helper.name, helper.function_name)
                break
    show(verdict)
    if not verdict.ok:
        _hide_stack()
        raise CheckFailed(verdict) from None


def _hide_stack() -> None:
    """Have Python report a CheckFailed in one line.

    A frame that raises cannot take itself off the stack, so the reporter must leave it out. It is
    replaced when it is first needed, not when this is imported.
    """
    previous = sys.excepthook
    if getattr(previous, "hides_stack", False):
        return

    def report(kind, error, stack):
        if isinstance(error, CheckFailed):
            print(f"CheckFailed: {error}", file=sys.stderr)
        else:
            previous(kind, error, stack)

    report.hides_stack = True
    sys.excepthook = report
