"""Grades as other programs and people take them: CSV, Gradescope, JUnit and pages of HTML."""

import csv
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from llama_edu.grading.feedback import UNSANDBOXED, advice, feedback_page, is_unsandboxed, plain
from llama_edu.grading.people import Class
from llama_edu.grading.store import file_name, write_text
from llama_edu.grading.submissions import Submission
from llama_edu.grading.summary import summary_page

# The columns of nbgrader's own export, in its order.
NBGRADER = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip
PRIVATE = 0o600  # grades are for nobody else on this machine
MARK = f"{UNSANDBOXED}: graded with limits of time and memory only"
# A spreadsheet runs a cell that begins so; some cut cells at other marks than the comma.
FORMULA = re.compile(r"(^\s*|[;|\t\r\n]\s*)(?=[=+@＝＋＠－-])")


def write_outputs(out: Path, results: Iterable[dict]) -> list[Path]:
    """Write everything that is made from the results; the same results give the same bytes.

    Args:
        out: `grades.csv`, `junit.xml`, `summary.html`, `gradescope/` and `feedback/` go there.
        results: of one lesson.

    Returns:
        The files.
    """
    results = sorted(results, key=lambda result: result["student"])
    texts = {
        "grades.csv": grades_csv(results),
        "junit.xml": junit_xml(results),
        "summary.html": summary_page(results),
    }
    for result in results:
        name = file_name(result["student"])
        texts[f"gradescope/{name}.json"] = json.dumps(gradescope(result), indent=1) + "\n"
        texts[f"feedback/{name}.html"] = feedback_page(result)
    for name, text in texts.items():
        write_text(out / name, text, PRIVATE)
    return [out / name for name in texts]


def write_students(out: Path, class_: Class, submissions: Iterable[Submission]) -> None:
    """Write `students.csv`: who each was taken for, by which name, and which notebook counts."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(("student", "taken_from", "notebook", "notes"))
    for student, one in zip(class_.students, submissions, strict=True):
        cells = (one.student, student.taken_from, one.notebook, "; ".join(one.notes))
        table.writerow([no_formula(plain(cell, 2000)) for cell in cells])
    write_text(out / "students.csv", stream.getvalue(), PRIVATE)


def grades_csv(results: list[dict]) -> str:
    """A table with nbgrader's columns, one of points for each question, and `sandbox`."""
    names = dict.fromkeys(row["question"] for result in results for row in result["questions"])
    stream = io.StringIO()
    table = csv.DictWriter(stream, [*NBGRADER, *names, "sandbox"], lineterminator="\n")
    table.writeheader()
    for result in results:
        cells = {row["question"]: row["earned"] for row in result["questions"]}
        cells |= {
            "assignment": result["lesson"],
            "student_id": no_formula(plain(result["student"])),
            "raw_score": result["score"],
            "late_submission_penalty": 0,
            "score": result["score"],
            "max_score": result["max_score"],
            "sandbox": UNSANDBOXED if is_unsandboxed(result) else result["level"],
        }
        table.writerow(cells)
    return stream.getvalue()


def no_formula(text: str) -> str:
    """Text that no spreadsheet runs: no_formula("=1+1") -> "'=1+1"."""
    return FORMULA.sub(r"\1'", text)


def gradescope(result: dict) -> dict:
    """What Gradescope's harness reads as `results.json`.

    Its `execution_time` is left out: an answer that sleeps could tell its inputs by it.

    Source: gradescope-autograders.readthedocs.io, Autograder Specifications, Output format.
    """
    remarks = [MARK] if is_unsandboxed(result) else []
    remarks += [f"Note: {plain(note)}" for note in result["notes"]]
    number = result["lesson"].partition("_")[0]
    remarks.append(f"To see a mistake on an example, in a terminal: llama-edu check {number}")
    tests = []
    for row in result["questions"]:
        said = advice(row, result["answers"])
        tests.append(
            {
                "name": said.question,
                "score": said.earned,
                "max_score": said.points,
                "status": "passed" if said.is_right else "failed",
                "output": said.text,
                "output_format": "text",
            }
        )
    return {
        "score": result["score"],
        "output": "\n".join(remarks),
        "output_format": "text",
        "stdout_visibility": "hidden",
        "extra_data": {"lesson": result["lesson"], "sandbox": result["level"]},
        "tests": tests,
    }


def junit_xml(results: list[dict]) -> str:
    """JUnit's XML: a suite for each student, a case for each question."""
    root = ElementTree.Element("testsuites", _counts(results))
    for result in results:
        suite = ElementTree.SubElement(
            root, "testsuite", name=plain(result["student"]),
            **_counts([result]),
        )  # fmt: skip
        properties = ElementTree.SubElement(suite, "properties")
        sandbox = UNSANDBOXED if is_unsandboxed(result) else result["level"]
        found = {"sandbox": sandbox, "score": result["score"], "max_score": result["max_score"]}
        for name, value in found.items():
            ElementTree.SubElement(properties, "property", name=name, value=str(value))
        for row in result["questions"]:
            said = advice(row, result["answers"])
            case = ElementTree.SubElement(
                suite, "testcase", classname=result["lesson"], name=said.question
            )
            if not said.is_right:
                failure = ElementTree.SubElement(
                    case, "failure", type=said.kind, message=said.sentence
                )
                failure.text = said.text
    ElementTree.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ElementTree.tostring(root, 'unicode')}\n"


def _counts(results: list[dict]) -> dict[str, str]:
    rows = [row for result in results for row in result["questions"]]
    n_wrong = sum(row["kind"] != "right" for row in rows)
    return {"tests": str(len(rows)), "failures": str(n_wrong), "errors": "0", "skipped": "0"}
