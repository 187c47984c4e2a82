"""The wheel carries the course: it works in an empty folder, without the clone."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from llama_edu.course.lessons import all_lessons, course_map

pytestmark = [pytest.mark.slow, pytest.mark.network]
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A Python with the wheel in it, and with the other packages of the one that runs this."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT]
    made = subprocess.run(pip, capture_output=True, text=True)
    if "No matching distribution found for hatchling" in made.stderr:
        pytest.skip("hatchling, which makes the wheel, cannot be fetched")
    assert made.returncode == 0, made.stderr
    venv.create(folder / "venv", symlinks=True)
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = folder / "venv" / scripts / Path(sys.executable).name
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--ignore-installed", "--no-warn-script-location", wheel], check=True)
    return python


@pytest.fixture
def llama_edu(installed, tmp_path):
    """A function that runs `llama-edu` of that Python in an empty folder."""
    hidden = ("PYTHONPATH", "LLAMA_EDU_COURSE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    shared = Path(sys.prefix) / "share" / "jupyter"  # JupyterLab's pages lie beside its Python
    environment |= {"JUPYTERLAB_DIR": str(shared / "lab"), "JUPYTER_PATH": str(shared)}

    def run(*arguments):
        return subprocess.run(
            [installed.with_name("llama-edu"), *arguments], cwd=tmp_path, env=environment,
            capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL, timeout=500,
        )  # fmt: skip

    return run


def test_start_works_in_an_empty_folder(llama_edu, tmp_path):
    done = llama_edu("start", "--once", "--no-welcome")
    assert done.returncode == 0, done.stderr
    assert "JupyterLab is at\n    http://127.0.0.1:" in done.stdout
    names = {f"{lesson.name}.ipynb" for lesson in all_lessons(ROOT)}
    copy = tmp_path / "llama_edu_course"
    assert {path.name for path in (copy / "notebooks").iterdir()} == {*names, "terms.ipynb"}
    assert {path.name for path in (copy / "exercises").iterdir()} <= names
    assert not (copy / "solutions").exists()


def test_the_course_map_comes_along(installed):
    ask = "from llama_edu.course.lessons import course_map as m; print([e.is_written for e in m()])"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    shown = subprocess.run(
        [installed, "-c", ask], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert shown == f"{[entry.is_written for entry in course_map(ROOT)]}\n"


def test_an_answer_is_checked_with_the_questions_of_the_wheel(llama_edu, tmp_path):
    assert llama_edu("release", "bundle").returncode == 0
    path = tmp_path / "bundle" / "exercises" / "00_start.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    (answer,) = (cell for cell in notebook["cells"] if cell["id"] == "start-temper")
    answer["source"] = (
        "def temper(logits, temperature):\n    return (logits / temperature).softmax(-1)"
    )
    path.write_text(json.dumps(notebook), encoding="utf-8")
    done = llama_edu("check", "00", str(path))
    assert "✓ start.temper: 1 of 1 point" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
