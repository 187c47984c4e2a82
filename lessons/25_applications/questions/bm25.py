"""25.1 BM25."""

from llama_edu.assistant import BM25
from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question

WORDS = ("ada", "ben", "gave", "has", "key", "lamp", "mill", "old", "the", "to")


def bm25(query: list[str], passages: list[list[str]], k1: float, b: float) -> list[float]:
    return BM25([" ".join(passage) for passage in passages], k1, b).scores(" ".join(query))


def bm25_cases(generator):
    def text(n: int) -> list[str]:
        return [WORDS[whole(generator, 0, len(WORDS) - 1)] for _ in range(n)]

    first, second, third = (WORDS[i - 1] for i in pick(generator, 3, high=len(WORDS)))
    yield {"query": [first], "passages": [[first, second], [third]], "k1": 1.0, "b": 0.0}
    yield {
        "query": [first, second],
        "passages": [[first, first, third], [second], [third, second, third, third]],
        "k1": 1.5,
        "b": 0.75,
    }
    yield {
        "query": [second, first, second, "now"],
        "passages": [
            *([*text(n), second] for n in pick(generator, 4, high=7)),
            [first] * 3 + ["nowhere"],
        ],
        "k1": whole(generator, 5, 30) / 10,
        "b": whole(generator, 1, 4) / 10,
    }
    yield {
        "query": text(5),
        "passages": [text(whole(generator, 1, 12)) for _ in range(6)],
        "k1": whole(generator, 5, 30) / 10,
        "b": 1.0,
    }


IDF = "math.log(1 + (n_passages - n_holding + 0.5) / (n_holding + 0.5))"
PART = "idf * f * (k1 + 1)"

BM25_SCORES = Question(
    "applications.bm25",
    points=3,
    cases=bm25_cases,
    reference=bm25,
    misconceptions=[
        Misconception(
            "no_idf",
            {"idf * f": "f"},
            says="common words count as much as rare ones",
            hint="Which factor of the formula looks at how many passages hold the word?",
        ),
        Misconception(
            "frequency_times_idf",
            {f"{PART} / (f + k1 * length)": "idf * f"},
            says="each word adds idf times f, with nothing of k1 and b",
            hint="That is TF-IDF: a word that stands there ten times would count ten times.",
        ),
        Misconception(
            "idf_without_one",
            {"math.log(1 + (": "math.log(("},
            says="the logarithm is taken without the 1 in it",
            hint="A word that most passages hold would then count against them. What keeps the "
            "logarithm above 0?",
        ),
        Misconception(
            "plain_idf",
            {IDF: "math.log(n_passages / max(n_holding, 1))"},
            says="the weight of a word is ln(N / N_w)",
            hint="That is the idf of TF-IDF. BM25 compares the passages that lack the word with "
            "those that hold it.",
        ),
        Misconception(
            "other_logarithm",
            {"math.log(": "math.log10("},
            says="the logarithm is that to the base 10",
            hint="ln is the natural logarithm: which function of `math` is that?",
        ),
        Misconception(
            "each_time_it_stands",
            {"sum(word in p for p in passages)": "sum(p.count(word) for p in passages)"},
            says="N_w counts how often the word stands in all passages together",
            hint="N_w counts passages: one that has the word twice counts once.",
        ),
        Misconception(
            "counted_once",
            {"passage.count(word)": "int(word in passage)"},
            says="a word that stands twice in a passage counts as once",
            hint="f says how often the word stands there.",
        ),
        Misconception(
            "scores_added_up",
            {"score = 0.0\n": "score = scores[-1] if scores else 0.0\n"},
            says="the score of a passage goes on from that of the one before",
            hint="Each passage is scored by itself: where does its sum begin?",
        ),
        Misconception(
            "parts_of_words",
            {"passage.count(word)": "' '.join(passage).count(word)"},
            says="a word is also counted where it is a part of another",
            hint="`now` stands in `nowhere`, but it is another word: "
            "count in the list, not in one text.",
        ),
        Misconception(
            "query_as_a_set",
            {"for word in query": "for word in sorted(set(query))"},
            says="a word that the query has twice counts once",
            hint="Each word of the query adds its part, a repeated one again.",
        ),
        Misconception(
            "length_ignored",
            {" * length)": ")"},
            says="long passages are not held back",
            hint="In the denominator k1 has a factor. What is in it?",
        ),
        Misconception(
            "k1_not_in_the_numerator",
            {" * (k1 + 1)": ""},
            says="the numerator is f alone",
            hint="By what is f multiplied above the line?",
        ),
        Misconception(
            "numerator_k1",
            {"(k1 + 1)": "k1"},
            says="the numerator has k1 in place of k1 + 1",
            hint="Look at the numerator once more: something is added there.",
        ),
        Misconception(
            "b_the_other_way",
            {"1 - b + b * len(passage) / mean": "b + (1 - b) * len(passage) / mean"},
            says="b and 1 - b have changed places",
            hint="With b = 0 the length must not matter at all.",
        ),
        Misconception(
            "mean_over_length",
            {"len(passage) / mean": "mean / len(passage)"},
            says="the mean length is divided by the passage's, so short passages are held back",
            hint="A long passage must get a larger denominator. What must stand on top?",
        ),
        Misconception(
            "logarithm_without_parentheses",
            {IDF: "math.log(1 + n_passages - n_holding + 0.5 / (n_holding + 0.5))"},
            says="in the idf, 0.5 alone is divided by N_w + 0.5",
            hint="The whole upper line is divided. Python needs parentheses round it.",
        ),
        Misconception(
            "k1_times_a_part",
            {"k1 * length)": "k1 * (1 - b) + b * len(passage) / mean)"},
            says="k1 is multiplied by 1 - b alone, not by all that stands in the parentheses",
            hint="1 - b + b n / mean is one factor: put it in parentheses.",
        ),
    ],
)
