"""What scraping does to Chinese prose: a site's address in mid-sentence, lost characters.

三国演义 as it is passed round the web has both: `二军远来www.xyyuedu.com ，只宜深沟高垒`, a □ where
a rare character was, and a `?` where another encoding had none.
"""

import re

HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
AROUND = rf"(?:{HAN}|[，。、；：！？“”‘’（）《》])"
# An address that touches Chinese text on its left: prose would put a space or bracket between.
WATERMARK = re.compile(
    rf"(?<={HAN})(?:https?://)?www\.[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{{2,6}}(?:/[\w/.-]*)?\s?"
    rf"(?={AROUND})",
    re.IGNORECASE | re.ASCII,
)
LOST = re.compile(rf"(?<={AROUND})\s*[□\ufffd]|[□\ufffd]\s*(?={AROUND})")
LOST_AS_QUESTION_MARK = re.compile(rf"\?(?={HAN}|[，。、])")
SENTENCE = re.compile(r"[^。！？]*[。！？]+[”’』」）]*|[^。！？]+\Z")


def drop_watermarks(text: str) -> str:
    """Drop a site's address that stands inside a Chinese sentence, and the space behind it.

    drop_watermarks("二军远来www.xyyuedu.com ，只宜") -> "二军远来，只宜"
    """
    return WATERMARK.sub("", text)


def drop_broken_sentences(text: str) -> str:
    """Drop each Chinese sentence that lost a character: nobody can know which one it was.

    A `?` before an ideograph counts as lost where the text writes its questions with `？`. An
    English tick box □ is not touched.
    """
    signs = [LOST]
    if text.count("？") > text.count("?"):
        signs.append(LOST_AS_QUESTION_MARK)
    if not any(sign.search(text) for sign in signs):
        return text
    return SENTENCE.sub(
        lambda found: _edges(found[0]) if any(s.search(found[0]) for s in signs) else found[0],
        text,
    )


def _edges(sentence: str) -> str:
    """The white space round a sentence, so that paragraphs stay apart."""
    return sentence[: len(sentence) - len(sentence.lstrip())]
