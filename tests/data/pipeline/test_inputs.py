"""A build follows its inputs: what changed is done again, what cannot be read is told by line."""

import json
import os

import pytest

from llama_edu.data.filter import Page, judge, rules_for
from llama_edu.data.pipeline import Settings, build
from llama_edu.data.pipeline.jsonl import read_jsonl
from llama_edu.data.stories import tell_story


def story(seed):
    """One that breaks no rule."""
    texts = (tell_story(100 * seed + i, n_events=14).text for i in range(100))
    text = next(text for text in texts if not judge(Page(text), rules_for("en")))
    return {"id": f"s{seed}", "text": text}


def write(path, documents):
    path.write_text("".join(f"{json.dumps(one)}\n" for one in documents), encoding="utf-8")


def texts(root):
    lines = [line for split in ("train", "test") for path in sorted((root / split).glob("*.jsonl"))
             for line in path.read_text(encoding="utf-8").splitlines()]  # fmt: skip
    return {line["id"]: line["text"] for line in map(json.loads, lines)}


@pytest.fixture
def made(tmp_path):
    """A file of two dots in its name, and a build of it with many shards."""
    path = tmp_path / "my.own.jsonl"
    documents = [story(seed) for seed in range(12)]
    write(path, documents)
    settings = Settings(sources=(str(path),), shard_chars=3000, reference="my.own", test_share=0.3)
    build(tmp_path / "out", settings)
    return path, documents, tmp_path / "out", settings


def same_as_new(made, tmp_path):
    """Whether the old folder holds what a new one would, byte for byte."""
    _, _, root, settings = made
    report = build(root, settings)
    other = build(tmp_path / "new", settings)
    assert report == other
    names = {p.relative_to(root) for p in root.rglob("*") if p.is_file()}
    assert names == {
        p.relative_to(tmp_path / "new") for p in (tmp_path / "new").rglob("*") if p.is_file()
    }
    return all((root / n).read_bytes() == (tmp_path / "new" / n).read_bytes() for n in names)


@pytest.mark.parametrize("change", ["edited", "longer", "shorter", "another order", "one left"])
def test_a_changed_input_gives_the_corpus_of_the_changed_input(made, tmp_path, change):
    path, documents, root, _ = made
    before = texts(root)
    write(path, {
        "edited": [{**documents[0], "text": documents[0]["text"].replace("the", "that")},
                   *documents[1:]],
        "longer": [*documents, story(50)], "shorter": documents[:5],
        "another order": documents[::-1], "one left": documents[3:4],
    }[change])  # fmt: skip
    assert same_as_new(made, tmp_path)
    assert change == "another order" or texts(root) != before


def test_what_did_not_change_is_not_done_again(made):
    path, documents, root, settings = made
    said = []
    build(root, settings, progress=said.append)
    assert not [line for line in said if not line.split(": ")[-1].startswith("0 of")]
    write(path, [*documents[:-1], story(60)])
    said.clear()
    build(root, settings, progress=said.append)
    assert [line for line in said if line.startswith("prepare: 1 of ")]


def test_a_build_that_failed_on_a_bad_line_goes_on_once_it_is_mended(tmp_path):
    path = tmp_path / "a.jsonl"
    settings = Settings(sources=(str(path),), reference=None)
    write(path, [story(1), {"id": "b", "text": [1]}])
    with pytest.raises(ValueError, match=r"a.jsonl, line 2: text must be text, and is a list"):
        build(tmp_path / "out", settings)
    write(path, [story(1), story(2)])
    assert build(tmp_path / "out", settings).documents == 2


BAD = {
    b"{": "it must be JSON", b"7": "needs id and text in an object, and is a number",
    b"[]": "is a list", b'"x"': "is text", b"null": "is null",
    b'{"id": "a"}': "has no text", b'{"text": "a"}': "has no id",
    b'{"id": "a", "text": null}': "text must be text, and is null",
    b'{"id": "a", "text": ["x"]}': "text must be text, and is a list",
    b'{"id": "a", "text": {"x": 1}}': "text must be text, and is an object",
    b'{"id": "a", "text": 7}': "text must be text, and is a number",
    b'{"id": "a", "text": true}': "text must be text, and is a truth value",
    b'{"id": null, "text": "x"}': "id must be text, and is null",
    b'{"id": 1.5, "text": "x"}': "id must be text, and is a number",
    b'{"id": true, "text": "x"}': "id must be text, and is a truth value",
    b'{"id": "0", "text": "x"}': "id='0' must stand once, and stands in line 1",
    b'{"id": 0, "text": "x"}': "id='0' must stand once, and stands in line 1",
    b'{"id": "a", "text": "x", "markup": "latex"}': "markup='latex' must be one of",
    b'{"id": "a", "text": "x", "markup": ["html"]}': "must be one of",
    b'{"id": "a", "text": "\xff"}': "it must be UTF-8, and byte 22 is not",
    b'\xff\xfe{\x00"\x00': "it must be UTF-8", b"[" * 100_000: "nested too deeply",
    b'{"id": "a", "text": "x"} trailing': "it must be JSON",
    b'{"id": ' + b"1" * 5000 + b', "text": "x"}': "it must be JSON",
}  # fmt: skip


@pytest.mark.parametrize("line", BAD, ids=lambda line: line[:40].decode("latin-1"))
def test_a_line_that_is_no_document_is_told_by_its_number(tmp_path, line):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b'{"id": "0", "text": "x"}\n\n' + line + b"\n")
    with pytest.raises(ValueError, match=r"bad\.jsonl, line 3: ") as raised:
        list(read_jsonl(path))
    assert BAD[line] in str(raised.value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("data", [b"", b"\n \n\r\n", b"\xef\xbb\xbf\n"])
def test_a_file_without_a_document_is_said_to_be(tmp_path, data):
    (tmp_path / "e.jsonl").write_bytes(data)
    with pytest.raises(ValueError, match=r"e\.jsonl must hold a document: it is empty"):
        list(read_jsonl(tmp_path / "e.jsonl"))
    with pytest.raises(ValueError, match="is empty"):
        build(tmp_path / "out", Settings(sources=(str(tmp_path / "e.jsonl"),)))


def test_a_missing_file_is_one_clear_line(tmp_path):
    with pytest.raises(ValueError, match=r"gone.jsonl cannot be read \(No such file"):
        build(tmp_path / "out", Settings(sources=(str(tmp_path / "gone.jsonl"),)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jsonl")
    with pytest.raises(ValueError, match=r"a\.jsonl must be a file"):
        build(tmp_path / "out", Settings(sources=(str(tmp_path / "a.jsonl"),)))


@pytest.mark.parametrize(("line", "text"), [
    (b'\xef\xbb\xbf{"id": "a", "text": "x"}\r', "x"), (b'{"id": 7, "text": ""}', ""),
    (b'{"id": "a", "text": "\\ud83d\\ude80 \\ud800x"}', "\N{ROCKET} \ufffdx"),
    (b'  {"text": "\\u2028\\u0000", "id": "\\udc00", "more": [1]}  ', "\u2028\0"),
])  # fmt: skip
def test_what_others_write_is_read(tmp_path, line, text):
    (tmp_path / "a.jsonl").write_bytes(line)
    (document,) = read_jsonl(tmp_path / "a.jsonl")
    assert document.text == text
    document.id.encode()


def test_odd_characters_go_through_a_whole_build(tmp_path):
    odd = {"id": "\ud800", "text": tell_story(3, n_events=14).text + " \ud800\x00\x0c"}
    write(tmp_path / "a.jsonl", [odd, {"id": "e", "text": ""}, {"id": "n", "text": "\n"}])
    report = build(tmp_path / "out", Settings(sources=(str(tmp_path / "a.jsonl"),), test_share=0))
    assert report.documents == 3
    assert report.drops["empty"] == 2
