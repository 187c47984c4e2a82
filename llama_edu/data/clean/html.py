"""Take the text out of HTML: known tags only, so that `a < b` survives."""

import html
import re

# What these hold is no text of the page, or not its own text.
SILENT = "head|script|style|noscript|template|svg|iframe|form|button|select|nav|header|footer|aside"
BLOCKS = (
    "address|article|blockquote|body|br|center|dd|div|dl|dt|figcaption|figure|h[1-6]|hr|html|li|main"
    "|ol|p|poem|pre|section|table|tbody|td|tfoot|th|thead|tr|ul"
)
INLINE = (
    "a|abbr|b|bdi|big|cite|code|del|dfn|em|font|i|img|ins|kbd|label|link|mark|meta|nobr|nowiki"
    "|onlyinclude|noinclude|includeonly|q|rp|rt|ruby|s|samp|small|span|strike|strong|sub|sup|time"
    "|title|tt|u|var|wbr"
)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<!doctype[^>]*>", re.DOTALL | re.IGNORECASE)
SILENT_ELEMENT = re.compile(rf"<({SILENT})\b[^<>]*(?<!/)>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
BLOCK_TAG = re.compile(rf"</?(?:{BLOCKS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
INLINE_TAG = re.compile(rf"</?(?:{INLINE}|{SILENT})(?:\s[^<>]*)?/?>", re.IGNORECASE)


def strip_html(text: str) -> str:
    """Drop tags, comments, scripts and page furniture; a block element begins a new line.

    strip_html("<p>1 &lt; 2<br>for x<y</p>") -> "\\n1 < 2\\nfor x<y\\n"

    Entities are resolved last and once: `&lt;b&gt;` is a `<b>` that the writer wanted to be read.
    """
    text = SILENT_ELEMENT.sub("\n", COMMENT.sub("", text))
    text = INLINE_TAG.sub("", BLOCK_TAG.sub("\n", text))
    return html.unescape(text)
