"""15.2 Windows with a stride."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def windows(n_tokens: int, window: int, stride: int) -> list[tuple[int, int, int]]:
    cuts, start, new = [], 0, 1
    while new < n_tokens:
        end = min(start + window + 1, n_tokens)
        cuts.append((start, new, end))
        start, new = start + stride, end
    return cuts


def windows_cases(generator):
    yield {"n_tokens": 10, "window": 4, "stride": 2}
    yield {"n_tokens": whole(generator, 9, 12), "window": 3, "stride": 3}
    yield {"n_tokens": 2, "window": whole(generator, 1, 6), "stride": 1}
    yield {"n_tokens": whole(generator, 4, 6), "window": 9, "stride": whole(generator, 3, 8)}
    yield {"n_tokens": 9, "window": 4, "stride": 4}  # the windows just fill the text
    yield {"n_tokens": whole(generator, 13, 17), "window": 6, "stride": 5}
    yield {"n_tokens": 8, "window": 7, "stride": 2}  # one window is enough
    yield {"n_tokens": whole(generator, 5, 7), "window": 1, "stride": 1}
    yield {"n_tokens": whole(generator, 9, 10), "window": 5, "stride": 1}


def from_the_overlap(n_tokens: int, window: int, stride: int):
    cuts = []
    for start in range(0, n_tokens, stride):
        end = min(start + window + 1, n_tokens)
        cuts.append((start, start + window - stride if cuts else 1, end))
        if end == n_tokens:
            break
    return cuts


WINDOWS = Question(
    "evaluation.windows",
    points=3,
    cases=windows_cases,
    reference=windows,
    equivalent_mutants={
        "end = min(start + window + 1, n_tokens) -> end = min(n_tokens, start + window + 1)": (
            "the smaller of two, in either order"
        ),
    },
    misconceptions=[
        Misconception(
            "counted_again",
            {"(start, new, end)": "(start, start + 1, end)"},
            says="each window counts all the tokens that it can predict",
            hint="Where windows overlap, a token is counted twice. Which tokens has no window "
            "before this one predicted?",
        ),
        Misconception(
            "one_too_short",
            {"window + 1": "window"},
            says="the last token that a window predicts is left out",
            hint="A window reads `window` tokens from start on. Behind the last of them it "
            "predicts one more.",
        ),
        Misconception(
            "one_too_long",
            {"window + 1": "window + 2"},
            says="each window counts a token more than it can predict",
            hint="The last token read is start + window - 1: the last predicted is the next one.",
        ),
        Misconception(
            "past_the_end",
            {"min(start + window + 1, n_tokens)": "start + window + 1"},
            says="the last window reaches past the text",
            hint="The text has n_tokens tokens: no `end` is larger.",
        ),
        Misconception(
            "end_included",
            {"(start, new, end)": "(start, new, end - 1)"},
            says="`end` is the last token counted",
            hint="As in Python's range, `end` itself is not counted.",
        ),
        Misconception(
            "first_predicted",
            {"start, new = [], 0, 1": "start, new = [], 0, 0"},
            says="token 0 is counted",
            hint="Nothing stands before token 0, so nothing predicts it.",
        ),
        Misconception(
            "steps_of_a_window",
            {"start += stride": "start += window"},
            says="windows begin a whole window apart, whatever the stride is",
            hint="The stride says how far apart windows begin; they may overlap.",
        ),
        Misconception(
            "begins_at_the_new",
            {"start += stride": "start = end"},
            says="the next window begins where the last one ended",
            hint="Then the first token of each window is predicted by nobody. Windows begin at 0, "
            "stride, 2 * stride, ...",
        ),
        Misconception(
            "does_not_stop",
            {"new < n_tokens": "start < n_tokens"},
            says="windows go on after the last token is counted",
            hint="Some windows of yours count nothing, or what is counted already. Stop once "
            "`end` has reached n_tokens.",
        ),
        Misconception(
            "border_counted_twice",
            from_the_overlap,
            says="the last token of each window is counted by the next one as well",
            hint="`end` is not counted by the window that ends there. Where does the next begin to "
            "count?",
        ),
        Misconception(
            "stops_early",
            {"new < n_tokens": "start + window < n_tokens"},
            says="a last window that is not full is left out",
            hint="Every token but the first is counted, those at the end of the text too.",
        ),
        Misconception(
            "moved_back",
            {"(start, new, end)": "(max(0, end - window - 1), new, end)"},
            says="the last window is moved back so that it is full",
            hint="So does the package. Here windows begin at 0, stride, 2 * stride, ... alone.",
        ),
        Misconception(
            "new_within_the_window",
            {"(start, new, end)": "(start, new - start, end)"},
            says="`new` is counted from the start of the window",
            hint="All three numbers are places in the whole text.",
        ),
        Misconception(
            "how_many_new",
            {"(start, new, end)": "(start, end - new, end)"},
            says="the second number is how many tokens are counted",
            hint="It is *where* counting begins, a place in the text.",
        ),
    ],
)
