"""A card and a text say the same words, and nothing that a learner wrote becomes HTML."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest

from llama_edu.course.checking.show import as_html, as_text, show
from llama_edu.course.checking.verdict import Verdict

RIGHT = Verdict("toy.scores", 2)
WRONG = Verdict(
    "toy.scores",
    2,
    kind="value",
    sentence="1 of 2 numbers is wrong at [1]: expected 2, got 3.",
    line="In line 3: `return a < b & c`",
    pattern="Every number is <b>bold</b>.",
    case=(("q", "(2,): [1, 2]"), ("long_name", "(2, 1): [[1],\n         [2]]")),
    place="case 1 of 4",
    expected="(2,): [1, 2]",
    got="(2,): [1, 3]",
    misconception="known",
    says="a ` is left alone",
    hint="Use `k.mT`.",
)


class Page(HTMLParser):
    """Collects the text of a page, and whether every element is closed in turn."""

    def __init__(self):
        super().__init__()
        self.text, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.text.append("" if tag == "code" else "\n")

    def handle_data(self, data):
        self.text.append(data)


def words(text: str) -> list[str]:
    return re.sub(r"`(?=[^` ])|(?<=[^ ])`", "", text).split()


def test_a_right_answer_is_one_line():
    assert as_text(RIGHT) == "toy.scores: right, 2 points"
    assert as_text(Verdict("toy.scores", 1)) == "toy.scores: right, 1 point"


def test_the_text_says_things_in_their_order():
    assert as_text(WRONG).splitlines() == [
        "toy.scores: not right yet",
        "1 of 2 numbers is wrong at [1]: expected 2, got 3.",
        "In line 3: `return a < b & c`",
        "Every number is <b>bold</b>.",
        "",
        "In case 1 of 4:",
        "    q          (2,): [1, 2]",
        "    long_name  (2, 1): [[1],",
        "                        [2]]",
        "    expected   (2,): [1, 2]",
        "    got        (2,): [1, 3]",
        "",
        "This is exactly what you get when a ` is left alone.",
        "Hint: Use `k.mT`.",
    ]


@pytest.mark.parametrize("verdict", [RIGHT, WRONG], ids=["right", "wrong"])
def test_the_card_says_the_same_words(verdict):
    page = Page()
    page.feed(as_html(verdict))
    assert page.open == []
    assert words("".join(page.text)) == words(as_text(verdict))


def test_the_card_escapes_what_it_is_given():
    card = as_html(WRONG)
    assert "<code>return a &lt; b &amp; c</code>" in card
    assert "&lt;b&gt;bold" in card
    assert unescape(card).count("<b>") == 2


def test_the_card_leaves_colours_of_text_and_ground_to_the_page():
    styles = re.findall(r'style="([^"]*)"', as_html(WRONG))
    colours = {
        value.strip()
        for style in styles
        for name, _, value in (part.strip().partition(":") for part in style.split(";"))
        if name in ("color", "background", "background-color")
    }
    assert colours <= {"inherit", "none"}
    assert "<style" not in as_html(WRONG)
    assert "<script" not in as_html(WRONG)


def test_a_terminal_gets_the_text(capsys):
    show(WRONG)
    assert capsys.readouterr().out == as_text(WRONG) + "\n"
