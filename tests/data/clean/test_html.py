"""HTML: the page's furniture goes, the writer's own signs stay."""

import pytest

from llama_edu.data.clean import clean, strip_html

PAGE = """<!DOCTYPE html><html><head><title>T</title><style>p {}</style></head><body>
<nav><a href="/">Home</a></nav><!-- <p>hidden</p> -->
<p>One<br>two <b>bold</b> &amp; &lt;b&gt;.</p><script>if (a < b) x()</script>
<ul><li>x&nbsp;y</li></ul><footer>© all</footer></body></html>"""


def test_page_becomes_its_text():
    assert clean(PAGE, "html") == "One\ntwo bold & <b>.\n\nx y"


@pytest.mark.parametrize("text", ["a < b and c > d", "x<y", "i <- 3", "List<int> y", "<3 you"])
def test_what_is_no_tag_stays(text):
    assert strip_html(text) == text


def test_comment_that_never_ends_hides_the_rest():
    assert strip_html("a<!-- b") == "a"


READ = {
    "a page in a form": (
        "<body><form action='.'><p>Hello world.</p></form></body>",
        "Hello world.",
    ),
    "a page in a form, with menus": (
        "<form><nav>Home About</nav><p>The text of the page.</p><footer>(c)</footer></form>",
        "The text of the page.",
    ),
    "a box to search": ("<p>Text of a page.</p><form>Search <input></form>", "Text of a page."),
    "a header that is all": ("<header><h1>Only a title</h1></header>", "Only a title"),
    "> in an attribute": ('<a title="a > b" href=x>link</a> rest', "link rest"),
    "< and > in an attribute": ("<img alt='<b>bold</b>' src=y>rest", "rest"),
    "an attribute never closed": ('<p class="a>text</p> "x"', 'text\n"x"'),
    "a long attribute": (f"<img src='data:image/png;base64,{'A' * 5000}'>rest", "rest"),
    "CDATA": ("<p><![CDATA[1 < 2 & more]]></p>", "1 < 2 & more"),
    "CDATA in a script": ("<script>//<![CDATA[\nif (a<b) x()\n//]]></script>text", "text"),
    "tags in a script": ("<script>document.write('<p>no</p>')</script>yes", "yes"),
    "a script never closed": ("text<script>var a = 1;", "text"),
    "a menu never closed": ("<nav>Home<p>The text.</p>", "Home\nThe text."),
    "elements of newer HTML": ("<main><details><summary>A</summary>b</details></main>", "A\nb"),
    "elements of one's own": ("<my-box>in a box</my-box>", "in a box"),
    "elements of Word": ("<p>one<o:p></o:p> two</p>", "one two"),
    "upper case": ("<P>One<BR/>two</P><SCRIPT>x</SCRIPT>", "One\ntwo"),
    "XML": ('<?xml version="1.0"?><html><body>x</body></html>', "x"),
    "a menu in a menu": ("<nav>a<nav>b</nav>c</nav><p>The text of it.</p>", "The text of it."),
    "form feeds": ("one\x0ctwo\x0bthree\x85four", "one\ntwo\nthree\nfour"),
    "a number that is no character": (f"a&#{'9' * 5000};b &#xFFFFFFFFF; c", "a\ufffdb \ufffd c"),
    "invisible entities": ("co&shy;op &#8203;is&#12;one", "coop is\none"),
    "formulas": ("<math><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow></math>", "x+1"),
    "a formula's source": (
        "<math><semantics><mi>x</mi><annotation>\\x</annotation></semantics></math>",
        "x",
    ),
    "comments that browsers know": ("a<!-->b<!--->c<!-- x --!>d<![if !IE]>e<![endif]>f", "abcdef"),
    "a program": ("<?php echo 1 ?>text", "text"),
    "mathematics": ("if a < b and b > c then x<y, 3<4", "if a < b and b > c then x<y, 3<4"),
}


@pytest.mark.parametrize("name", READ)
def test_the_text_is_what_a_reader_sees(name):
    dirty, text = READ[name]
    assert clean(dirty, "html") == text
