"""The chat page in a real browser: a question is answered as the server answers it."""

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


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
        yield browser.new_page()
        browser.close()


def test_a_conversation_on_the_page(page, client):
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"http://{client.address}/")
    page.wait_for_selector("#name:text-is('tiny')")
    for i, question in enumerate(("the cat", "<b>a hat</b>")):
        page.fill("#question", question)
        page.press("#question", "Enter")
        page.wait_for_selector(f"article >> nth={2 * i + 1}")
        page.wait_for_selector("#send:not([disabled])", timeout=60_000)
    said = page.locator("article").all_inner_texts()
    assert (said[0], said[2]) == ("the cat", "<b>a hat</b>")  # shown as text, never as HTML
    assert page.locator("article.assistant").count() == 2
    page.fill("#question", "a</s>b")
    page.click("#send")
    page.wait_for_selector("article.error")
    assert "holds '</s>', a control token" in page.locator("article.error").inner_text()
    assert not errors
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {client.address}
