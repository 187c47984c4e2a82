"""Grades go back into a platform's own table, and nothing else of it changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.grading.gradebooks import fill
from llama_edu.grading.tables import cells_of

from .made_up import result
from .test_grade_command import grade

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,04 Tokenizer (11),05 Attention (12),"
    "Assignments Final Score\r\n"
    ",,,,,Manual Posting,,(read only)\r\n"
    "    Points Possible,,,,,10,17,(read only)\r\n"
    '"Doe, Jane",101,s1,jdoe,"A, B",9,,90\r\n'
    '"Müller, Bo",102,s2,bmueller,A,8,3,80\r\n'
    '"O\'Neil, Ann-Marie",103,s3,amo,"A ""x""",,,\r\n'
    '"Student, Test",104,,abcd,A,,,\r\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments\n"
    'Participant 101,Jane Doe,jane@x.edu,Submitted,,17.00,"a\nb"\n'
    "Participant 102,Bo Müller,bm@x.edu,Submitted,,17.00,\n"
    "Participant 103,Ann-Marie O'Neil,amo@x.edu,-,,17.00,\n"
)
GRADEBOOK = (
    '"First name","Last name","ID number","Email address","Assignment: Attention (Real)",'
    '"Course total (Real)"\n'
    '"Jane","Doe","s1","jane@x.edu","-","-"\n"Bo","Müller","s2","bm@x.edu","-","-"\n'
    '"Ann-Marie","O\'Neil","s3","amo@x.edu","-","-"\n'
)
GERMAN = (
    "Vorname;Nachname;E-Mail-Adresse;Aufgabe: 05 Attention (Punkte)\r\n"
    "Jane;Doe;jane@x.edu;2,50\r\nBo;Müller;bm@x.edu;\r\nAnn-Marie;O'Neil;amo@x.edu;\r\n"
)
TABLES = {"canvas": CANVAS, "moodle": MOODLE, "gradebook": GRADEBOOK, "german": GERMAN}


def of(student, score=14, keys=(), lesson="05_attention"):
    return result(student=student, score=score, max_score=17, keys=list(keys), lesson=lesson)


CALLED = {
    "Canvas' files": [("doejane", ["101"]), ("müllerbo", ["102"]), ("oneilannmarie", ["103"])],
    "Moodle's": [("Jane Doe", ["101"]), ("Bo Müller", ["102"]), ("AnnMarie ONeil", ["103"])],
    "names": [("Jane Doe", []), ("bo_muller", []), ("ann-marie o'neil", [])],
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("called", CALLED)
@pytest.mark.parametrize("table", TABLES)
def test_three_grades_go_where_they_belong_and_nothing_else_changes(table, called, encoding):
    text = TABLES[table]
    if table in ("gradebook", "german") and called == "Canvas' files":
        called = "names"  # there is no number to find them by
    results = [of(name, 11 + i, keys) for i, (name, keys) in enumerate(CALLED[called])]
    filled = fill(text.encode(encoding), results)
    got = filled.data.decode(encoding)
    assert (filled.n_filled, filled.not_found, filled.remarks) == (3, [], [])
    assert filled.data.startswith(text.encode(encoding)[:4])
    before, after = cells_of(text), cells_of(got)
    changed = {
        (i, k): new.value for i, pair in enumerate(zip(before, after, strict=True))
        for k, (old, new) in enumerate(zip(*pair, strict=True)) if old.value != new.value
    }  # fmt: skip
    first = 3 if table == "canvas" else 1
    filled_in = [changed.pop((first + i, column(table))) for i in range(3)]
    assert filled_in == ["11", "12", "13"]
    assert not changed
    assert got.count('"') - text.count('"') in (0, 2)


def column(table):
    return {"canvas": 6, "moodle": 4, "gradebook": 4, "german": 3}[table]


def test_with_no_grades_every_byte_stays():
    for text in TABLES.values():
        assert fill(text.encode(), [of("nobody")]).data == text.encode()


def test_several_lessons_have_a_column_each():
    results = [of("doejane", 14, ["101"]), of("doejane", 9.5, ["101"], "04_tokenizer")]
    filled = fill(CANVAS.encode(), results)
    assert '"Doe, Jane",101,s1,jdoe,"A, B",9.5,14,90\r\n' in filled.data.decode()
    assert filled.columns == {
        "05_attention": "05 Attention (12)",
        "04_tokenizer": "04 Tokenizer (11)",
    }
    assert filled.n_replaced == 1
    assert filled.remarks == [
        "04_tokenizer has 17 points, the table says 10: the points were written as they are, so "
        "set the assignment to that number"
    ]


def test_who_is_excused_stays_so():
    text = CANVAS.replace("bmueller,A,8,3,", "bmueller,A,8,EX,")
    filled = fill(text.encode(), [of("müllerbo", 9, ["102"])])
    assert filled.data == text.encode()
    assert filled.remarks == ["müllerbo: Müller, Bo is excused, and stays so"]


def test_blackboard_s_total_of_points_is_a_column_of_grades():
    text = '"Last Name","First Name","Username","05 Attention [Total Pts: 17 Score] |123"\n'
    filled = fill(f'{text}"Doe","Jane","jd","-"\n'.encode(), [of("jd", 9)])
    assert filled.data.decode().endswith('"Doe","Jane","jd","9"\n')


def test_who_is_not_found_is_said():
    filled = fill(CANVAS.encode(), [of("eve"), of("doejane"), of("Doe")])
    assert filled.not_found == ["Doe", "eve"]
    assert "Müller, Bo" in filled.without


def test_two_who_would_be_one_are_left_to_a_person():
    filled = fill(CANVAS.encode(), [of("doejane"), of("Jane Doe")])
    assert filled.n_filled == 0
    assert filled.remarks == ["doejane, Jane Doe are all Doe, Jane: none was filled in"]


def test_two_of_one_name_are_not_guessed():
    twins = CANVAS + '"Doe, Jane",201,s9,jdoe2,A,,,\r\n'
    assert fill(twins.encode(), [of("doejane")]).not_found == ["doejane"]
    assert fill(twins.encode(), [of("doejane", keys=["201"])]).n_filled == 1


@pytest.mark.parametrize(
    "columns", [["05=05 Attention (12)"], ["05 Attention (12)"], ["5=05 attention (12)"]]
)
def test_a_column_may_be_named(columns):
    text = CANVAS.replace("04 Tokenizer (11)", "Old attention (9)")
    assert (
        fill(text.encode(), [of("doejane")], columns).columns["05_attention"] == "05 Attention (12)"
    )


@pytest.mark.parametrize("data", [
    b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"PK\x03\x04\0\0", b"Student,ID\n", b"Student,x\nJane,1\n",
    b"Student,Attention 1,Attention 2\nJane,1,2\n", b'Student,"\n', b"\x81\x8d",
])  # fmt: skip
def test_what_is_no_such_table_is_one_clear_line(data):
    with pytest.raises(ValueError, match=r"--(into|column)"):
        fill(data, [of("Jane")])


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), min_size=2, max_size=4),
                min_size=1, max_size=4))  # fmt: skip
def test_cells_are_those_of_python_s_own_reader(rows):
    import csv
    import io

    rows = [[cell.replace("\0", "") for cell in row] for row in rows]
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    got = [[cell.value for cell in row] for row in cells_of(stream.getvalue())]
    assert got[1:] == [row for row in rows if any(cell.strip() for cell in row)]


def test_the_command_says_what_it_did(capsys, tmp_path):
    from llama_edu.grading.store import result_file, write_json

    write_json(result_file(tmp_path / "g", "x"), of("doejane", 14, ["101"]))
    write_json(result_file(tmp_path / "g", "y"), of("eve"))
    (tmp_path / "t.csv").write_bytes(CANVAS.encode())
    code, said = grade(capsys, "export", tmp_path / "g", "--into", tmp_path / "t.csv")
    assert code == 0
    assert "1 grades filled in" in said and "not in the table: eve" in said
    assert (tmp_path / "t.csv").read_bytes() == CANVAS.encode()
    assert b'A, B",9,14,90\r\n' in (tmp_path / "t.filled.csv").read_bytes()
