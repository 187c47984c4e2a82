"""Grades arrive in other programs as they are, and no student's text is run there."""

import csv
import io
import json
import os
import stat
import sys
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from llama_edu.grading.export import grades_csv, gradescope, junit_xml, no_formula, write_outputs
from llama_edu.grading.store import file_name
from tests.grading.made_up import result, row

SECRET = "3.14159"


def two_questions(**other):
    wrong = row("value", f"expected {SECRET}, got 2.0", question="attention.softmax", points=3)
    return result(row("right"), wrong, **other)


def read_csv(results):
    return list(csv.DictReader(io.StringIO(grades_csv(results))))


def test_the_columns_are_nbgraders_then_the_questions(tmp_path):
    plugins = pytest.importorskip("nbgrader.plugins")
    export = plugins.CsvExportPlugin(to=str(tmp_path / "grades.csv"))
    export.export(SimpleNamespace(assignments=[], students=[]))
    theirs = (tmp_path / "grades.csv").read_text(encoding="utf-8").strip().split(",")
    ours = grades_csv([two_questions()]).splitlines()[0].split(",")
    assert ours == [*theirs, "attention.scores", "attention.softmax", "sandbox"]


def test_a_row_holds_the_points_of_the_student_and_of_each_question():
    (found,) = read_csv([two_questions()])
    assert {name: cell for name, cell in found.items() if cell} == {
        "assignment": "05_attention", "student_id": "anna", "raw_score": "2",
        "late_submission_penalty": "0", "score": "2", "max_score": "5",
        "attention.scores": "2", "attention.softmax": "0", "sandbox": "namespaces",
    }  # fmt: skip


def test_students_graded_by_different_exercises_share_a_table():
    found = read_csv([result(row("right")), result(row("right", question="attention.new"))])
    assert [(one["attention.scores"], one["attention.new"]) for one in found] == [
        ("2", ""),
        ("", "2"),
    ]


@pytest.mark.parametrize("name", [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", " =1+1", "=cmd|' /C calc'!A0", "a;=1+1", "a;  =1+1",
    "a|=1+1", "＝1+1", "－1",
])  # fmt: skip
def test_a_name_is_no_formula_wherever_a_spreadsheet_cuts_the_line(name):
    (found,) = read_csv([result(student=name)])
    for separator in ",;|\t":
        for cell in found["student_id"].split(separator):
            assert cell.strip()[:1] not in tuple("=+-@＝＋－＠")


@pytest.mark.parametrize("name", ["anna", "anna-maria", "a+b@c.org", "O'Neil, Søn", 'a"b', "x=1"])
def test_other_names_stay_as_they_are(name):
    (found,) = read_csv([result(student=name)])
    assert found["student_id"] == name == no_formula(name)


def test_gradescope_gets_what_its_specification_names():
    found = gradescope(two_questions())
    assert set(found) == {
        "score", "output", "output_format", "stdout_visibility", "extra_data",
        "tests",
    }  # fmt: skip
    assert found["score"] == 2 == sum(test["score"] for test in found["tests"])
    assert found["stdout_visibility"] == "hidden"
    right, wrong = found["tests"]
    assert (right["name"], right["score"], right["max_score"], right["status"]) == (
        "attention.scores", 2, 2, "passed",
    )  # fmt: skip
    assert (wrong["score"], wrong["max_score"], wrong["status"]) == (0, 3, "failed")
    assert {test["output_format"] for test in found["tests"]} == {"text"}


def test_junit_names_each_question_of_each_student():
    root = ElementTree.fromstring(junit_xml([two_questions(), two_questions(student="bob")]))
    assert (root.get("tests"), root.get("failures")) == ("4", "2")
    assert [suite.get("name") for suite in root] == ["anna", "bob"]
    right, wrong = root[0].findall("testcase")
    assert right.get("name") == "attention.scores"
    assert right.find("failure") is None
    assert wrong.get("name") == "attention.softmax"
    assert wrong.find("failure").get("type") == "value"
    assert wrong.find("failure").get("message").startswith("It runs, and returns the right kind")


def test_a_question_left_open_is_a_failure_too():
    root = ElementTree.fromstring(junit_xml([result(row("open"))]))
    assert root.find(".//failure").get("type") == "open"


ODD = "a<b>&\"']]>\x00\x08\x1b\ufffe\uffff\udcff\u202e\n\t" + "x" * 1000


def test_every_output_can_be_read_whatever_a_student_writes(tmp_path):
    answers = {"attention.scores": f"\n{ODD}"}
    told = row("error", f"It raised {ODD}", line=f"In line 2: `{ODD}`")
    odd = result(told, student=ODD.replace("\udcff", ""), notes=[ODD], notebook=ODD)
    odd["answers"] = answers
    files = write_outputs(tmp_path, [odd])
    assert len(files) == 5
    ElementTree.parse(tmp_path / "junit.xml")
    (one,) = (tmp_path / "gradescope").iterdir()
    assert json.loads(one.read_text(encoding="utf-8"))["score"] == 0
    assert len(read_csv([odd])) == 1


def test_hidden_values_are_in_no_output(tmp_path):
    for path in write_outputs(tmp_path, [two_questions(student=name) for name in "ab"]):
        assert SECRET not in path.read_text(encoding="utf-8"), path


def test_an_unsandboxed_grade_is_marked_in_every_output(tmp_path):
    for path in write_outputs(tmp_path, [two_questions(level="limits")]):
        assert "UNSANDBOXED" in path.read_text(encoding="utf-8"), path
    for path in write_outputs(tmp_path, [two_questions(level="bubblewrap")]):
        assert "UNSANDBOXED" not in path.read_text(encoding="utf-8"), path


def test_the_same_results_give_the_same_bytes_in_any_order(tmp_path):
    results = [two_questions(student=name) for name in ("b", "a", "c")]
    first = write_outputs(tmp_path / "1", results)
    second = write_outputs(tmp_path / "2", reversed(results))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert [path.name for path in first] == [path.name for path in second]


def test_two_students_never_share_a_file(tmp_path):
    names = ["a/b", "a_b", "a\\b", "..", ".", "A" * 300]
    files = write_outputs(tmp_path, [result(student=name) for name in names])
    assert len(set(files)) == len(files) == 3 + 2 * len(names)
    assert all(path.is_relative_to(tmp_path) and path.is_file() for path in files)
    assert (tmp_path / "feedback" / f"{file_name('a/b')}.html") in files


def test_nobody_in_the_class_gives_empty_tables(tmp_path):
    assert len(write_outputs(tmp_path, [])) == 3
    assert read_csv([]) == []
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().get("tests") == "0"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file modes")
def test_grades_are_for_the_teacher_alone(tmp_path):
    before = os.umask(0)
    try:
        files = write_outputs(tmp_path, [two_questions()])
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
