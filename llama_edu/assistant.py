"""What an assistant has beside its model: passages that are found, sums that are worked out."""

import ast
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Sequence

Number = int | float
LONGEST = 200  # characters of an expression
ALLOWED: dict[type, Callable] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip


def words_of(text: str) -> list[str]:
    """Runs of letters and digits, in small letters: `"Who has it?"` -> who, has, it."""
    return re.findall(r"\w+", text.lower())


class BM25:
    """Scores how well each passage fits a query, by the words that they share.

    sum over the query's words w of idf(w) · f (k1 + 1) / (f + k1 (1 - b + b n / mean n)), where f
    counts w in the passage, n the words of the passage, and
    idf(w) = ln(1 + (N - N_w + 0.5) / (N_w + 0.5)) with N_w of N passages that hold w.

    Args:
        passages: texts.
        k1: how much more a word counts that stands there again; 0 counts it once.
        b: how far long passages are held back, from 0 (not) to 1.

    Raises:
        ValueError: if there are no passages, k1 is negative or b not in [0, 1].

    Source: Robertson and Zaragoza (2009), doi:10.1561/1500000019, sec. 3.4; the 1 + in idf, which
    keeps it positive, is Lucene's.
    """

    def __init__(self, passages: Sequence[str], k1: float = 1.5, b: float = 0.75):
        if isinstance(passages, str) or not passages:
            raise ValueError("passages must be a list of at least one text")
        if not (k1 >= 0 and 0 <= b <= 1):
            raise ValueError(f"k1 must be at least 0 and b in [0, 1], got k1={k1}, b={b}")
        self.counts = [Counter(words_of(passage)) for passage in passages]
        lengths = [counts.total() for counts in self.counts]
        mean = sum(lengths) / len(lengths) or 1.0
        self.k1 = k1
        self.scale = [k1 * (1 - b + b * length / mean) for length in lengths]
        self.n_holding = Counter(word for counts in self.counts for word in counts)

    def idf(self, word: str) -> float:
        """The weight of a word: rare ones count more."""
        n_holding = self.n_holding[word]
        return math.log(1 + (len(self.counts) - n_holding + 0.5) / (n_holding + 0.5))

    def scores(self, query: str) -> list[float]:
        """The score of each passage."""
        found = [(word, self.idf(word) * (self.k1 + 1)) for word in words_of(query)]
        return [
            sum((idf * n / (n + scale) for word, idf in found if (n := counts[word])), 0.0)
            for counts, scale in zip(self.counts, self.scale, strict=True)
        ]

    def top(self, query: str, k: int) -> list[int]:
        """Places of the `k` best passages, the best first, and of equals the earlier."""
        scores = self.scores(query)
        return sorted(range(len(scores)), key=lambda i: -scores[i])[:k]


def fill_budget(lengths: Sequence[int], budget: int) -> list[int]:
    """Places of the passages that go into a prompt, in their order.

    Each is taken, the first before all others, if it still fits: one that is too long is passed
    over, and shorter ones after it may yet be taken.

    fill_budget([5, 4, 3, 1], budget=9) -> [0, 1]

    Args:
        lengths: of the passages in tokens, the best first.
        budget: tokens that all of them may have together.
    """
    taken, left = [], budget
    for i, length in enumerate(lengths):
        if length <= left:
            taken.append(i)
            left -= length
    return taken


def find_call(text: str, name: str = "CALC") -> str:
    """What stands in the parentheses of the first call in a text; "" if none is there and closed.

    find_call("So: CALC((2 + 3) * 4).") -> "(2 + 3) * 4"
    """
    start = text.find(f"{name}(")
    if start < 0:
        return ""
    start, depth = start + len(name) + 1, 1
    for end in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return text[start:end]
    return ""


def calculate(expression: str) -> Number:
    """The value of a sum that somebody else wrote, and nothing but a sum is worked out.

    calculate("(2 + 3) * 4") -> 20

    Args:
        expression: numbers, + - * / and parentheses; no powers, since few digits of them would
            keep a machine busy for hours.

    Raises:
        ValueError: if it is anything else, too long, or has no finite value.
    """
    if not isinstance(expression, str) or len(expression) > LONGEST:
        raise ValueError(f"expression must be a text of at most {LONGEST} characters")
    try:
        value = _value(ast.parse(expression.strip(), mode="eval").body)
    except (SyntaxError, ZeroDivisionError, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(f"{expression!r} cannot be worked out: {type(error).__name__}") from None
    if not math.isfinite(value):
        raise ValueError(f"{expression!r} has no finite value")
    return value


def _value(node: ast.expr) -> Number:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value
    if isinstance(node, ast.BinOp | ast.UnaryOp) and type(node.op) in ALLOWED:
        if isinstance(node, ast.UnaryOp):
            return ALLOWED[type(node.op)](_value(node.operand))
        return ALLOWED[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError(f"{ast.unparse(node)[:60]!r} is no number, sum or product")
