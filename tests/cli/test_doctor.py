"""`llama-edu doctor`: each bad value is called bad, says what to do, and no good one is."""

import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from llama_edu.cli import diagnosis
from llama_edu.data import sources

doctor = importlib.import_module("llama_edu.cli.doctor")  # the package has a function so named
GB = diagnosis.GB
LINES = [
    ("ok", diagnosis.check_python((3, 11, 0))),
    ("ok", diagnosis.check_python((3, 13, 9))),
    ("warn", diagnosis.check_python((3, 14, 0))),
    ("bad", diagnosis.check_python((3, 10, 13))),
    ("ok", diagnosis.check_torch("2.13.0+cpu")),
    ("ok", diagnosis.check_torch("2.8.0")),
    ("ok", diagnosis.check_torch("3.0.0a0+git1234")),
    ("bad", diagnosis.check_torch("2.7.1+cu128")),
    ("bad", diagnosis.check_torch("1.13.0")),
    ("bad", diagnosis.check_torch(None, "DLL load failed")),
    ("ok", diagnosis.check_cpu("Xeon", ["AVX2"], True, "AVX2", False)),
    ("ok", diagnosis.check_cpu("M3", ["NEON"], False, "DEFAULT", True)),
    ("warn", diagnosis.check_cpu("Atom", [], True, "DEFAULT", False)),
    ("ok", diagnosis.check_threads(2, 2)),
    ("ok", diagnosis.check_threads(4, 8)),
    ("ok", diagnosis.check_threads(1, 0.5)),
    ("warn", diagnosis.check_threads(3, 8)),
    ("warn", diagnosis.check_threads(64, 2.5)),
    ("ok", diagnosis.check_memory(8 * GB, 4 * GB)),
    ("warn", diagnosis.check_memory(8 * GB, 1 * GB)),
    ("bad", diagnosis.check_memory(1 * GB, 1 * GB)),
    ("ok", diagnosis.check_disk(9 * GB, 1 * GB, 2 * GB)),
    ("ok", diagnosis.check_disk(0, 0, 0)),
    ("warn", diagnosis.check_disk(1 * GB, 1 * GB, 2 * GB)),
    ("warn", diagnosis.check_disk(1 * GB, 0, 2 * GB)),
    ("bad", diagnosis.check_disk(1 * GB - 1, 1 * GB, 2 * GB)),
    ("ok", diagnosis.check_cache("~", True, 0, 3, False)),
    ("ok", diagnosis.check_cache("~", False, 3, 3, True)),
    ("warn", diagnosis.check_cache("~", False, 1, 3, True)),
    ("bad", diagnosis.check_cache("~", False, 1, 3, False)),
    ("ok", diagnosis.check_network(True, False, False)),
    ("ok", diagnosis.check_network(False, True, True)),
    ("warn", diagnosis.check_network(False, True, False)),
    ("bad", diagnosis.check_network(False, False, False)),
    ("ok", diagnosis.check_gpu("H100, 80 GB (cuda)")),
    ("ok", diagnosis.check_gpu(None)),
    ("ok", diagnosis.check_sandbox("namespaces", "")),
    ("ok", diagnosis.check_sandbox("bubblewrap", "unshare: not permitted")),
    ("warn", diagnosis.check_sandbox("limits", "unshare: not permitted")),
]


@pytest.mark.parametrize(("mark", "line"), LINES, ids=lambda line: getattr(line, "fact", line))
def test_marks_tell_good_from_bad_and_only_the_bad_has_a_remedy(mark, line):
    assert line.mark == mark
    assert bool(line.remedy) == (mark != "ok")
    assert line.fact and line.meaning
    assert repr(line).isascii()  # any terminal can show it


def test_facts_are_those_that_were_found():
    assert diagnosis.check_python((3, 12, 1)).fact == "3.12.1"
    assert diagnosis.check_torch(None, "no libgomp").fact == "cannot be imported: no libgomp"
    assert diagnosis.check_cpu(
        "Xeon", ["AVX2", "AMX bf16"], True, "AVX512", True
    ) == diagnosis.Line(
        mark="ok",
        name="CPU",
        fact="Xeon: AVX2, AMX bf16",
        meaning="models are loaded in bf16, measured to be the faster here",
    )
    assert "fp32" in diagnosis.check_cpu("Xeon", ["AVX2"], True, "AVX2", False).meaning
    assert diagnosis.check_threads(64, 2.5).remedy == "set OMP_NUM_THREADS=2"
    assert diagnosis.check_memory(8.04 * GB, 2.5 * GB).fact == "2.5 GB free of 8.0 GB"


def test_oldest_torch_is_that_of_the_project():
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = ".".join(map(str, diagnosis.OLDEST_TORCH))
    assert any(rule.startswith(f"torch>={oldest},") for rule in project["dependencies"])


def test_next_step_cures_the_first_bad_line():
    warn, bad = diagnosis.check_threads(64, 2), diagnosis.check_python((3, 9, 0))
    worse = diagnosis.check_torch(None)
    assert diagnosis.next_step([warn]) == "llama-edu start"
    assert diagnosis.next_step([warn, bad, worse]) == (
        f"{bad.remedy}; then run llama-edu doctor again"
    )


@pytest.mark.parametrize(
    ("file", "text", "limit"),
    [
        ("cpu.max", "150000 100000\n", 1.5),
        ("cpu.max", "max 100000\n", None),
        ("memory.max", "2147483648\n", 2147483648),
        ("memory.max", "max\n", None),
        ("memory.max", None, None),
    ],
)
def test_container_limits_are_read(tmp_path, file, text, limit):
    if text is not None:
        (tmp_path / file).write_text(text, encoding="ascii")
    assert doctor.container_limit(file, tmp_path) == limit


def test_archive_is_found_where_pip_finds_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", tmp_path.as_uri())
    assert not doctor.archive_is_found("glassllm")
    (tmp_path / sources.SOURCES["glassllm"].file).touch()
    assert doctor.archive_is_found("glassllm")
    assert not doctor.archive_is_found("glassllm", seconds=0.01)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `doctor` on an empty cache without a network; give its exit code and output."""
    monkeypatch.setenv("LLAMA_EDU_CACHE", str(tmp_path / "not yet" / "cache"))
    monkeypatch.setattr(doctor, "archive_is_found", lambda name: False)
    monkeypatch.setenv("COLUMNS", "80")
    app = typer.Typer()
    app.command()(doctor.doctor)

    def invoke(*options: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, options)
        return result.exit_code, result.stdout

    return invoke


def test_what_stops_the_course_gives_exit_code_1_and_the_cure(run):
    code, shown = run()
    assert code == 1
    assert re.search(r"^bad +network +pip does not find", shown, re.M)
    assert "\nNext: connect;" in shown


def test_everything_cached_needs_no_network(run):
    for source in sources.SOURCES.values():
        (sources.cache_dir() / source.key).mkdir(parents=True)
    code, shown = run()
    assert (code, shown.splitlines()[-1]) == (0, "Next: llama-edu start")
    assert re.search(r"^ok +network .*\n +not needed", shown, re.M)


def test_table_reads_well_in_80_columns_without_color(run):
    _, shown = run()
    assert max(map(len, shown.splitlines())) <= 80
    names = ["Python", "PyTorch", "CPU", "threads", "GPU", "memory", "disk", "cache", "network"]
    names.append("sandbox")
    assert re.findall(r"^(?:ok|warn|bad) +(\w+) ", shown, re.M) == names


def test_json_holds_the_same_lines(run):
    code, shown = run("--json")
    report = json.loads(shown)
    assert code == 1
    assert report.keys() == {"llama_edu", "platform", "lines"}
    assert [line["mark"] for line in report["lines"] if line["name"] == "network"] == ["bad"]


def test_a_torch_that_cannot_be_imported_is_one_bad_line(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # what an absent module looks like
    code, shown = run()
    assert code == 1
    assert re.search(r"^bad +PyTorch +cannot be imported", shown, re.M)
    assert "memory" in shown and "threads" not in shown


def test_a_folder_that_cannot_be_written_is_noticed(tmp_path):
    assert doctor._is_writable(tmp_path)
    assert not doctor._is_writable(tmp_path / "missing")


def test_import_is_light():
    program = "import sys, llama_edu.cli.doctor; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
