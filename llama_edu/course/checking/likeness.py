"""Which known mistake gives the same results as an answer: on every case, or where it is wrong."""

import warnings

from llama_edu.course.checking.outcomes import Outcome, is_same_outcome, make_cases, outcomes
from llama_edu.course.checking.questions import Misconception, Question

MAX_TIMES_AS_OFTEN_WRONG = 2  # as the answer: what is wrong nearly everywhere explains no slip


def recognise(
    question: Question, cases: list[dict], got: list[Outcome], seed: int
) -> Misconception | None:
    """The misconception that has the same outcome on every case.

    Args:
        question: whose misconceptions are tried.
        cases: the inputs.
        got: what came of the answer; fewer than the cases, if it was stopped.
        seed: for the misconceptions that draw random numbers.
    """
    is_hopeless = 2 * sum(outcome.error is not None for outcome in got) > len(got)

    def is_alike(theirs: Outcome, ours: Outcome) -> bool:
        # Any two mistakes may raise a TypeError: where there is little else, the words count too.
        if is_hopeless and str(theirs.error) != str(ours.error):
            return False
        return is_same_outcome(theirs, ours, question)

    with warnings.catch_warnings(action="ignore"):  # of code that the learner did not write
        for known in question.misconceptions:
            if all(map(is_alike, outcomes(known.function, cases, seed), got)):
                return known
    return None


def n_alike(question: Question, case: dict, got: Outcome, seed: int) -> int:
    """How many misconceptions give this result in one case: the fewer, the more it tells."""
    return len(_alike(question, [case], [got], seed))


def resemblance(question: Question, cases: list[dict], got: list[Outcome], seed: int) -> str:
    """The hint of the one misconception that gives all of these wrong results, if only one does.

    None is told that is wrong far more often than the answer: it would send the learner after
    what most cases show to be right.

    Args:
        question: whose misconceptions are tried.
        cases: those in which the answer is wrong; it may be right in others.
        got: what came of the answer in these.
        seed: for the misconceptions that draw random numbers.
    """
    if any(outcome.error for outcome in got):
        return ""
    most = MAX_TIMES_AS_OFTEN_WRONG * len(cases)
    alike = [k for k in _alike(question, cases, got, seed) if _n_wrong(question, k, seed) <= most]
    if len(alike) != 1:
        return ""
    where = "In this case" if len(cases) == 1 else "In every case that is not right"
    return f"{where} it is what you get when {alike[0].says}. {alike[0].hint}"


def _n_wrong(question: Question, known: Misconception, seed: int) -> int:
    cases = make_cases(question, seed)
    with warnings.catch_warnings(action="ignore"):
        both = (
            outcomes(function, cases, seed) for function in (question.reference, known.function)
        )
        return sum(not is_same_outcome(*pair, question) for pair in zip(*both, strict=True))


def _alike(
    question: Question, cases: list[dict], got: list[Outcome], seed: int
) -> list[Misconception]:
    with warnings.catch_warnings(action="ignore"):
        return [
            known
            for known in question.misconceptions
            if all(
                is_same_outcome(theirs, ours, question)
                for theirs, ours in zip(outcomes(known.function, cases, seed), got, strict=True)
            )
        ]
