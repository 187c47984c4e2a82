"""What is read of a person's files, and what is said of what is not."""

import json

import pytest

from llama_edu.train.own_text.read import read_files


def texts(path) -> dict[str, str]:
    return {document.id: document.text for document in read_files(path).documents}


def test_a_folder_is_read_through_but_for_what_nobody_wrote(tmp_path):
    for name in (
        "a.txt",
        "b.MD",
        "in/c.py",
        ".git/d.txt",
        "node_modules/e.js",
        "f.png",
        "empty.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("" if name == "empty.txt" else name, encoding="utf-8")
    found = read_files(tmp_path)
    assert [d.id for d in found.documents] == ["a.txt", "b.MD", "in/c.py"]
    assert [d.source for d in found.documents] == ["text", "text", "code"]


def test_a_line_of_json_is_a_document(tmp_path):
    path = tmp_path / "many.jsonl"
    lines = [json.dumps({"text": "一"}), json.dumps({"content": "two"}), "", json.dumps("three")]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert list(texts(path).values()) == ["一", "two", "three"]


@pytest.mark.parametrize("line, said", [("{", "line 1 is not JSON"), ('{"a": 1}', 'with "text"')])
def test_a_line_without_text_is_named(tmp_path, line, said):
    path = tmp_path / "many.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        read_files(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_encodings_and_line_ends_do_not_stay(tmp_path, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes("曹操\r\nabc".encode(encoding))
    assert texts(path) == {"a.txt": "曹操\nabc"}


@pytest.mark.parametrize("data, said", [
    ("滚滚长江东逝水".encode("gb18030"), "not UTF-8: byte 0 cannot be read; it reads as GB18030"),
    (b"caf\xe9", "byte 3 cannot be read; save it as UTF-8"),
    (b"a\0b", "holds the character 0"),
])  # fmt: skip
def test_what_cannot_be_read_is_an_error_alone_and_passed_over_among_others(tmp_path, data, said):
    bad = tmp_path / "bad.txt"
    bad.write_bytes(data)
    with pytest.raises(ValueError, match=said):
        read_files(bad)
    (tmp_path / "good.txt").write_text("good", encoding="utf-8")
    found = read_files(tmp_path)
    assert len(found.documents) == 1 and said in found.passed_over[0]


def test_nothing_there_and_nothing_in_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file or folder .*, and no source"):
        read_files(tmp_path / "none")
    with pytest.raises(ValueError, match="has no text"):
        read_files(tmp_path)
    (tmp_path / "a.txt").write_text(" \n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.txt is empty"):
        read_files(tmp_path / "a.txt")
