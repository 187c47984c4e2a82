"""Rules that count: Gopher's and C4's, with thresholds that depend on the language.

Each rule is a number measured on a page and the bounds within which it must lie.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf

from llama_edu.data.filter.page import Page

BULLETS = ("-", "*", "•", "‣", "▪", "●", "○", "·")
STOP_WORDS = {
    "en": {"the", "be", "to", "of", "and", "that", "have", "with"},
    # The commonest characters of modern and of classical prose.
    "zh": set("的了是不在有人一之也曰而"),
}


@dataclass(frozen=True)
class Rule:
    """Keep a page where `at_least <= measure(page) <= at_most`.

    Args:
        name: as reports call it.
        measure: what is counted.
        at_least: lower bound.
        at_most: upper bound.
        source: where the rule comes from.
    """

    name: str
    measure: Callable[[Page], float]
    at_least: float = -inf
    at_most: float = inf
    source: str = ""


@dataclass(frozen=True)
class Drop:
    """Why a page is dropped: the rule, what it measured, and the bound that was crossed."""

    rule: str
    value: float
    bound: float

    def __str__(self) -> str:
        side = "below" if self.value < self.bound else "above"
        return f"{self.rule} {self.value:.4g} {side} {self.bound:g}"


def judge(page: Page, rules: Sequence[Rule]) -> list[Drop]:
    """Every rule that a page breaks, in the order of the rules; none means keep.

    All rules are tried, so that a report can say what each would have dropped alone.
    """
    drops = []
    for rule in rules:
        value = rule.measure(page)
        if value < rule.at_least:
            drops.append(Drop(rule.name, value, rule.at_least))
        elif value > rule.at_most:
            drops.append(Drop(rule.name, value, rule.at_most))
    return drops


def n_words(page: Page) -> int:
    """Number of words; of characters in Chinese."""
    return len(page.words)


def mean_word_length(page: Page) -> float:
    """Characters a word, 0 for an empty page."""
    return float(page.word_lengths.mean()) if page.words else 0.0


def symbols_per_word(page: Page) -> float:
    """Hash signs, or ellipses, whichever are more, for each word."""
    n_ellipses = page.text.count("...") + page.text.count("…")
    return max(page.text.count("#"), n_ellipses) / max(1, len(page.words))


def bullet_lines(page: Page) -> float:
    """Share of lines that begin with a bullet."""
    return _share(line.lstrip().startswith(BULLETS) for line in page.lines)


def ellipsis_lines(page: Page) -> float:
    """Share of lines that end with an ellipsis."""
    return _share(line.rstrip().endswith(("...", "…")) for line in page.lines)


def alphabetic_words(page: Page) -> float:
    """Share of words with a letter in them; an ideograph is a letter."""
    counts = page.word_counts.items()
    n_alphabetic = sum(n for word, n in counts if word.isalpha() or any(map(str.isalpha, word)))
    return n_alphabetic / max(1, len(page.words))


def stop_words(page: Page) -> int:
    """How many different stop words of the page's language occur; English ones by default."""
    wanted = STOP_WORDS.get(page.language, STOP_WORDS["en"])
    return len(wanted & {word.lower() for word in page.word_counts})


def repeated_lines(page: Page) -> float:
    """Share of lines that were there before."""
    return _share_of_copies(page.lines, lambda line: 1)


def repeated_paragraphs(page: Page) -> float:
    """Share of paragraphs that were there before."""
    return _share_of_copies(page.paragraphs, lambda paragraph: 1)


def repeated_line_characters(page: Page) -> float:
    """Share of characters in lines that were there before."""
    return _share_of_copies(page.lines, len)


def curly_brackets(page: Page) -> float:
    """`{` and `}` for each word: code, or templates that nobody filled in."""
    return (page.text.count("{") + page.text.count("}")) / max(1, len(page.words))


def lorem_ipsum(page: Page) -> int:
    """1 where the printers' dummy text occurs."""
    return int("lorem ipsum" in page.text.lower())


def _share_of_copies(parts: list[str], size: Callable[[str], int]) -> float:
    total = sum(map(size, parts))
    return 1 - sum(map(size, set(parts))) / total if total else 0.0


def _share(claims) -> float:
    values = list(claims)
    return sum(values) / max(1, len(values))


GOPHER = "arXiv:2112.11446, A.1.1"
C4 = "arXiv:1910.10683, 2.2"
REPETITION = (
    Rule("repeated lines", repeated_lines, at_most=0.30, source=GOPHER),
    Rule("repeated paragraphs", repeated_paragraphs, at_most=0.30, source=GOPHER),
    Rule("characters in repeated lines", repeated_line_characters, at_most=0.20, source=GOPHER),
    *(
        Rule(f"top {n}-gram", partial(Page.top_gram_fraction, n=n), at_most=most, source=GOPHER)
        for n, most in ((2, 0.20), (3, 0.18), (4, 0.16))
    ),
    *(
        Rule(
            f"repeated {n}-grams",
            partial(Page.repeated_gram_fraction, n=n),
            at_most=round(0.20 - n / 100, 2),  # .15 for 5 words down to .10 for 10
            source=GOPHER,
        )
        for n in range(5, 11)
    ),
)
# What holds in any language.
SHARED = (
    Rule("symbols per word", symbols_per_word, at_most=0.1, source=GOPHER),
    Rule("bullet lines", bullet_lines, at_most=0.9, source=GOPHER),
    Rule("ellipsis lines", ellipsis_lines, at_most=0.3, source=GOPHER),
    Rule("stop words", stop_words, at_least=2, source=GOPHER),
    # C4 drops a page for one bracket, which is right for short pages, and costs us eleven plays of
    # Shakespeare for an editor's note each.
    Rule("curly brackets", curly_brackets, at_most=0.001, source="C4's, one in a thousand words"),
    Rule("lorem ipsum", lorem_ipsum, at_most=0, source=C4),
    Rule("sentences", lambda page: page.n_sentences, at_least=3, source=C4),
)
ENGLISH = (
    Rule("words", n_words, at_least=50, at_most=100_000, source=GOPHER),
    Rule("mean word length", mean_word_length, at_least=3, at_most=10, source=GOPHER),
    Rule("alphabetic words", alphabetic_words, at_least=0.8, source=GOPHER),
    *SHARED,
    *REPETITION,
)
# A word of Chinese has 1.5 characters on average, and one character in six is a sign.
CHINESE = (
    Rule("words", n_words, at_least=75, at_most=150_000, source="Gopher's, in characters"),
    Rule("alphabetic words", alphabetic_words, at_least=0.7, source="Gopher's, signs are words"),
    *SHARED,
    *REPETITION,
)


def rules_for(language: str) -> tuple[Rule, ...]:
    """The rules of a language: "zh" has its own, all others take the English ones.

    English rules on Chinese, which has no spaces, see a few words of hundreds of letters each,
    and drop every page.
    """
    return CHINESE if language == "zh" else ENGLISH
