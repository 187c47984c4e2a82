"""Whatever is handed in: no trace, no hang, and nobody else's work is lost."""

import io
import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llama_edu.course.answers import read_notebook
from llama_edu.grading.export import write_students
from llama_edu.grading.gradebooks import fill
from llama_edu.grading.handed_in import Refused, files_in
from llama_edu.grading.people import find_people
from llama_edu.grading.submissions import read_answers, read_class, read_submissions
from tests.damage import as_json, damaged, mistyped

from .conftest import LESSON, QUESTIONS, RIGHT, notebook
from .test_gradebooks import CANVAS, of

NAMES = list(QUESTIONS)
SMALL = notebook({name: RIGHT[name] for name in NAMES[:2]})
SMALL.cells = [cell for cell in SMALL.cells if cell.cell_type == "code"][:6]
WHOLE = json.loads(json.dumps(SMALL))
BYTES = json.dumps(SMALL).encode()
FEW = settings(max_examples=40, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=2000, suppress_health_check=list(HealthCheck))


def a_zip(method=zipfile.ZIP_STORED):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("work/05_attention.ipynb", BYTES)
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", method) as archive:
        archive.writestr("class/anna/a.ipynb", BYTES)
        archive.writestr("class/bén/b.ipynb", b"{}")
        archive.writestr("class/cyd.zip", inner.getvalue())
        archive.writestr("class/empty/", b"")
    return outer.getvalue()


ZIPS = [a_zip(), a_zip(zipfile.ZIP_DEFLATED), a_zip(zipfile.ZIP_BZIP2), a_zip(zipfile.ZIP_LZMA)]
NOTEBOOKS = damaged(BYTES) | mistyped(WHOLE).map(as_json)


def read_any_notebook(data, folder):
    try:
        answers = read_answers(data, NAMES)
    except Refused as refusal:
        assert str(refusal)
    else:
        assert answers.sources.keys() <= QUESTIONS.keys()
        json.dumps([answers.sources, answers.remarks]).encode()
        "".join(answers.sources.values()).encode()
    (folder / "a.ipynb").write_bytes(data)
    try:
        read_notebook(folder / "a.ipynb")
    except ValueError as error:
        assert "must be a notebook" in str(error)


def read_any_zip(data, folder):
    path = folder / "a.zip"
    path.write_bytes(data)
    try:
        class_ = read_class(path, LESSON)
    except ValueError as error:
        assert str(error).startswith("SUBMISSIONS=")
        return
    found = read_submissions(class_, NAMES)
    assert len({one.student for one in found}) == len(class_.students)
    write_students(folder, class_, found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged")


@given(data=NOTEBOOKS)
@FEW
def test_a_damaged_notebook_is_a_note(data, folder):
    read_any_notebook(data, folder)


@pytest.mark.slow
@given(data=NOTEBOOKS)
@MANY
def test_two_thousand_damaged_notebooks(data, folder):
    read_any_notebook(data, folder)


@given(data=st.one_of(*map(damaged, ZIPS)))
@FEW
def test_a_damaged_zip_is_a_note_or_one_line(data, folder):
    read_any_zip(data, folder)


@pytest.mark.slow
@given(data=st.one_of(*map(damaged, ZIPS)))
@MANY
def test_two_thousand_damaged_zips(data, folder):
    read_any_zip(data, folder)


@given(data=damaged(CANVAS.encode()))
@FEW
def test_a_damaged_table_is_one_line_or_filled(data):
    try:
        assert fill(data, [of("doejane", keys=["101"])]).n_filled <= 1
    except ValueError as error:
        assert str(error).startswith("--")


@given(
    names=st.lists(
        st.text(max_size=40).filter(lambda name: name.strip("/")), min_size=1, max_size=8
    )
)
def test_whatever_files_are_called_everybody_has_a_name(names):
    files = [one for one in _files(names) if one.parts]
    class_ = find_people(files, LESSON)
    assert all(one.name for one in class_.students)
    assert len(class_.students) <= len(files)


def _files(names):
    from llama_edu.grading.handed_in import File, shown

    for name in names:
        parts = tuple(shown(part) for part in name.split("/") if part)
        yield File((*parts[:-1], f"{parts[-1]}.ipynb") if parts else ())


def test_the_undamaged_are_read(folder):
    for data in ZIPS:
        (folder / "w.zip").write_bytes(data)
        assert len(files_in(folder / "w.zip")) == 4
    assert set(read_answers(BYTES, NAMES).sources) >= set(NAMES[:2])
