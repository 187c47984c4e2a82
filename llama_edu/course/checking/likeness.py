"""Which known mistakes give the same results as an answer: one, or two at once."""

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from llama_edu.course.checking.edits import pairs, wrong_function
from llama_edu.course.checking.outcomes import Outcome, is_identical, is_same_outcome, outcomes
from llama_edu.course.checking.questions import Misconception, Question

CUT = r"(?s).*(shape '.*' is invalid for input of size|Provided sizes .* don't multiply up).*"
SIZED = (list, tuple, dict, set, frozenset, str, bytes)
ANOTHER = ", together with a {} mistake"


@dataclass(frozen=True)
class Likeness:
    """The mistakes that explain an answer.

    Args:
        slips: one, or two that were made at once.
        has_another: one more mistake is there that is not known.
    """

    slips: tuple[Misconception, ...]
    has_another: bool = False

    @property
    def name(self) -> str:
        return " + ".join(one.name for one in self.slips)

    @property
    def says(self) -> str:
        """The end of the sentence "This is exactly what you get when ..."."""
        says = "; and ".join(one.says for one in self.slips)
        if len(self.slips) == 2:
            return f"two things go wrong: {says}" + ANOTHER.format("third") * self.has_another
        return says + ANOTHER.format("second") * self.has_another

    @property
    def hint(self) -> str:
        if len(self.slips) == 2:
            return "First: {} Second: {}".format(*(one.hint for one in self.slips))
        return self.slips[0].hint


def recognise(
    question: Question, cases: list[dict], expected: list[Outcome], got: list[Outcome], seed: int
) -> Likeness | None:
    """The misconception that has the same outcome on every case, or else the two that have.

    Pairs are tried where no single one fits, and where the results tell something: nearly any two
    mistakes together make a thing that always raises, or always gives the same. Where several
    pairs fit, only what they share is known. Where an exception, or None, hides a few cases, the
    others may still show one mistake, or two.

    Args:
        question: whose misconceptions are tried.
        cases: the inputs.
        expected: what comes of the reference.
        got: what came of the answer; fewer than the cases, if it was stopped.
        seed: for the misconceptions that draw random numbers.
    """
    n_errors = sum(outcome.error is not None for outcome in got)

    def is_alike(theirs: Outcome, ours: Outcome) -> bool:
        # Any two mistakes may raise a TypeError: where there is little else, the words count too.
        if 2 * n_errors > len(got) and _words(theirs.error) != _words(ours.error):
            return False
        return is_same_outcome(theirs, ours, question)

    def fits(wrong: Callable, places: Sequence[int] = range(len(got))) -> bool:
        some = outcomes(wrong, [cases[i] for i in places], seed)
        return all(map(is_alike, some, (got[i] for i in places)))

    with warnings.catch_warnings(action="ignore"):  # of code that the learner did not write
        for known in question.misconceptions:
            if fits(wrong_function(question, known)):
                return Likeness((known,))
        if not _tells_something(got):
            return None
        found = [(first, second) for first, second, wrong in pairs(question) if fits(wrong)]
        if len(found) == 1:
            return Likeness(found[0])
        shared = [one for one in question.misconceptions if all(one in pair for pair in found)]
        if found:
            return Likeness(tuple(shared), has_another=True) if len(shared) == 1 else None
        rest = [i for i, one in enumerate(got) if not _is_lost(expected[i], one)]
        wrong = [i for i in rest if not is_same_outcome(expected[i], got[i], question)]
        if not 0 < len(got) - len(rest) < len(wrong):  # else that is what there is to say
            return None
        singles = (((k,), wrong_function(question, k)) for k in question.misconceptions)
        twos = (((first, second), wrong) for first, second, wrong in pairs(question))
        are_most_wrong = 2 * len(wrong) > len(rest)  # else two mistakes fit by chance
        for some in (singles, twos)[: 1 + are_most_wrong]:
            if alike := [slips for slips, wrong in some if fits(wrong, rest)]:
                return Likeness(alike[0], has_another=True) if len(alike) == 1 else None
        return None


def _is_lost(expected: Outcome, got: Outcome) -> bool:
    """Whether there is no result where there should be one."""
    return got.error is not None or (got.value is None and expected.value is not None)


def _words(error: BaseException | None) -> str:
    """What an exception says, alike for `view` and `unflatten`."""
    return re.sub(CUT, "these sizes do not fit", str(error))


def _tells_something(got: list[Outcome]) -> bool:
    """Whether there are results at all, with something in them, and not always the same."""
    values = [outcome.value for outcome in got if not outcome.error and not _is_void(outcome.value)]
    return any(not is_identical(values[0], value) for value in values[1:])


def _is_void(value: object) -> bool:
    if isinstance(value, Tensor):
        is_float = value.is_floating_point()
        is_constant = value.numel() > 1 and bool((value == value.flatten()[0]).all())
        return value.numel() == 0 or is_constant or (is_float and bool(value.isnan().all()))
    if isinstance(value, float):
        return value != value
    return value is None or (isinstance(value, SIZED) and len(value) == 0)
