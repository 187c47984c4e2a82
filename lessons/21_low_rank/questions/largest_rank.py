"""21.2 The largest rank that fits."""

from llama_edu.compress.low_rank import break_even_rank
from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def largest_rank(d_out: int, d_in: int, share: float) -> int:
    return int(share * break_even_rank(d_out, d_in) + 1e-9)


def largest_rank_cases(generator):
    yield {"d_out": 6, "d_in": 3, "share": 1.0}
    yield {"d_out": 4096, "d_in": 4096, "share": 1.0}
    yield {"d_out": 1536, "d_in": 576, "share": 0.5}
    yield {"d_out": 3, "d_in": 2, "share": 0.25}  # not even one
    yield {"d_out": 8, "d_in": 5, "share": 1.0}  # just above a whole number
    yield {"d_out": 5, "d_in": 7, "share": 0.75}  # rounded twice it is less
    for share in (0.25, 0.5, 0.75, 1.0):
        d_out, d_in = whole(generator, 20, 900), whole(generator, 20, 900)
        yield {"d_out": d_out, "d_in": d_in, "share": share}


LARGEST_RANK = Question(
    "low_rank.largest_rank",
    points=1,
    cases=largest_rank_cases,
    reference=largest_rank,
    equivalent_mutants={
        "return math.floor(allowed / (d_out + d_in)) -> "
        "return math.floor(allowed // (d_out + d_in))": "// rounds down, too",
    },
    misconceptions=[
        Misconception(
            "of_the_ranks",
            {"allowed / (d_out + d_in)": "share * min(d_out, d_in)"},
            says="that is a share of the ranks, not of the numbers",
            hint="Half of the ranks may need more numbers than the whole weight. Count them.",
        ),
        Misconception(
            "rounded",
            {"math.floor(": "round("},
            says="it is rounded to the nearest, and may hold too many numbers",
            hint="At most so many are allowed.",
        ),
        Misconception(
            "rounded_up",
            {"math.floor(": "math.ceil("},
            says="it is rounded up, and holds too many numbers",
            hint="At most so many are allowed.",
        ),
        Misconception(
            "not_whole",
            {"math.floor(allowed / (d_out + d_in))": "allowed / (d_out + d_in)"},
            says="it is no whole number",
            hint="Half a rank cannot be bought.",
        ),
        Misconception(
            "left_only",
            {"(d_out + d_in)": "d_out"},
            says="only the left matrix is counted",
            hint="There are two of them, (F, r) and (r, D).",
        ),
        Misconception(
            "right_only",
            {"(d_out + d_in)": "d_in"},
            says="only the right matrix is counted",
            hint="There are two of them, (F, r) and (r, D).",
        ),
        Misconception(
            "twice_the_rows",
            {"(d_out + d_in)": "(2 * d_out)"},
            says="both matrices are taken to be as tall as the weight",
            hint="One is (F, r), the other (r, D).",
        ),
        Misconception(
            "twice_the_columns",
            {"(d_out + d_in)": "(2 * d_in)"},
            says="both matrices are taken to be as long as a row of the weight",
            hint="One is (F, r), the other (r, D).",
        ),
        Misconception(
            "values_counted",
            {"(d_out + d_in)": "(d_out + d_in + 1)"},
            says="the singular values are counted apart",
            hint="They are multiplied into one of the two matrices, and cost nothing.",
        ),
        Misconception(
            "no_share",
            {"share * d_out": "d_out"},
            says="the share is left out",
            hint="What does share = 0.5 change?",
        ),
        Misconception(
            "divided_by_share",
            {"share * d_out * d_in": "d_out * d_in / share"},
            says="it is divided by the share",
            hint="A smaller share allows fewer numbers, and so a smaller rank.",
        ),
        Misconception(
            "at_least_one",
            {"return math.floor(allowed / (d_out + d_in))":
             "return max(1, math.floor(allowed / (d_out + d_in)))"},
            says="it gives rank 1 where not even that fits",
            hint="The docstring says what the smallest answer is.",
        ),
        Misconception(
            "strictly_fewer",
            {"math.floor(allowed / (d_out + d_in))": "math.ceil(allowed / (d_out + d_in)) - 1"},
            says="exactly as many numbers as allowed count as too many",
            hint="*At most* so many: look at the example in the docstring.",
        ),
        Misconception(
            "rounded_first",
            {"allowed / (d_out + d_in)": "share * (d_out * d_in // (d_out + d_in))"},
            says="the break-even rank is rounded down before the share is taken",
            hint="Count the numbers that are allowed first, and round once, at the end.",
        ),
        Misconception(
            "square_counted",
            {"allowed / (d_out + d_in)":
             "(math.sqrt((d_out + d_in) ** 2 + 4 * allowed) - d_out - d_in) / 2"},
            says="a third matrix, (r, r), is counted",
            hint="The singular values are multiplied into one of the two matrices.",
        ),
        Misconception(
            "share_saved",
            {"share * d_out": "(1 - share) * d_out"},
            says="the share is taken for the part that is to be saved",
            hint="share = 1 allows as many numbers as the weight has.",
        ),
        Misconception(
            "counted_twice",
            {"(d_out + d_in)": "(2 * (d_out + d_in))"},
            says="each rank is counted twice",
            hint="One rank costs one column of F numbers and one row of D.",
        ),
    ],
)  # fmt: skip
