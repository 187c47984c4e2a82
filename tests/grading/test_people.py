"""Who handed in what, whatever laid it out: platforms, graders, people."""

import io
import os
import zipfile

import pytest

from llama_edu.grading.gradebooks import fill_file
from llama_edu.grading.handed_in import File, files_in
from llama_edu.grading.people import find_people
from llama_edu.grading.platforms import read_name
from llama_edu.grading.roster import read_roster

from .conftest import LESSON

WORK = "05_attention.ipynb"
MOODLE, CANVAS, BLACKBOARD, BRIGHTSPACE = "Moodle", "Canvas", "Blackboard", "Brightspace"
NAMES = [
    (MOODLE, "Jane Doe_1234567_assignsubmission_file", "Jane Doe", "1234567"),
    (MOODLE, "Jane Doe_1234567_assignsubmission_file_", "Jane Doe", "1234567"),
    (MOODLE, f"Jane Doe_1234567_assignsubmission_file_{WORK}", "Jane Doe", "1234567"),
    (MOODLE, "José Muñoz-García_9_assignsubmission_file_a_1_b_2.ipynb", "José Muñoz-García", "9"),
    (MOODLE, "李 雷_42_assignsubmission_onlinetext_", "李 雷", "42"),
    (MOODLE, "Participant_77_assignsubmission_file_x.ipynb", "Participant", "77"),
    (MOODLE, "Group A_3_assignsubmission_file", "Group A", "3"),
    (MOODLE, "Default group_assignsubmission_file", "Default group", ""),
    (MOODLE, "O Brien 2_8_assignsubmission_file", "O Brien 2", "8"),
    (MOODLE, "jane_8_assignfeedback_file_x.pdf", "jane", "8"),
    (CANVAS, f"doejane_12345_678901_{WORK}", "doejane", "12345"),
    (CANVAS, f"doejane_LATE_12345_678901_{WORK}", "doejane", "12345"),
    (CANVAS, "doejane_12345_678901_05_attention-2.ipynb", "doejane", "12345"),
    (CANVAS, "muñozgarcíajosé_7_12345_my work (final).ipynb", "muñozgarcíajosé", "7"),
    (CANVAS, "李雷_7_12345_x.ipynb", "李雷", "7"),
    (CANVAS, "doe2jane_7_12345_1_2_3.ipynb", "doe2jane", "7"),
    (CANVAS, "van_dykeann_7_12345_x.ipynb", "van_dykeann", "7"),
    (CANVAS, "doejane_12345_678901_link.html", "doejane", "12345"),
    (CANVAS, "anon_aB1cD_678901_x.ipynb", "anon_aB1cD", ""),
    (CANVAS, "LATE_anon_aB1cD_678901_x.ipynb", "anon_aB1cD", ""),
    (BLACKBOARD, f"HW 5_jd42_attempt_2026-11-03-10-20-30_{WORK}", "HW 5_jd42", ""),
    (BLACKBOARD, "HW 5_jd42_attempt_2026-11-03-10-20-30.txt", "HW 5_jd42", ""),
    (BLACKBOARD, "A_b_c_jd42_attempt_2026-11-03-10-20-30_a_attempt_b.ipynb", "A_b_c_jd42", ""),
    (BRIGHTSPACE, "123-456 - Jane Doe - Nov 3, 2026 1230 PM", "Jane Doe", "123"),
    (BRIGHTSPACE, f"123-456 - Jane Doe - Nov 3, 2026 1230 PM - {WORK}", "Jane Doe", "123"),
    (BRIGHTSPACE, "123-456 - Jane Doe - 3 November, 2026 12-30", "Jane Doe", "123"),
    (BRIGHTSPACE, "1-4 - A-M O'Neil - Nov 3, 2026 1 PM - a - b.ipynb", "A-M O'Neil", "1"),
    (BRIGHTSPACE, "123-456 - N0123456 - Jane Doe - Nov 3, 2026 130 AM", "Jane Doe", "N0123456"),
    (BRIGHTSPACE, "123-456 - Smith - Jones - 2026-11-03 1230", "Smith - Jones", "123"),
    ("Gradescope", "submission_123456789", "submission_123456789", "123456789"),
    ("nbgrader", "jane+05_attention+2026-11-03 10:00:00.123 UTC+a1b2", "jane", ""),
    ("nbgrader", "jane+05_attention+2026-11-03 10:00:00 UTC", "jane", ""),
]  # fmt: skip
NONE = [
    "anna", WORK, "anna_05_attention.ipynb", "Anna Doe", "05_2026_110_x.ipynb", "attempt_2",
    "2026-11-03 - notes", "12-34", "Doe_1_234_x.ipynb", "anna_12_x.ipynb", "a+b", "", " ",
]  # fmt: skip


@pytest.mark.parametrize(("platform", "name", "person", "number"), NAMES)
def test_a_platform_s_name_is_read(platform, name, person, number):
    found = read_name(name)
    assert (found.platform, found.person, found.number) == (platform, person, number)
    assert found.is_late == ("LATE" in name)


@pytest.mark.parametrize("name", NONE)
def test_what_no_platform_wrote_is_not_read_as_its_name(name):
    assert read_name(name) is None


def people(*paths, roster=None):
    found = find_people([File(tuple(path.split("/"))) for path in paths], LESSON, roster)
    return {one.name: ["/".join(f.parts) for _, f in sorted(one.files, key=lambda f: f[0])]
            for one in found.students}  # fmt: skip


LAYOUTS = {
    "a folder each": (f"anna/{WORK}", f"ben/{WORK}"),
    "a file each": ("anna.ipynb", "ben.ipynb"),
    "a file each, with the lesson's name": ("anna_05_attention.ipynb", "05-attention-ben.ipynb"),
    "other endings": ("anna.IPYNB", "ben.ipynb.txt"),
    "in a folder": ("submitted/anna.ipynb", "submitted/ben.ipynb"),
    "in folders": (f"a/2026/05/anna/{WORK}", f"a/2026/05/ben/{WORK}"),
    "nbgrader's": (f"anna/hw1/{WORK}", f"ben/hw1/{WORK}"),
    "nbgrader's course": (
        f"submitted/anna/hw1/{WORK}", f"submitted/ben/hw1/{WORK}", f"source/hw1/{WORK}",
        f"autograded/anna/hw1/{WORK}", "gradebook.db",
    ),
    "sections": ("sec1/anna.ipynb", "sec1/ben.ipynb"),
    "late ones apart": ("late/anna.ipynb", "late/ben.ipynb"),
    "with the grades": (f"anna/{WORK}", f"ben/{WORK}", "grades/instructor.json",
                        "grades/grades.csv", "grades/summary.html"),
    "with the grades in one folder": (f"anna/{WORK}", f"ben/{WORK}", "instructor.json",
                                      "feedback/anna.html", "results/anna.json"),
    "clones": (f"05-attention-anna/exercises/{WORK}", f"05-attention-ben/exercises/{WORK}"),
    "Google's": (f"anna - {WORK}", f"ben - {WORK}"),
    "Teams'": (f"Submitted/anna/HW 5/Version 1/{WORK}", f"Submitted/ben/HW 5/Version 1/{WORK}"),
    "Teams' with what is not handed in": (
        f"Submitted files/anna/HW 5/{WORK}", f"Submitted files/ben/HW 5/{WORK}",
        f"Working files/anna/HW 5/{WORK}", f"Working files/cyd/HW 5/{WORK}",
    ),
    "Google's of copies": (f"anna - Copy of {WORK}", f"ben - Copy of {WORK}"),
    "archives that are not read": ("anna.rar", "ben.tar.gz"),
    "Colab's": (f"anna/Copy of {WORK}", "Copy of 05_attention - ben.ipynb"),
    "copies": ("anna.ipynb", "anna (1).ipynb", "ben-Copy1.ipynb"),
    "Blackboard's": (f"HW_5_anna_attempt_2026-11-03-10-20-30_{WORK}",
                     "HW_5_anna_attempt_2026-11-03-10-20-30.txt",
                     f"HW_5_ben_attempt_2026-11-03-10-20-31_{WORK}"),
    "Canvas'": (f"anna_12_1234_{WORK}", f"ben_LATE_13_1235_{WORK}"),
    "Moodle's": (f"anna_12_assignsubmission_file/{WORK}", f"ben_13_assignsubmission_file_/{WORK}"),
    "Brightspace's": (f"1-2 - anna - Nov 3, 2026 1230 PM/{WORK}",
                      f"2-2 - ben - Nov 3, 2026 1230 PM/{WORK}", "index.html"),
    "a platform's in a folder": (f"down/anna_12_1234_{WORK}", f"down/ben_13_1235_{WORK}"),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_anna_and_ben_are_found(layout):
    assert set(people(*LAYOUTS[layout])) == {"anna", "ben"}


def test_sections_hold_students_and_students_hold_attempts():
    sections = [f"s{n}/{name}/a.ipynb" for n, names in enumerate(("ab", "cd")) for name in
                (f"{one}na" for one in names)]  # fmt: skip
    assert set(people(*sections)) == {"ana", "bna", "cna", "dna"}
    attempts = [f"{name}/attempt {n}/a.ipynb" for name in ("anna", "ben") for n in (1, 2)]
    assert set(people(*attempts)) == {"anna", "ben"}


def test_a_section_may_hold_one_student():
    assert set(people("sec1/ana/a.ipynb", "sec1/bna/a.ipynb", "sec2/cna/a.ipynb")) == {
        "ana", "bna", "cna"
    }  # fmt: skip


LIST = """---
submission_123456781:
  :submitters:
  - :name: Jane Doe
    :sid: '42'
    :email: jd@x.edu
  :created_at: 2026-11-03 10:20:30.000000000 Z
  :results:
    :tests:
    - :name: attention.scores
submission_123456782:
  :submitters:
  - :name: "José Muñoz"
    :sid:
  - :name: Al Roe
  :score: 3.0
"""


def test_gradescope_s_list_says_whose_each_folder_is(roster):
    def found(text, roster=None):
        files = [File(("assignment_12_export", f"submission_12345678{i}", WORK)) for i in (1, 2, 3)]
        listed = File(("assignment_12_export", "submission_metadata.yml"), read=text.encode)
        return find_people([*files, listed], LESSON, roster)

    class_ = found(LIST)
    assert {one.name: one.keys for one in class_.students} == {
        "Jane Doe": ("42",), "José Muñoz, Al Roe": (), "submission_123456783": ("123456783",)
    }  # fmt: skip
    assert not class_.left_out
    assert len(found("what is no list").students) == 3
    assert found(LIST, roster(ROSTERS[0])).unknown == ["José Muñoz, Al Roe", "submission_123456783"]


def test_a_name_is_the_same_however_its_accents_are_written(tmp_path):
    for name in ("Jose\u0301", "Jos\u00e9"):
        (tmp_path / name).mkdir()
        (tmp_path / name / WORK).write_text("{}")
    (student,) = find_people(files_in(tmp_path), LESSON).students
    assert (student.name, len(student.files)) == ("Jos\u00e9", 2)


def test_of_several_attempts_the_later_one_is_last():
    at = "HW_anna_attempt_2026-11-{}-10-20-30_a.ipynb".format
    assert people(at("12"), at("03")) == {"anna": [at("03"), at("12")]}
    canvas = "anna_12_{}_a.ipynb".format
    assert people(canvas("1234"), canvas("999"))["anna"] == [canvas("999"), canvas("1234")]
    when = "1-2 - anna - Nov 3, 2026 {}/{}.ipynb".format
    found = people(when("1130 PM", "new"), when("1230 PM", "noon"), when("1030 AM", "old"))
    assert found == {"anna": ["old.ipynb", "noon.ipynb", "new.ipynb"]}


def test_two_of_one_name_are_two():
    found = people(*(f"Jane Doe_{n}_assignsubmission_file/a.ipynb" for n in (1, 2)))
    assert set(found) == {"Jane Doe (1)", "Jane Doe (2)"}


def test_what_is_left_out_is_said():
    paths = [("anna", WORK), ("readme.txt",), ("grades", "instructor.json"), ("ben.rar",)]
    found = find_people([File(parts) for parts in paths], LESSON)
    assert found.left_out == [
        "grades: grades or a teacher's own, no student",
        "readme.txt: no notebook, and nobody's",
    ]
    assert [one.name for one in found.students] == ["anna", "ben"]
    assert found.students[1].others == ["ben.rar"]  # an archive that is not read, in a note


@pytest.fixture
def roster(tmp_path):
    def write(text):
        (tmp_path / "r.csv").write_text(text, encoding="utf-8")
        return read_roster(tmp_path / "r.csv")

    return write


ROSTERS = [
    "id,first_name,last_name,email\njd,Jane,Doe,jane.doe@x.edu\nbo,Bo,Müller,bm@x.edu\n",
    "id;Nachname;Vorname\njd;Doe;Jane\nbo;Müller;Bo\n",
    "id,Student\njd,\"Doe, Jane\"\nbo,\"Müller, Bo\"\n",
    "id,Full name,SIS Login ID\njd,Jane Doe,x1\nbo,Bo Müller,x2\n\n",
]  # fmt: skip
WITH_ROSTER = [
    ("Jane Doe_1_assignsubmission_file/a.ipynb", "Bo Muller_2_assignsubmission_file/a.ipynb"),
    ("doejane_1_1234_a.ipynb", "müllerbo_2_1235_a.ipynb"),
    ("HW_jd_attempt_2026-11-03-10-20-30_a.ipynb", "HW_bo_attempt_2026-11-03-10-20-30_a.ipynb"),
    ("1-2 - Jane Doe - Nov 3, 2026 1 PM/a.ipynb", "2-2 - Bo Müller - Nov 3, 2026 1 PM/a.ipynb"),
    ("Attention homework by Jane Doe (1).ipynb", "bo_muller.ipynb"), ("jd/a.ipynb", "bo/b.ipynb"),
    ("DOE Jane/a.ipynb", "Müller_Bo_final/a.ipynb"),
]  # fmt: skip


@pytest.mark.parametrize("text", ROSTERS)
@pytest.mark.parametrize("paths", WITH_ROSTER)
def test_a_roster_says_who_it_is(roster, text, paths):
    assert set(people(*paths, roster=roster(text))) == {"jd", "bo"}


def test_who_is_not_in_the_roster_or_handed_in_nothing_is_said(roster):
    class_ = find_people([File(("eve", WORK)), File(("jd", WORK))], LESSON, roster(ROSTERS[0]))
    assert (class_.unknown, class_.absent) == (["eve"], ["bo"])


def test_a_file_s_own_name_cannot_be_another_student(roster):
    known = roster(ROSTERS[0])
    assert people("doejane_1_1234_bo_müller.ipynb", roster=known).keys() == {"jd"}
    assert people("jd/bo_müller.ipynb", "eve/bo_müller.ipynb", roster=known).keys() == {"jd", "eve"}
    found = people("Eve_1_assignsubmission_file/Bo Müller/x.ipynb", roster=known)
    assert found.keys() == {"Eve"}


@pytest.mark.parametrize("text", ["", "id\n", "id,name\na,b\na,c\n"])
def test_a_roster_that_is_none_is_one_clear_line(roster, text):
    with pytest.raises(ValueError, match="--students"):
        roster(text)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_in_place_of_a_table_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "r.csv")
    for read in (read_roster, lambda path: fill_file(path, tmp_path / "out.csv", [])):
        with pytest.raises(ValueError, match=r"r\.csv must be a file"):
            read(tmp_path / "r.csv")


def zipped(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize("outer", ["folder", "zip"])
def test_a_zip_of_each_is_opened_where_it_lies(tmp_path, outer):
    each = {f"{name}.zip": zipped({f"work/{WORK}": b"{}"}) for name in ("anna", "ben")}
    if outer == "folder":
        path = tmp_path / "all"
        path.mkdir()
        for name, data in each.items():
            (path / name).write_bytes(data)
    else:
        path = tmp_path / "all.zip"
        path.write_bytes(zipped({f"class/{name}": data for name, data in each.items()}))
    found = find_people(files_in(path), LESSON)
    assert {one.name: [f.read() for _, f in one.files] for one in found.students} == {
        "anna": [b"{}"], "ben": [b"{}"],
    }  # fmt: skip


def damage_name(data, name, instead, flag=8):
    """Another name in a zip, whose entry says it is UTF-8."""
    data = bytearray(data.replace(name, instead))
    for magic, at in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        start = data.find(magic)
        while start >= 0:
            data[start + at] |= flag
            start = data.find(magic, start + 4)
    return bytes(data)


def test_one_bad_member_or_name_costs_nobody_else(tmp_path):
    good = {f"{name}/{WORK}": b'{"a": 1}' * 100 for name in ("anna", "ben", "cyd", "dan")}
    data = damage_name(zipped(good), b"ben/", b"b\xffn/")
    data = damage_name(data, b"dan/", "dä".encode() + b"/", flag=0)  # as macOS does
    at = data.index(b'{"a"', data.index(b"cyd/"))
    data = data[:at] + b"!!!!!" + data[at + 5 :]
    (tmp_path / "a.zip").write_bytes(data)
    students = {one.name: one for one in find_people(files_in(tmp_path / "a.zip"), LESSON).students}
    assert students.keys() == {"anna", "b\u00a0n", "cyd", "dä"}
    for name, student in students.items():
        ((_, file),) = student.files
        if name == "cyd":
            with pytest.raises(ValueError, match="cannot be unpacked"):
                file.read()
        else:
            assert file.read() == b'{"a": 1}' * 100


def test_a_shut_zip_of_one_student_is_a_note_on_them(tmp_path):
    (tmp_path / "anna.zip").write_bytes(b"PK\x03\x04 no zip")
    (tmp_path / "ben.zip").write_bytes(zipped({WORK: b"{}"}))
    deep = zipped({"a.zip": zipped({"b.zip": zipped({WORK: b"{}"})})})
    (tmp_path / "cyd.zip").write_bytes(deep)
    students = {one.name: one for one in find_people(files_in(tmp_path), LESSON).students}
    assert students.keys() == {"anna", "ben", "cyd"}
    assert "not a zip that can be read" in students["anna"].notes[0]
    assert "not opened" in students["cyd"].notes[0]
    assert len(students["ben"].files) == 1
