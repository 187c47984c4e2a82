"""Easy data augmentation: replace, insert, swap or delete a few words, and touch no other.

Source: Wei & Zou, "EDA" (arXiv:1901.11196). Here stop words stay in all four operations, and
deletion takes exactly n words, where EDA throws a coin for each.
"""

import random
import re
from collections.abc import Callable, Iterable
from math import floor

Synonyms = Callable[[str], list[str]]
WORD = re.compile(r"\w+(?:['’-]\w+)*")
# Short words that hold a sentence together. "not" and "no" among them: a synonym or a deletion
# there would turn the label round.
STOP_WORDS = frozenset(
    """a about above after again against all am an and any are as at be because been before being
    below between both but by can cannot could did do does doing don't down during each few for from
    further had has have having he her here hers him his how i if in into is it its just me more
    most my never no nor not of off on once only or other our out over own same shall she should so
    some such than that the their them then there these they this those through to too under until
    up upon us very was we were what when where which while who whom why will with would you
    your""".split()  # noqa: SIM905 - 150 literals read worse
)


def n_changes(n_words: int, alpha: float) -> int:
    """How many words an operation changes: n = max(1, floor(alpha * l)).

    n_changes(27, 0.1) -> 2

    Raises:
        ValueError: if `alpha` lies outside (0, 1].
    """
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha={alpha} must lie in (0, 1]")
    return max(1, floor(alpha * n_words + 1e-9))  # 0.29 * 100 is 28.999…


def rewrite(
    text: str,
    operation: str,
    *,
    alpha: float = 0.1,
    seed: int = 0,
    synonyms: Synonyms = lambda word: [],
    protected: Iterable[str] = (),
) -> str:
    """Apply one operation to exactly n words, or to all that it may touch if they are fewer.

    Args:
        text: words and whatever stands between them, which stays.
        operation: "replace" (by a synonym), "insert" (a synonym of one of the words), "swap" (n
            pairs) or "delete".
        alpha: share of the words to change, in (0, 1].
        seed: the same seed gives the same text.
        synonyms: for replace and insert, such as `WordNet(folder).synonyms`.
        protected: phrases that must stay as they are wherever they stand, such as an answer.

    Raises:
        ValueError: if `operation` or `alpha` is none of these.
    """
    if operation not in OPERATIONS:
        raise ValueError(f"operation={operation!r} must be one of {', '.join(OPERATIONS)}")
    matches = list(WORD.finditer(text))
    n = n_changes(len(matches), alpha)
    spans = [
        found.span()
        for phrase in protected
        if phrase
        for found in re.finditer(re.escape(phrase), text)
    ]
    gaps = [0, *(match.end() for match in matches)]
    # Each word with what stands before it, so that a word can go together with its space.
    before = [text[end : match.start()] for end, match in zip(gaps, matches, strict=False)]
    words = [match[0] for match in matches]
    free = [
        i
        for i, match in enumerate(matches)
        if match[0].lower() not in STOP_WORDS
        and not any(start < match.end() and match.start() < end for start, end in spans)
    ]
    OPERATIONS[operation](words, before, free, n, random.Random(seed), synonyms)
    pieces = [gap + word for gap, word in zip(before, words, strict=True)]
    return "".join(pieces) + text[gaps[-1] :]


def _replace(words, before, free, n, draw, synonyms) -> None:
    choices = {i: others for i in free if (others := synonyms(words[i]))}
    for i in draw.sample(sorted(choices), min(n, len(choices))):
        words[i] = in_case_of(words[i], draw.choice(choices[i]))


def _insert(words, before, free, n, draw, synonyms) -> None:
    choices = {i: others for i in free if (others := synonyms(words[i]))}
    for _ in range(n if choices else 0):
        new = draw.choice(choices[draw.choice(sorted(choices))])
        # In front of a free word, so that no protected phrase is torn apart.
        words_at = draw.choice(free)
        words[words_at] = f"{new.lower()} {words[words_at]}"


def _swap(words, before, free, n, draw, synonyms) -> None:
    chosen = draw.sample(free, 2 * min(n, len(free) // 2))
    for i, j in zip(chosen[::2], chosen[1::2], strict=True):
        words[i], words[j] = in_case_of(words[i], words[j]), in_case_of(words[j], words[i])


def _delete(words, before, free, n, draw, synonyms) -> None:
    most = max(0, len(words) - 1)  # one word stays
    for i in draw.sample(free, min(n, len(free), most)):
        words[i] = ""
        before[i] = before[i].rstrip(" ") if i else before[i]


def in_case_of(old: str, new: str) -> str:
    """Give `new` a capital if `old` has one."""
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


OPERATIONS = {"replace": _replace, "insert": _insert, "swap": _swap, "delete": _delete}
