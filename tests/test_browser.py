"""A learner's first ten minutes in a real browser: a mistake is named, put right, and counted."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
SECONDS = 60  # for one step: JupyterLab and the kernel both start on a busy machine
WRONG = "def scores(q, k):\n    return q @ k.mT"
THEME = "@jupyterlab/apputils-extension/themes.jupyterlab-settings"
RIGHT = "def scores(q, k):\n    return q @ k.mT / math.sqrt(q.shape[-1])"


@pytest.fixture
def environment(tmp_path):
    """Settings of Jupyter's own in a new folder, so that nobody's are read or changed."""
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    own = {name: str(tmp_path / name.lower()) for name in folders}
    own["JUPYTERLAB_SETTINGS_DIR"] = tmp_path / "settings"
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | own | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


@pytest.fixture
def page():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        names = ("chromium", "chromium-browser", "google-chrome")
        found = next(filter(None, map(shutil.which, names)), started.chromium.executable_path)
        if not Path(found).exists():
            pytest.skip("there is no Chromium: python -m playwright install chromium")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = started.chromium.launch(executable_path=found, args=options)
        opened = browser.new_page(viewport={"width": 1280, "height": 1000})
        opened.set_default_timeout(1000 * SECONDS)
        yield opened
        browser.close()


@contextmanager
def started(folder, environment):
    """`llama-edu start` as a learner runs it, until the body is done."""
    options = ["--no-browser", "--no-welcome", "--dir", str(folder)]
    command = [sys.executable, "-m", "llama_edu", "start", *options]
    process = subprocess.Popen(
        command, env=environment | {"PYTHONUNBUFFERED": "1"}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        shown = ""
        while not (address := re.search(r"http://\S+", shown)):
            line = process.stdout.readline()
            assert line, f"llama-edu start ended: {shown}"
            shown += line
        yield address[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


def cell(page, text):
    shown = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    return shown.locator(".jp-CodeCell", has_text=text).first


def run(page, text, source=None):
    """Run the cell that holds a text, with another source if one is given."""
    cell(page, text).locator(".cm-content").click()
    if source:
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")


def save(page):
    with page.expect_response(lambda r: r.request.method == "PUT" and "/api/contents/" in r.url):
        page.keyboard.press("Control+s")


def test_a_learner_makes_a_mistake_and_mends_it(tmp_path, environment, page):
    from playwright.sync_api import expect

    expect.set_options(timeout=1000 * SECONDS)
    copy = tmp_path / "course"
    with started(copy, environment) as address:
        page.goto(address)
        expect(page.locator(".jp-NotebookPanel")).to_contain_text("Start")
        page.screenshot(path=tmp_path / "start.png")
        assert page.locator(".jp-Dialog").count() == 0, "nothing asks a question first"
        assert page.locator(".Toastify__toast").count() == 0, "nothing asks about news"

        exercise = address.replace("notebooks/00_start", "exercises/05_attention")
        page.goto(exercise)
        check = cell(page, 'check("attention.scores", scores)')
        expect(check).to_be_visible()
        expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle")  # else a run is lost
        run(page, "import torch")
        run(page, "def scores", WRONG)
        run(page, 'check("attention.scores", scores)')
        output = check.locator(".jp-OutputArea")
        expect(output).to_contain_text("attention.scores: not right yet")
        expect(output).to_contain_text("This is exactly what you get when")
        expect(output).to_contain_text("Hint:")
        assert "Traceback" not in output.inner_text()
        check.scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / "wrong.png")
        save(page)
        theme = environment["JUPYTERLAB_SETTINGS_DIR"] / THEME
        theme.parent.mkdir(parents=True)
        theme.write_text('{"theme": "JupyterLab Dark"}', encoding="utf-8")
        page.goto(exercise)
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
        expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle")
        expect(output).to_contain_text("This is exactly what you get when")
        check.scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / "wrong_dark.png")

        run(page, "def scores", RIGHT)
        run(page, 'check("attention.scores", scores)')
        expect(output).to_contain_text("attention.scores: right, 1 point")
        page.screenshot(path=tmp_path / "right_dark.png")
        save(page)

    command = [sys.executable, "-m", "llama_edu", "progress", "--dir", str(copy)]
    map_ = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert re.search(r"^1 of \d+ points, in ", map_.stdout, re.MULTILINE)
    assert re.search(r"05.*\b1 of 6\b", map_.stdout)
