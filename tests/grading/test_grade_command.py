"""`llama-edu grade`: graded once, kept whatever happens, joined from shards."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llama_edu.cli import main

from .conftest import N_POINTS, RIGHT, hand_in

SCORES, MASK = "attention.scores", "attention.causal_mask"
NO_SCALE = "def scores(q, k):\n    return q @ k.mT"


def grade(capsys, *arguments):
    """Run the command; its exit code and what it said."""
    command = ["llama-edu", "grade", *map(str, arguments)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", command)
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def results(out):
    files = sorted((Path(out) / "results").glob("*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def rows(out):
    return {
        name: [(row["kind"], row["earned"], row["misconception"]) for row in one["questions"]]
        for name, one in results(out).items()
    }


@pytest.fixture
def small_class(submissions):
    """Three students with two answers each, so that it is quick."""
    hand_in(submissions, "ann", {SCORES: RIGHT[SCORES], MASK: RIGHT[MASK]})
    hand_in(submissions, "bob", {SCORES: NO_SCALE, MASK: RIGHT[MASK]})
    hand_in(submissions, "cy", {})
    return submissions


def test_a_class_is_graded_once_and_what_changed_again(capsys, small_class, tmp_path):
    out = tmp_path / "out"
    code, said = grade(capsys, small_class, "--lesson", "05", "--out", out)
    assert (code, said.count("3 graded, 0 unchanged")) == (0, 1)
    found = results(out)
    assert [one["score"] for one in found.values()] == [3, 2, 0]
    assert all(one["max_score"] == N_POINTS for one in found.values())
    assert found["bob"]["questions"][0]["misconception"] == "no_scale"
    assert "grades.csv" in said

    secret = json.loads((out / "instructor.json").read_text())["seed"]
    assert str(secret) not in said
    assert stat.S_IMODE((out / "instructor.json").stat().st_mode) == 0o600

    before = {file: file.stat().st_mtime_ns for file in (out / "results").iterdir()}
    assert "0 graded, 3 unchanged" in grade(capsys, small_class, "--lesson", "5", "--out", out)[1]
    assert before == {file: file.stat().st_mtime_ns for file in (out / "results").iterdir()}

    hand_in(small_class, "bob", {SCORES: RIGHT[SCORES], MASK: RIGHT[MASK]})
    assert "1 graded, 2 unchanged" in grade(capsys, small_class, "--lesson", "05", "--out", out)[1]
    assert results(out)["bob"]["score"] == 3


def test_an_answer_that_calls_a_wrong_one_is_told_so(capsys, submissions, tmp_path):
    calls = "def causal_mask(n_queries, n_keys):\n    return scores(n_queries, n_keys)"
    hand_in(submissions, "ann", {SCORES: NO_SCALE, MASK: calls})
    hand_in(submissions, "bob", {SCORES: RIGHT[SCORES], MASK: calls})
    out = tmp_path / "out"
    grade(capsys, submissions, "--lesson", "05", "--out", out)
    found = {
        name: {row["question"]: row for row in one["questions"]}
        for name, one in results(out).items()
    }
    assert found["ann"][SCORES]["misconception"] == "no_scale"
    waits = "It calls your `scores`, and attention.scores is not right yet: put that right first."
    assert found["ann"][MASK]["hint"] == waits
    assert found["bob"][MASK]["kind"] == found["ann"][MASK]["kind"] != "right"
    assert "calls your" not in found["bob"][MASK]["hint"]


def test_shards_with_seeds_of_their_own_give_the_same_grades_joined(capsys, small_class, tmp_path):
    whole, joined = tmp_path / "whole", tmp_path / "joined"
    parts = [tmp_path / f"part{i}" for i in (1, 2)]
    grade(capsys, small_class, "--lesson", "05", "--out", whole)
    for i, part in enumerate(parts, start=1):
        grade(capsys, small_class, "--lesson", "05", "--out", part, "--shard", f"{i}/2")
    assert sorted([*results(parts[0]), *results(parts[1])]) == ["ann", "bob", "cy"]
    code, _ = grade(capsys, "--merge", *parts, "--out", joined)
    assert code == 0
    seeds = {json.loads((part / "instructor.json").read_text())["seed"] for part in parts}
    assert len(seeds) == 2
    assert rows(joined) == rows(whole)
    assert (joined / "grades.csv").read_text().count("\n") == 4


def test_an_unsandboxed_grade_carries_the_mark(capsys, small_class, tmp_path):
    arguments = ("--lesson", "05", "--out", tmp_path / "out", "--sandbox", "limits")
    _, said = grade(capsys, small_class, *arguments)
    assert "UNSANDBOXED" in said
    assert [one["score"] for one in results(tmp_path / "out").values()] == [3, 2, 0]
    for file in ("grades.csv", "junit.xml", "summary.html", "feedback/ann.html"):
        assert "UNSANDBOXED" in (tmp_path / "out" / file).read_text()
    assert "UNSANDBOXED" in (tmp_path / "out" / "gradescope" / "ann.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere", "--lesson", "05"), "SUBMISSIONS=nowhere does not exist"),
        ((".", "--lesson", "99"), "99"),
        ((".", "--lesson", "27"), "27"),
        ((".",), "--lesson"),
        ((".", "--lesson", "05", "--shard", "3/2"), "--shard 3/2"),
        ((".", "--lesson", "05", "--memory", "lots"), "--memory lots"),
        ((".", "--lesson", "05", "--memory", "1MB"), "at least 100MB"),
        ((".", "--lesson", "05", "--sandbox", "jail"), "--sandbox jail"),
        (("--merge", "nowhere"), "nowhere"),
    ],
)
def test_bad_input_is_one_clear_line(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, said = grade(capsys, *arguments, "--out", "out")
    assert code == 1
    assert words in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_grades_of_another_lesson_are_not_written_over(capsys, small_class, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "instructor.json").write_text('{"lesson": "00_start", "seed": 1}')
    code, said = grade(capsys, small_class, "--lesson", "05", "--out", out)
    assert (code, "holds the grades of 00_start" in said) == (1, True)


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_grading_that_is_ended_goes_on_where_it_was(capsys, submissions, tmp_path, sign):
    for i in range(8):
        hand_in(submissions, f"s{i}", {SCORES: RIGHT[SCORES]})
    out = tmp_path / "out"
    command = [sys.executable, "-m", "llama_edu", "grade", submissions, "--lesson", "05"]
    grading = subprocess.Popen(
        [*map(str, command), "--out", str(out)], start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=take_interrupts,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while len(list(out.glob("results/*.json"))) < 2:
        assert grading.poll() is None, grading.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(grading.pid, sign)
    grading.wait(60)
    done = {file: file.stat().st_mtime_ns for file in out.glob("results/*.json")}
    assert 2 <= len(done) < 8
    code, said = grade(capsys, submissions, "--lesson", "05", "--out", out)
    assert (code, f"{8 - len(done)} graded, {len(done)} unchanged" in said) == (0, True)
    assert all(one["score"] == 1 for one in results(out).values())
    assert all(file.stat().st_mtime_ns == when for file, when in done.items())
    wait_until_no_fork_server(grading.pid)


def take_interrupts():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it


def wait_until_no_fork_server(session):
    """Whoever the ended run started is gone too."""
    deadline = time.monotonic() + 30
    while True:
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_the_right_solution_never_loses_a_point(capsys, submissions, tmp_path):
    for i in range(10):
        hand_in(submissions, f"s{i}", RIGHT)
    for seed in range(3):
        out = tmp_path / str(seed)
        grade(capsys, submissions, "--lesson", "05", "--out", out, "--seed", seed, "--jobs", 2)
        assert [one["score"] for one in results(out).values()] == [N_POINTS] * 10


def test_whom_it_took_for_whom_and_what_it_left_out_is_said(capsys, submissions, tmp_path):
    for name in ("doejane_12_3456_a", "lib_LATE_13_3457_b"):
        hand_in(submissions, "x", {}).rename(submissions / f"{name}.ipynb")
    (submissions / "readme.txt").write_text("hello")
    (submissions / "x").rmdir()
    roster = tmp_path / "r.csv"
    roster.write_text('id,Student\njd,"Doe, Jane"\ncy,"Ng, Cy"\n')
    out = tmp_path / "out"
    code, said = grade(capsys, submissions, "--lesson", "05", "--out", out, "--students", roster)
    assert code == 0
    lines = said.splitlines()
    assert lines[0] == "2 students, named by the roster: doejane_12_3456_a.ipynb is jd"
    assert lines[1:4] == [
        "left out: readme.txt: no notebook, and nobody's",
        "not in --students: lib",
        "no work of: cy",
    ]
    table = (out / "students.csv").read_text().splitlines()
    assert table[1] == "jd,doejane_12_3456_a.ipynb,doejane_12_3456_a.ipynb,"
    assert table[2].endswith(",the platform marks it as late")
    assert stat.S_IMODE((out / "students.csv").stat().st_mode) == 0o600
    assert results(out)["lib"]["keys"] == ["13"]
