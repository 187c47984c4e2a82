"""`python -m llama_edu.course.authoring.mutants`: does every question notice every small mistake?

Each solution is changed in one place at a time. A change that the question does not notice must be
listed in its `equivalent_mutants`, with the reason why it is no mistake.
"""

import argparse
import multiprocessing
import sys
from dataclasses import dataclass

import torch

from llama_edu.course.authoring.mutate import Mutant, mutants
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import Question, find_question
from llama_edu.course.checking.solutions import Solution, solutions
from llama_edu.course.checking.verdict import Verdict
from llama_edu.course.lessons import all_lessons, find_lesson

SECONDS = 10.0  # for one mutant; a right answer takes well under one


@dataclass(frozen=True)
class Trial:
    """A mutant and what the question said of it; None if it did not finish in time."""

    mutant: Mutant
    verdict: Verdict | None

    @property
    def survives(self) -> bool:
        return self.verdict is not None and self.verdict.ok


@dataclass(frozen=True)
class Report:
    """All the mutants of one solution."""

    question: Question
    trials: list[Trial]

    @property
    def survivors(self) -> list[str]:
        """Changes that were not noticed, and for which no reason is given."""
        known = self.question.equivalent_mutants
        return [t.mutant.change for t in self.trials if t.survives and t.mutant.change not in known]

    @property
    def outdated(self) -> list[str]:
        """Changes for which a reason is given, but which do not exist any more or are noticed."""
        survive = {t.mutant.change for t in self.trials if t.survives}
        return [change for change in self.question.equivalent_mutants if change not in survive]

    @property
    def row(self) -> tuple:
        """Question, mutants, killed, of those named by a misconception, equivalent, survivors."""
        killed = [t for t in self.trials if not t.survives]
        named = [t for t in killed if t.verdict and t.verdict.misconception]
        n_equivalent = len(self.trials) - len(killed) - len(self.survivors)
        counts = (len(self.trials), len(killed), len(named), n_equivalent, len(self.survivors))
        return (self.question.name, *counts)


def report(question: Question, solution: Solution, seconds: float = SECONDS) -> Report:
    """Try every mutant of a solution, each in a process of its own.

    Args:
        question: of that solution.
        solution: the right answer.
        seconds: given to each mutant; one that runs longer is noticed, too.

    Raises:
        RuntimeError: if the check itself fails on a mutant.
    """
    trials = []
    for mutant in mutants(solution.source, solution.function_name):
        trials.append(Trial(mutant, _try(question, solution, mutant, seconds)))
    return Report(question, trials)


def main(arguments: list[str] | None = None) -> int:
    """Print a table and the survivors; 1 if there is a survivor, or a reason without one."""
    parser = argparse.ArgumentParser(
        prog="python -m llama_edu.course.authoring.mutants", description=__doc__
    )
    parser.add_argument(
        "lessons", nargs="*", help="numbers or topics; all lessons if none is given"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for one mutant")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # a process with threads of its own must not be forked
    lessons = [find_lesson(name) for name in options.lessons] or all_lessons()
    _print_row("question", "mutants", "killed", "named", "equivalent", "survivors")
    reports = []
    for lesson in lessons:
        for solution in solutions(lesson):
            question = find_question(solution.question)
            reports.append(report(question, solution, options.seconds))
            _print_row(*reports[-1].row)
    counts = [one.row[1:] for one in reports]
    _print_row("all", *(sum(column) for column in zip(*counts, strict=True)))
    for one in reports:
        for change in one.survivors:
            print(f"\n{one.question.name}: not noticed\n  {change}")
        for change in one.outdated:
            print(f"\n{one.question.name}: listed as equivalent, but noticed or gone\n  {change}")
    return int(any(one.survivors or one.outdated for one in reports))


def _print_row(name: str, *cells: object) -> None:
    print(f"{name:<32}", *(f"{cell:>10}" for cell in cells), flush=True)


def _try(question: Question, solution: Solution, mutant: Mutant, seconds: float) -> Verdict | None:
    """Diagnose in a fork, which has torch and the cases at hand and may hang or die alone."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def run() -> None:
        try:
            function = solution.function(mutant.source)
        except Exception:  # it cannot even be defined: noticed
            theirs.send(None)
            return
        try:
            theirs.send(diagnose(question, function))
        except Exception as error:
            theirs.send(error)

    process = context.Process(target=run, daemon=True)
    process.start()
    theirs.close()
    try:
        answer = ours.recv() if ours.poll(seconds) else None
    except EOFError:  # it brought its process down: noticed
        answer = None
    process.kill()
    process.join()
    if isinstance(answer, Exception):
        raise RuntimeError(f"{question.name}: the check failed on {mutant.change!r}") from answer
    return answer


if __name__ == "__main__":
    sys.exit(main())
