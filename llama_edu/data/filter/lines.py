"""C4's rules for lines: a sentence ends with a stop and has a few words; the rest is furniture.

They suit web pages. Verse, plays, tables and code end their lines where they like and lose nearly
everything, which is why a corpus build does not use them.
"""

from collections import Counter

from llama_edu.data.filter.page import Page

MIN_WORDS = 5
STOPS = {"en": '.!?"”’', "zh": "。！？”』」…"}


def keep_sentences(text: str, language: str = "en") -> tuple[str, Counter[str]]:
    """Keep the lines that look like sentences; give them and, by reason, how many went.

    A line goes if it does not end with a terminal sign, has fewer than five words (characters in
    Chinese), or asks for JavaScript. A line counts under the first reason.

    keep_sentences("Home\\nIt rained all day long.") -> ("It rained all day long.",
    Counter({"no stop": 1}))

    Args:
        text: cleaned.
        language: "zh" has its own signs and words; all others take the English ones.

    Source: Raffel et al., C4 (arXiv:1910.10683), sec. 2.2.
    """
    stops = tuple(STOPS.get(language, STOPS["en"]))
    kept, dropped = [], Counter()
    for line in text.split("\n"):
        reason = _fault(line.strip(), stops, language)
        if not line.strip() or reason is None:
            kept.append(line)
        else:
            dropped[reason] += 1
    return "\n".join(kept), dropped


def _fault(line: str, stops: tuple[str, ...], language: str) -> str | None:
    if not line.endswith(stops):
        return "no stop"
    if len(Page(line, language).words) < MIN_WORDS:
        return "too few words"
    return "javascript" if "javascript" in line.lower() else None
