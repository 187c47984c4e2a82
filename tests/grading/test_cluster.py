"""On a Dask cluster: the same grades, whoever is lost."""

import os
import signal
import threading
import time

import pytest

from llama_edu.grading.classroom import grade_class
from llama_edu.grading.levels import best_level
from llama_edu.grading.sandbox import Limits
from llama_edu.grading.store import Assignment
from llama_edu.grading.submissions import read_class, read_submissions

from .conftest import LESSON, QUESTIONS, RIGHT, hand_in

distributed = pytest.importorskip("distributed")
SCORES = "attention.scores"


def grades(results):
    return {
        one["student"]: [(row["kind"], row["earned"]) for row in one["questions"]]
        for one in results
    }


@pytest.mark.slow
def test_a_lost_worker_s_submissions_are_graded_again_none_twice(submissions, tmp_path):
    for i in range(12):
        answer = RIGHT[SCORES] if i % 2 else "def scores(q, k):\n    return q @ k.mT"
        hand_in(submissions, f"s{i:02}", {SCORES: answer})
    class_ = read_submissions(read_class(submissions, LESSON), list(QUESTIONS))
    assignment = Assignment(LESSON, 5, Limits(), best_level().name)
    alone, problems = grade_class(class_, assignment, tmp_path / "alone")
    assert not problems
    seen = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        victim = next(iter(cluster.workers.values())).pid

        def kill_when_two_are_done():
            while len(seen) < 2:
                time.sleep(0.01)
            os.kill(victim, signal.SIGKILL)

        threading.Thread(target=kill_when_two_are_done, daemon=True).start()
        together, problems = grade_class(
            class_, assignment, tmp_path / "together", scheduler=cluster.scheduler_address,
            on_done=lambda result, is_new: seen.append(result["student"]),
        )  # fmt: skip
    assert not problems
    assert sorted(seen) == [one.student for one in class_]
    assert grades(together) == grades(alone)


def test_a_scheduler_that_does_not_answer_is_one_clear_line(submissions, tmp_path):
    hand_in(submissions, "ann", {SCORES: RIGHT[SCORES]})
    class_ = read_submissions(read_class(submissions, LESSON), list(QUESTIONS))
    assignment = Assignment(LESSON, 5, Limits(), "limits")
    with pytest.raises(ValueError, match=r"--scheduler tcp://127\.0\.0\.1:9 does not answer"):
        grade_class(class_, assignment, tmp_path, scheduler="tcp://127.0.0.1:9")
