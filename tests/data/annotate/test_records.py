"""Records: what is wrong is named, and what is written is read back."""

import json

import pytest

from llama_edu.data.annotate import (
    Instruction,
    QuestionAnswer,
    Summary,
    parse_record,
    read_records,
    write_records,
)
from llama_edu.data.stories import annotate, tell_story

QUESTION = {
    "kind": "question_answer", "context": "Ada went home.", "question": "Who went home?",
    "answer": "Ada", "start": 0,
}  # fmt: skip


def test_records_come_back_as_they_were_written(tmp_path):
    records = [*annotate(tell_story(0)), Instruction(instruction="翻译“好”", output="good\n\n!")]
    write_records(tmp_path / "records.jsonl", records)
    assert list(read_records(tmp_path / "records.jsonl")) == records
    assert "翻译" in (tmp_path / "records.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(("change", "message"), [
    ({"kind": "poem"}, "kind='poem' must be one of question_answer, summary, instruction"),
    ({"kind": None}, "kind=None must be"),
    ({"answer": "Ben"}, "start=0: 'Ada' stands there, not 'Ben'"),
    ({"start": 1}, "start=1: 'da ' stands there, not 'Ada'"),
    ({"start": -14}, "start=-14 must be a whole number, 0 or more"),
    ({"start": True}, "start=True must be a whole number"),
    ({"question": "Who went home."}, "must end with a question mark"),
    ({"context": " "}, "context=' ' must be a text that is not empty"),
    ({"answer": 3}, "answer=3 must be a text"),
    ({"author": "x"}, "question_answer has no field author"),
])  # fmt: skip
def test_wrong_values_are_named(change, message):
    assert parse_record(QUESTION).answer == "Ada"
    with pytest.raises(ValueError, match=message):
        parse_record(QUESTION | change)


def test_missing_field_is_named():
    with pytest.raises(ValueError, match="instruction needs output"):
        parse_record({"kind": "instruction", "instruction": "Sing."})


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Summary(document="short", summary="longer"), "6 characters must be fewer than 5"),
    (lambda: Instruction(instruction="Sing.", output="Sing. "), "must not repeat instruction"),
    (lambda: Instruction(instruction="Sing", output="la", input=None), "input=None must be a text"),
    (lambda: QuestionAnswer(context="好", question="何也？", answer="好", start=1), "start=1: ''"),
])  # fmt: skip
def test_a_record_that_cannot_be_true_cannot_be_made(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_reading_names_the_line(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(QUESTION) + "\n\n{\n")
    with pytest.raises(ValueError, match=r"records.jsonl, line 3: "):
        list(read_records(path))
    path.write_text("[1]\n")
    with pytest.raises(ValueError, match=r"records.jsonl, line 1: "):
        list(read_records(path))
