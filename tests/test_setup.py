"""The set-up: versions agree, documents name real commands, the Makefile mends its own .venv."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import llama_edu

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = {
    pin.name.lower(): str(pin.specifier).removeprefix("==")
    for pin in map(Requirement, re.findall(r"^\w.*", (ROOT / "constraints.txt").read_text(), re.M))
}


def read_yaml(name: str):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"])
def test_every_range_admits_its_pinned_version(rule):
    dependency = Requirement(rule)
    if dependency.name != "pip":  # each Python brings its own
        assert dependency.specifier.contains(PINS[dependency.name])


def test_torch_is_pinned_without_a_build():
    assert PINS["torch"] == "2.13.0"  # any build of it: for the CPU, for CUDA, for macOS


def test_conda_only_wraps_pip():
    environment = read_yaml("environment.yml")
    python, pip, under_pip = environment["dependencies"]
    assert re.fullmatch(r"python=\d\.\d+", python) and pip == "pip"
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python="))
    assert under_pip == {"pip": ["-c constraints.txt", "-e .[dev]"]}


def test_commit_hooks_are_those_of_the_environment():
    (repository,) = read_yaml(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    commands = [hook["entry"].split()[:4] for hook in repository["hooks"]]
    assert commands == [[".venv/bin/python", "-m", "ruff", verb] for verb in ("check", "format")]


def test_version_is_the_same_everywhere():
    assert read_yaml("CITATION.cff")["version"] == llama_edu.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", changes, re.M)[1] == llama_edu.__version__


def test_makefile_checks_the_range_of_the_project():
    low, high = re.search(r"\((3, \d+)\) <= .* < \((3, \d+)\)", MAKEFILE).groups()
    in_python = f">={low},<{high}".replace(", ", ".")
    assert SpecifierSet(in_python) == SpecifierSet(PROJECT["requires-python"])


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_documents_name_commands_that_exist(document):
    from typer.main import get_command

    from llama_edu.cli import app

    text = (ROOT / document).read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
    assert set(re.findall(r"(?:^ *|`)make ([a-z-]+)", text, re.M)) <= targets
    commands = set(re.findall(r"\bllama-edu ([a-z]+)", text))
    assert commands <= get_command(app).commands.keys()
    assert "make " in text or "llama-edu " in text


class Clone:
    """A folder with the real Makefile and, as python3, a script that notes what it is asked to do.

    Only `-c` reaches a real Python. `fails` names a module whose run shall fail.
    """

    def __init__(self, folder: Path):
        folder.mkdir()
        self.folder, self.fails = folder, ""
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, folder)
        self.python = folder.parent / "bin" / "python3"
        self.python.parent.mkdir()
        self.python.write_text(
            f"""#!/bin/sh
case "$1 $2" in
  "-V "*) echo "Python $VERSION"; exit ;;
  "-c "*) exec "{sys.executable}" "$@" ;;
  "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
esac
echo "$*" >> ../log
test "$2" != "$FAILS"
"""
        )
        self.python.chmod(0o755)

    def make(self, *arguments: str) -> tuple[list[str], subprocess.CompletedProcess[str]]:
        """Run make; give the modules that were run, in order, and what was printed."""
        log = self.folder.parent / "log"
        log.write_text("")
        outer = ("MAKE", "MFLAGS", "PYTHON")  # of the `make test` that runs this
        env = {name: text for name, text in os.environ.items() if not name.startswith(outer)}
        env |= {"PATH": f"{self.python.parent}:{env['PATH']}", "FAILS": self.fails}
        done = subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=env | {"VERSION": "3.12.1"},
            capture_output=True,
            text=True,
            check=False,
        )
        return [line.split()[1] for line in log.read_text().splitlines()], done


@pytest.fixture
def clone(tmp_path):
    """A clone whose path holds spaces."""
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    return Clone(tmp_path / "a clone of it")


def test_make_alone_lists_every_target(clone):
    targets = re.search(r"^\.PHONY: (.*)", MAKEFILE, re.M)[1].split()
    _, done = clone.make()
    assert [line.split()[1] for line in done.stdout.splitlines()] == targets


TESTS = ["pytest", "pytest"]  # the tests, then the notebooks


@pytest.mark.parametrize(("target", "modules"), [("start", ["llama_edu"]), ("test", TESTS)])
def test_first_run_sets_up_and_second_only_runs(clone, target, modules):
    assert clone.make(target)[0] == ["venv", "pip", *modules]
    assert clone.make(target)[0] == modules


def test_a_start_can_be_only_a_look_whether_it_answers(clone):
    clone.make("start", "ONCE=1")
    log = (clone.folder.parent / "log").read_text().splitlines()
    assert log[-1] == "-m llama_edu start --once"


def test_tests_bring_what_a_start_needs_but_not_the_reverse(clone):
    clone.make("test")
    assert clone.make("start")[0] == ["llama_edu"]
    clone.make("clean")
    clone.make("start")
    assert clone.make("test")[0] == ["pip", *TESTS]


@pytest.mark.parametrize("file", ["pyproject.toml", "constraints.txt"])
def test_changed_requirements_are_installed(clone, file):
    clone.make("test")
    os.utime(clone.folder / file, (2**31, 2**31))
    assert clone.make("test")[0] == ["pip", *TESTS]


def test_failed_installation_says_so_and_is_tried_again(clone):
    clone.fails = "pip"
    ran, done = clone.make("test")
    assert (ran, done.returncode) == (["venv", "pip"], 2)
    assert "then run the same command again" in done.stderr
    clone.fails = ""
    assert clone.make("test")[0] == ["pip", *TESTS]


def test_failed_environment_is_made_anew(clone):
    clone.fails = "venv"
    assert clone.make("start")[0] == ["venv"]
    clone.fails = ""
    assert clone.make("start")[0] == ["venv", "pip", "llama_edu"]


def test_renamed_clone_runs_at_once(clone):
    clone.make("start")
    clone.folder = clone.folder.rename(clone.folder.with_name("another name"))
    assert clone.make("start")[0] == ["llama_edu"]


def test_environment_whose_python_is_gone_is_made_anew(clone):
    clone.make("start")
    python = clone.folder / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/no/such/python")
    ran, done = clone.make("start")
    assert ran == ["venv", "pip", "llama_edu"]
    assert "Making .venv anew" in done.stderr


def test_another_python_is_used_when_it_is_asked_for(clone):
    clone.make("start")
    assert clone.make("start", f"PYTHON={clone.python}")[0] == ["llama_edu"]  # the same version
    other = clone.folder.parent / "another python"
    shutil.copy(clone.python, other)
    other.write_text(other.read_text().replace("$VERSION", "3.13.0"))
    assert clone.make("start", f"PYTHON={other}")[0] == ["venv", "pip", "llama_edu"]
    assert clone.make("start")[0] == ["llama_edu"]


def test_mistyped_python_does_not_cost_the_environment(clone):
    clone.make("start")
    assert clone.make("start", "PYTHON=python3.999")[0] == ["llama_edu"]


def test_unfit_python_is_one_line_that_names_it_and_the_way_out(clone):
    clone.python.write_text('#!/bin/sh\necho "Python 3.9.6"\ntest "$1" = -V\n')
    for arguments, found in [((), "python3 is Python 3.9.6"), (("PYTHON=no",), "no is not found")]:
        ran, done = clone.make("test", *arguments)
        assert (ran, done.returncode) == ([], 2)
        assert done.stderr.splitlines()[0] == (
            f"llama_edu needs Python 3.11 to 3.14, but {found}. "
            "Choose another: make test PYTHON=python3.12"
        )


def test_arguments_reach_pip_and_pytest(clone):
    clone.make("test", "PIP_ARGS=--find-links ../wheels", "PYTEST_ARGS=-k rope")
    log = (clone.folder.parent / "log").read_text().splitlines()
    assert log[1].endswith("-c constraints.txt -e .[test] --find-links ../wheels")
    assert log[2] == "-m pytest -k rope"
