"""Exceptions that learners meet, really raised: each brings the hint that a teacher would give."""

import math

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.crashes import CRASHES, crash_hint
from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import Misconception, Question

B, H, G, T, S, D = 2, 6, 3, 5, 7, 4
SHAPES = {"q": (B, H, T, D), "k": (B, H, S, D), "v": (B, G, S, D), "x": (2, 3)}


def cases(generator):
    yield {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()} | {
        "mask": torch.ones(2, 3, dtype=torch.int)
    }


QUESTION = Question(
    "toy.crash",
    points=1,
    cases=cases,
    reference=lambda q, k, v, x, mask: x,
    misconceptions=[
        Misconception("known", lambda q, k, v, x, mask: x.no_such_thing, "it is known", "Mine.")
    ],
)


@pytest.mark.filterwarnings("ignore:The use of")  # of `.T` on four dimensions
@pytest.mark.parametrize("answer, words", [
    (lambda q, k, v, x, mask: no_such_name + x, "has that cell been run"),  # noqa: F821
    (lambda q, k, v, x, mask: [1, 2].pop(2), "an empty list has no place"),
    (lambda q, k, v, x, mask: [1] & [1], "sets do"),
    (lambda q, k, v, x, mask: {1} - [1], "sets do"),
    (lambda q, k, v, x, mask: [1] - 1, "Print both"),
    (lambda q, k, v, x, mask: (x,) * mask, "gives a tuple even of one"),
    (lambda q, k, v, x, mask: [].pop(), "an empty list has no place"),
    (lambda q, k, v, x, mask: [1, 2].__setitem__(2, x), "an empty list has no place"),
    (lambda q, k, v, x, mask: [d.pop(k) for d in [{1: 2}, {3: 4}] for k in d], "`list(...)` of"),
    (lambda q, k, v, x, mask: max([(1, 2)], key=lambda pair: -pair), "`(-pair[0], -pair[1])`"),
    (lambda q, k, v, x, mask: torch.ones(1, 1, 4) & torch.ones(4).bool(), "combine truth values"),
    (lambda q, k, v, x, mask: x[torch.ones(1, 9).bool()], "the first dimensions of what it picks"),
    (lambda q, k, v, x, mask: torch.tensor([[1, 2], [3]]), "no ragged edge"),
    (lambda q, k, v, x, mask: x - x.max(1), "take `.values`"),
    (lambda q, k, v, x, mask: x[0, torch.tensor([-100])], "does not count"),
    (lambda q, k, v, x, mask: x.gather(1, torch.full((2, 1), -100)), "does not count"),
    (lambda q, k, v, x, mask: F.cross_entropy(x, torch.tensor([-100, 1]), ignore_index=0),
     "does not count"),
    (lambda q, k, v, x, mask: {"name": 1}.name, "stands in brackets"),
    (lambda q, k, v, x, mask: x.max(1).exp(), "take `.values`"),
    (lambda q, k, v, x, mask: torch.exp(x.max(1)), "take `.values`"),
    (lambda q, k, v, x, mask: q @ k.T, "`.T` turns round all the dimensions"),
    (lambda q, k, v, x, mask: q[:1, :1] @ k[:1, :1].T, "`.T` turns round all the dimensions"),
    (lambda q, k, v, x, mask: q @ k.t(), "`.T` turns round all the dimensions"),
    (lambda q, k, v, x, mask: q.transpose(1, 2).view(B, T, H * D), "`reshape` and `flatten` copy"),
    (lambda q, k, v, x, mask: q @ k, "the last dimension of a must be as long"),
    (lambda q, k, v, x, mask: q[0, 0] @ k[0, 0], "the last dimension of a must be as long"),
    (lambda q, k, v, x, mask: x.T @ x.T, "the last dimension of a must be as long"),
    (lambda q, k, v, x, mask: x @ x[0, :2], "the last dimension of a must be as long"),
    (lambda q, k, v, x, mask: (q @ k.mT) @ v, "has one side fewer heads"),
    (lambda q, k, v, x, mask: torch.matmul(q, v.mT), "has one side fewer heads"),
    (lambda q, k, v, x, mask: (q @ k.mT).masked_fill(torch.ones(S, T).bool(), 0), "lines up with"),
    (lambda q, k, v, x, mask: torch.where(torch.ones(S, T).bool(), q @ k.mT, 0), "lines up with"),
    (lambda q, k, v, x, mask: (q @ v.mT).masked_fill(torch.ones(T, S).bool(), 0), "fewer heads"),
    (lambda q, k, v, x, mask: q @ k.mT + torch.ones(S, T), "lined up from"),
    (lambda q, k, v, x, mask: q * k.mT, "each row by each column"),
    (lambda q, k, v, x, mask: (q * k).sum(-1), "each row by each column"),
    (lambda q, k, v, x, mask: q @ k.repeat_interleave(2).mT, "one flat row"),
    (lambda q, k, v, x, mask: q @ k.repeat_interleave(2).transpose(-2, -1), "without `dim` taken"),
    (lambda q, k, v, x, mask: torch.tril(T, S), "begin with `torch.ones(...)`"),
    (lambda q, k, v, x, mask: x - x.amax(1) ** 2, "unless `keepdim=True`"),
    (lambda q, k, v, x, mask: x - x.amax(1), "unless `keepdim=True`"),
    (lambda q, k, v, x, mask: 2 * (x - x.amax(1)), "unless `keepdim=True`"),
    (lambda q, k, v, x, mask: torch.arange(5) <= torch.arange(2), "`x[:, None]` makes a column"),
    (lambda q, k, v, x, mask: torch.bmm(q, k.mT), "`@` takes any number"),
    (lambda q, k, v, x, mask: torch.mm(q, k.mT), "`@` takes any number"),
    (lambda q, k, v, x, mask: x.masked_fill(mask, 0), "make it boolean first"),
    (lambda q, k, v, x, mask: x.masked_fill(~mask, 0), "`~` gives -2 and -1"),
    (lambda q, k, v, x, mask: x.masked_fill(~torch.ones(2, 3).tril(), 0), "make it boolean first"),
    (lambda q, k, v, x, mask: torch.where(mask, x, 0.0), "make it boolean first"),
    (lambda q, k, v, x, mask: x[mask.float()], "whole numbers (`.long()`)"),
    (lambda q, k, v, x, mask: x.masked_fill(not mask, 0), "there are `&`, `|`"),
    (lambda q, k, v, x, mask: x.view(2, 6 / 2), "`//` divides to one"),
    (lambda q, k, v, x, mask: v.repeat_interleave(H / G, 1), "`//` divides to one"),
    (lambda q, k, v, x, mask: x.tril(3.0), "`//` divides to one"),
    (lambda q, k, v, x, mask: list(range(6 / 2)), "`//` divides to one"),
    (lambda q, k, v, x, mask: x / torch.sqrt(x.shape[-1]), "A lone number has `math`"),
    (lambda q, k, v, x, mask: math.exp(x), "methods of its own"),
    (lambda q, k, v, x, mask: q / math.sqrt(q[-1]), "is `.shape[-1]`"),
    (lambda q, k, v, x, mask: q.shape[-1] * math.sqrt(x), "methods of its own"),
    (lambda q, k, v, x, mask: x.item(), "methods of its own"),
    (lambda q, k, v, x, mask: mask.softmax(-1), "this needs floats"),
    (lambda q, k, v, x, mask: mask.mean(), "this needs floats"),
    (lambda q, k, v, x, mask: x @ x.mT.double(), "one dtype"),
    (lambda q, k, v, x, mask: x.view(4, 2), "the product of the sizes stays"),
    (lambda q, k, v, x, mask: x.sum(2), "fewer dimensions than that"),
    (lambda q, k, v, x, mask: x[0, 0, 0], "fewer dimensions than that"),
    (lambda q, k, v, x, mask: q.permute(0, 2), "`permute` all of them"),
    (lambda q, k, v, x, mask: q.transpose(1), "the two dimensions that change places"),
    (lambda q, k, v, x, mask: q.shape(-1), "without parentheses"),
    (lambda q, k, v, x, mask: x.mT() @ x, "`.T` and `.mT` have none"),
    (lambda q, k, v, x, mask: x / x.sum, "parentheses `()` missing"),
    (lambda q, k, v, x, mask: q.size[-1], "parentheses `()` missing"),
    (lambda q, k, v, x, mask: x + print(end=""), "Something there is None"),
    (lambda q, k, v, x, mask: x.requires_grad_().grad.sum(), "`.grad` is None until"),
    (lambda q, k, v, x, mask: {}.get("a")[0], "`.get` gives None for a key"),
    (lambda q, k, v, x, mask: {}["a"], "ask with `in`"),
    (lambda q, k, v, x, mask: add_up("a"), "begin at 0"),
    (lambda q, k, v, x, mask: add_other("a"), "how do they differ"),
    (lambda q, k, v, x, mask: list(5), "Print it: is it a count"),
    (lambda q, k, v, x, mask: last([]), "begin it before"),
    (lambda q, k, v, x, mask: [1, 2][2], "The last place of n items is n - 1"),
    (lambda q, k, v, x, mask: min([]), "Nothing is left to choose from"),
    (lambda q, k, v, x, mask: max([], key=len), "Nothing is left to choose from"),
    (lambda q, k, v, x, mask: {[1]: 2}, "`tuple(...)` makes one"),
    (lambda q, k, v, x, mask: 1 / len([]), "What it divides by is 0"),
    (lambda q, k, v, x, mask: [].extend(1), "`append` adds one item"),
    (lambda q, k, v, x, mask: [a for a, b in {"abc": 1}], "`.items()` keys and values"),
    (lambda q, k, v, x, mask: [a for i, a, b in enumerate([(1, 2)])], "`for i, (a, b) in enum"),
    (lambda q, k, v, x, mask: [1, 2][: 2 / 2], "`//` divides to one"),
    (lambda q, k, v, x, mask: [].append(1, 2), "as one tuple"),
    (lambda q, k, v, x, mask: "中".encode("latin-1"), "UTF-8 all"),
    (lambda q, k, v, x, mask: bytes([256]), "take a list"),
    (lambda q, k, v, x, mask: bytearray(b"a").append(256), "take a list"),
    (lambda q, k, v, x, mask: [1].index(2), "`index` and `remove` raise"),
    (lambda q, k, v, x, mask: [1].remove(2), "`index` and `remove` raise"),
    (lambda q, k, v, x, mask: "a".index("b"), "`index` and `remove` raise"),
    (lambda q, k, v, x, mask: setitem("ab", 0, "c"), "cannot be changed"),
    (lambda q, k, v, x, mask: setitem((1, 2), 0, 3), "cannot be changed"),
    (lambda q, k, v, x, mask: zip([1], [2], strict=True)[0], "neither places nor a length: `list"),
    (lambda q, k, v, x, mask: len(map(str, [1])), "neither places nor a length: `list"),
    (lambda q, k, v, x, mask: len(5), "A lone number has"),
    (lambda q, k, v, x, mask: {1, 2}.items(), "without a colon"),
    (lambda q, k, v, x, mask: ["a"].encode(), "one at a time"),
    (lambda q, k, v, x, mask: moved({1: 2}), "must not grow or shrink"),
    (lambda q, k, v, x, mask: "".join([1]), "`join` takes strings alone"),
    (lambda q, k, v, x, mask: sorted([1, "a"]), "like can be compared with like"),
    (lambda q, k, v, x, mask: 1 + b"a", "do not go together"),
    (lambda q, k, v, x, mask: "a" + 1, "do not go together"),
    (lambda q, k, v, x, mask: (1,) + [2], "do not go together"),
    (lambda q, k, v, x, mask: rolled(), "`import math`"),
    (lambda q, k, v, x, mask: k.repeat_interleave(2).shape[1], "lost a dimension on the way"),
    (lambda q, k, v, x, mask: x.sum().size()[0], "lost a dimension on the way"),
    (lambda q, k, v, x, mask: unpacked(q), "one size for each dimension"),
    (lambda q, k, v, x, mask: halves(x[:1]), "`dim` names another one"),
    (lambda q, k, v, x, mask: asked({"b": x}), "how do they differ"),
    (lambda q, k, v, x, mask: torch.cat([q, k]), "which dimension is to grow"),
    (lambda q, k, v, x, mask: torch.cat([q, x]), "which dimension is to grow"),
    (lambda q, k, v, x, mask: torch.stack([q, k]), "`cat` joins"),
    (lambda q, k, v, x, mask: torch.zeros(T, D).copy_(x), "a column of a row"),
    (lambda q, k, v, x, mask: shifted_in_place(x[:1]), "`x.clone()`"),
    (lambda q, k, v, x, mask: torch.max(0, x), "`x.clamp(min=...)`"),
    (lambda q, k, v, x, mask: torch.maximum(x, 0), "`x.clamp(min=...)`"),
    (lambda q, k, v, x, mask: F.cross_entropy(q[:, :, 0], mask.long()), "one target for each row"),
    (lambda q, k, v, x, mask: F.cross_entropy(x, mask[0].long()), "one target for each row"),
    (lambda q, k, v, x, mask: q * 1 + product(q, k), "print the shapes of what is handed over"),
    (lambda q, k, v, x, mask: x @ x.T + q, "lined up from the right"),
    (lambda q, k, v, x, mask: (lambda w: x @ w["w"].T + q)({"w": x}), "lined up from the right"),
    (lambda q, k, v, x, mask: turned({"w": x, "q": q}, k), "`.T` turns round all the dimensions"),
    (lambda q, k, v, x, mask: q @ (k * 1).T, "`.T` turns round all the dimensions"),
])  # fmt: skip
def test_what_is_raised_brings_its_hint(answer, words):
    verdict = diagnose(QUESTION, answer)
    assert verdict.kind == "error"
    assert words in verdict.hint, verdict.sentence


def test_the_hint_of_a_misconception_comes_first():
    assert diagnose(QUESTION, lambda q, k, v, x, mask: x.no_such_thing).hint == "Mine."


def moved(counts):
    for key in counts:
        counts[-key] = counts.pop(key)


def last(items):
    for item in items:
        found = item
    return found


def setitem(items, place, item):
    items[place] = item


def rolled():
    return random.random()  # noqa: F821


def unpacked(q):
    n_texts, n_tokens, width = q.shape
    return q.view(n_texts, n_tokens * width)


def halves(x):
    a, b = x.chunk(2)
    return torch.cat((b, a))


def asked(tensors):
    return tensors["a"]


def shifted_in_place(x):
    x[:, 1:] = x[:, :-1]
    return x


def product(q, k):
    return q @ k


def turned(tensors, k):
    return tensors["q"] @ k.mT + tensors["q"].T


def add_up(word):
    counts = {}
    counts[word] += 1
    return counts


def add_other(word):
    counts, others = {word: 0}, {}
    counts[word] += others[word]
    return counts


@pytest.mark.parametrize("error", [
    ValueError("something else"), RuntimeError(), TypeError("only one element"),
])  # fmt: skip
def test_an_unknown_exception_brings_none(error):
    assert crash_hint(error, "x @ y") == ""


def test_hints_are_sentences_and_no_two_alike():
    hints = [crash.hint for crash in CRASHES]
    assert len(set(hints)) == len(hints)
    assert all(hint.endswith((".", "?")) for hint in hints)


@pytest.mark.parametrize(
    "answer", [lambda x: (x / x.norm(dim=1)).T, lambda x: x @ (x / x.norm(dim=1)).T]
)
def test_where_there_are_matrices_alone_nothing_is_said_of_more_dimensions(answer):
    question = Question(
        "toy.flat",
        points=1,
        cases=lambda generator: iter([{"x": torch.randn(2, 3, generator=generator)}]),
        reference=lambda x: x,
        misconceptions=[],
    )
    assert "unless `keepdim=True`" in diagnose(question, answer).hint
