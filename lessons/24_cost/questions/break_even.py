"""24.5 When a smaller model has paid off."""

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def break_even(n_small: float, d_small: float, n_large: float, d_large: float) -> float:
    extra = n_small * d_small - n_large * d_large
    return max(0.0, 3 * extra / (n_large - n_small))


def break_even_cases(generator):
    for _ in range(3):
        n_small = whole(generator, 1, 20) * 1e9
        yield {
            "n_small": n_small,
            "d_small": whole(generator, 40, 90) * 1e11,
            "n_large": n_small + whole(generator, 1, 9) * 1e9,
            "d_large": whole(generator, 1, 3) * 1e11,
        }
    yield {"n_small": 3, "d_small": 50, "n_large": 7, "d_large": 4}  # no whole number
    yield {"n_small": 6.74e9, "d_small": 1e12, "n_large": 10e9, "d_large": 2e11}  # LLaMA's own
    yield {"n_small": 1e9, "d_small": 2e11, "n_large": 3e9, "d_large": 2e11}  # cheaper at once
    yield {"n_small": 2e9, "d_small": 6e11, "n_large": 4e9, "d_large": 3e11}  # equal at once


BREAK_EVEN = Question(
    "cost.break_even",
    points=3,
    cases=break_even_cases,
    reference=break_even,
    equivalent_mutants={
        "return max(0.0, more_to_train / less_to_answer) -> "
        "return max(more_to_train / less_to_answer, 0.0)": "the larger of two is the same",
    },
    misconceptions=[
        Misconception(
            "same_work_a_token",
            {"2 * (n_large": "6 * (n_large"},
            says="a token of an answer takes as much work as a token of training",
            hint="Training goes forward and back; an answer needs the forward pass alone.",
        ),
        Misconception(
            "tokens_only",
            {"(n_small * d_small - n_large * d_large)": "(d_small - d_large)"},
            says="training is counted in tokens, whatever the size of the model",
            hint="How much work is a token of training, for each parameter?",
        ),
        Misconception(
            "whole_training",
            {"n_small * d_small - n_large * d_large": "n_small * d_small"},
            says="all of the small model's training is to be earned back",
            hint="The large one was trained, too: only what the small one took *more* counts.",
        ),
        Misconception(
            "small_answers_only",
            {"2 * (n_large - n_small)": "2 * n_small"},
            says="it is divided by what an answer of the small model takes",
            hint="What does each token *save*, against the large model?",
        ),
        Misconception(
            "large_answers_only",
            {"2 * (n_large - n_small)": "2 * n_large"},
            says="it is divided by what an answer of the large model takes",
            hint="What does each token *save*? The small model's answers are not free.",
        ),
        Misconception(
            "sum_of_answers",
            {"n_large - n_small": "n_large + n_small"},
            says="the work of both models' answers is added",
            hint="What does each token *save*, with the one in place of the other?",
        ),
        Misconception(
            "below_zero",
            {"max(0.0, more_to_train / less_to_answer)": "more_to_train / less_to_answer"},
            says="a number below 0 is returned where the small model is cheaper from the start",
            hint="Then it has paid off after no tokens at all.",
        ),
        Misconception(
            "signs",
            {"n_small * d_small - n_large * d_large": "n_large * d_large - n_small * d_small"},
            says="one of the two differences is turned round",
            hint="What the small one took *more* to train, by what its answers take *less*: which "
            "number is taken from which?",
        ),
        Misconception(
            "upside_down",
            {"more_to_train / less_to_answer": "less_to_answer / (more_to_train or 1)"},
            says="what is saved is divided by what it cost",
            hint="The more the training cost, the longer it takes to pay off.",
        ),
        Misconception(
            "trained_on_swapped",
            {"n_small * d_small - n_large * d_large": "n_small * d_large - n_large * d_small"},
            says="each model is trained on the other's tokens",
            hint="Which tokens belong to which model?",
        ),
        Misconception(
            "without_sign",
            {"max(0.0, more_to_train / less_to_answer)": "abs(more_to_train / less_to_answer)"},
            says="the sign is dropped where the small model is cheaper from the start",
            hint="Then it has paid off after no tokens at all. What does `abs` make of -5?",
        ),
        Misconception(
            "brackets",
            {"more_to_train / less_to_answer": "more_to_train / 2 * (n_large - n_small)"},
            says="it is divided by 2, and multiplied with the difference of the sizes",
            hint="`a / 2 * b` is `(a / 2) * b`: what is below the line needs brackets.",
        ),
    ],
)
