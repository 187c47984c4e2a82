"""Grade a class: whoever is not graded yet, on as many processes as there are.

Nothing here needs torch: what a worker does it imports itself, while others start too.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, as_completed
from pathlib import Path

from llama_edu.grading.executors import executor
from llama_edu.grading.store import Assignment, read_json, result_file, write_json
from llama_edu.grading.submissions import Submission


def grade_class(
    submissions: Iterable[Submission],
    assignment: Assignment,
    out: Path,
    jobs: int = 1,
    scheduler: str | None = None,
    on_done: Callable[[dict, bool], None] = lambda result, is_new: None,
) -> tuple[list[dict], dict[str, str]]:
    """Grade whoever is not graded yet as they handed in; every result is kept at once.

    Args:
        submissions: of the class.
        assignment: what is graded, and how.
        out: the folder of the results.
        jobs: processes of this machine.
        scheduler: address of a Dask scheduler to use instead.
        on_done: called with each result, and whether it is new.

    Returns:
        The results by student, and why the others could not be graded: nobody's grade is lost
        by a fault that is not theirs.
    """
    results, todo, problems = [], [], {}
    for submission in submissions:
        key = assignment.key(submission)
        old = read_json(result_file(out, submission.student))
        if old and old.get("key") == key:
            results.append(old)
            on_done(old, False)
        else:
            todo.append((submission, key))

    def grade(some: list, jobs: int, scheduler: str | None) -> list:
        """Those of some whose grader ended with all its work."""
        lost = []
        with executor(jobs, scheduler) as pool:
            running = {pool.submit(_grade, one[0], _portable(assignment)): one for one in some}
            for job in as_completed(running):
                submission, key = running[job]
                try:
                    result = job.result() | {"key": key}
                    write_json(result_file(out, submission.student), result)
                except BrokenExecutor:
                    lost.append((submission, key))
                except Exception as error:  # whatever is wrong with one must not stop the class
                    problems[submission.student] = f"{type(error).__name__}: {error}"
                else:
                    results.append(result)
                    on_done(result, True)
        return lost

    # One submission that ends a process takes those that run beside it along: each gets one alone.
    for one in grade(todo, jobs, scheduler) if todo else []:
        if grade([one], 1, None):
            problems[one[0].student] = "grading it ended the grader itself: look at it by hand"
    return sorted(results, key=lambda result: result["student"]), problems


def _grade(submission: Submission, how: dict) -> dict:
    from llama_edu.grading.grade import grade_submission

    return grade_submission(submission, how)


def _portable(assignment: Assignment) -> dict:
    """An assignment as any machine that has this course understands it."""
    return {
        "lesson": assignment.lesson.name,
        "seed": assignment.seed,
        "limits": assignment.limits,
        "level": assignment.level,
    }
