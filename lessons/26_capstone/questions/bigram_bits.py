"""26.3 A bigram model of bytes."""

import math

from torch import Generator

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def bigram_bits(training: str, held_out: str, k: float) -> float:
    seen, new = training.encode(), held_out.encode()
    p = 1 / 256
    total = math.log2(p)
    for t in range(1, len(new)):
        after = [seen[i + 1] for i in range(len(seen) - 1) if seen[i] == new[t - 1]]
        total += math.log2((after.count(new[t]) + k) / (len(after) + 256 * k))
    return -total / len(new)


def bigram_bits_cases(generator: Generator):
    yield {"training": "abab", "held_out": "ab", "k": 0.5}
    yield {"training": "to be or not", "held_out": "x", "k": 1.0}  # nothing but a first byte
    yield {"training": "aab", "held_out": "baa", "k": 0.25}  # b is the last: nothing follows it
    yield {"training": "aaaab", "held_out": "aaab", "k": 0.5}  # pairs overlap
    yield {"training": "né, né, né", "held_out": "é né", "k": 0.1}
    n = whole(generator, 3, 6)
    yield {"training": n * "She sees the sea. ", "held_out": "the seas", "k": 0.01}
    yield {"training": "abcabd" * n, "held_out": "abdabc" * n, "k": 1.0}
    yield {"training": "天地玄黃天地", "held_out": "天玄", "k": 0.5}


P, BITS = "(n_pairs[a, b] + k) / (n_first[a] + 256 * k)", "math.log2(p)"

BIGRAM_BITS = Question(
    "capstone.bigram_bits",
    points=3,
    cases=bigram_bits_cases,
    reference=bigram_bits,
    rtol=1e-7,
    misconceptions=[
        Misconception(
            "characters",
            {"training.encode(), held_out.encode()": "training, held_out"},
            says="characters are counted and predicted, not bytes",
            hint="In UTF-8 an é is two bytes and 天 is three. Which method gives the bytes?",
        ),
        Misconception(
            "per_character",
            {"bits / len(new)": "bits / len(held_out)"},
            says="the bits are divided by the number of characters",
            hint="Bits for each *byte* are asked for.",
        ),
        Misconception(
            "last_byte_counted",
            {"Counter(seen[:-1])": "Counter(seen)"},
            says="the last byte of the training text is counted as one that is followed",
            hint="n(a) counts how often *any byte follows* a. Does one follow the last?",
        ),
        Misconception(
            "first_free",
            {"bits = 8.0": "bits = 0.0"},
            says="the first byte of the held-out text costs nothing",
            hint="Somebody who has to write the text down needs its first byte as well.",
        ),
        Misconception(
            "first_left_out",
            {"bits = 8.0": "bits = 0.0", "bits / len(new)": "bits / max(len(new) - 1, 1)"},
            says="the first byte takes no part, neither in the sum nor in the number",
            hint="All 256 bytes are equally likely there: what does it cost?",
        ),
        Misconception(
            "first_by_itself",
            {"bits = 8.0": (
                "bits = -math.log2((Counter(seen)[new[0]] + k) / (len(seen) + 256 * k))"
            )},
            says="the first byte is predicted by how often it stands in the training text",
            hint="That is wise, but the task says: all 256 are equally likely.",
        ),
        Misconception(
            "nats",
            {BITS: "math.log(p)"},
            says="the loss is in nats",
            hint="Bits are logarithms to the base 2.",
        ),
        Misconception(
            "sum",
            {"bits / len(new)": "bits"},
            says="the bits of the whole text are returned",
            hint="For *each* byte: what is left to do?",
        ),
        Misconception(
            "add_one",
            {P: "(n_pairs[a, b] + 1) / (n_first[a] + 256)"},
            says="1 is added to each pair, not k",
            hint="That is k = 1. How much is to be added is an argument.",
        ),
        Misconception(
            "k_once_below",
            {"256 * k": "k"},
            says="below the line k is added once",
            hint="The probabilities of the 256 bytes must sum to 1. How many k were added above?",
        ),
        Misconception(
            "seen_bytes_only",
            {"256 * k": "len(set(seen)) * k"},
            says="only bytes that came in training share the probability",
            hint="A held-out text may hold a byte that never came: there are 256.",
        ),
        Misconception(
            "pairs_among_all",
            {"n_first[a]": "(len(seen) - 1)"},
            says="a pair is counted among all pairs, not among those that begin with a",
            hint="P(b | a) asks: of the times that a came, how often did b follow?",
        ),
        Misconception(
            "no_context",
            {P: "(Counter(seen)[b] + k) / (len(seen) + 256 * k)"},
            says="each byte is predicted by its own frequency, whatever stands before it",
            hint="That is a unigram model. What does it know of a?",
        ),
        Misconception(
            "pair_turned",
            {"n_pairs[a, b]": "n_pairs[b, a]"},
            says="the pair is looked up the wrong way round",
            hint="a comes first in the text, then b.",
        ),
        Misconception(
            "counted_in_held_out",
            {"seen, new = training.encode(), held_out.encode()": (
                "seen = new = held_out.encode()"
            )},
            says="the counting is done in the held-out text itself",
            hint="A model that has read the test proves nothing.",
        ),
        Misconception(
            "counted_in_both",
            {"seen, new = training.encode(), held_out.encode()": (
                "seen, new = (training + held_out).encode(), held_out.encode()"
            )},
            says="the held-out text is counted as well",
            hint="A model that has read the test proves nothing.",
        ),
        Misconception(
            "overlaps_lost",
            {"n_pairs[a, b]": "seen.count(bytes([a, b]))"},
            says="pairs are counted that do not overlap",
            hint="`count` goes on behind what it found: how many pairs has aaa?",
        ),
    ],
)  # fmt: skip
