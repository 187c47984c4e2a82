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
