"""Whatever stands in a file of documents: they are read, or one line says which line is none."""

import json

import pytest
from hypothesis import HealthCheck, given, settings

from llama_edu.data.pipeline.jsonl import read_jsonl
from tests.damage import as_json, damaged, mistyped

DOCUMENTS = [
    {"id": "a", "text": "One line. Ünï 中文"}, {"id": 2, "text": "<p>x", "markup": "html"},
    {"id": "c", "text": "{{x|y}}\n", "markup": "wikitext", "more": [1, {"z": None}]},
]  # fmt: skip
WHOLE = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in DOCUMENTS).encode()
FILES = damaged(WHOLE) | mistyped(DOCUMENTS).map(lambda them: b"\n".join(map(as_json, them)))


def read_any(data, folder):
    path = folder / "a.jsonl"
    path.write_bytes(data)
    try:
        for document in read_jsonl(path):
            json.dumps([document.id, document.text], ensure_ascii=False).encode()
    except ValueError as error:
        assert str(error).startswith("a.jsonl") and "\n" not in str(error)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged")


@given(data=FILES)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_a_damaged_file_is_read_or_told_by_line(data, folder):
    read_any(data, folder)


@pytest.mark.slow
@given(data=FILES)
@settings(max_examples=2000, suppress_health_check=list(HealthCheck))
def test_two_thousand_damaged_files(data, folder):
    read_any(data, folder)


def test_the_undamaged_is_read(folder):
    (folder / "w.jsonl").write_bytes(WHOLE)
    assert [one.id for one in read_jsonl(folder / "w.jsonl")] == ["a", "2", "c"]
