"""20.6 pass@k."""

from itertools import combinations

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def pass_at_k(n: int, n_right: int, k: int) -> float:
    choices = [*combinations(range(n), k)]
    return sum(any(i < n_right for i in choice) for choice in choices) / len(choices)


def pass_at_k_cases(generator):
    yield {"n": 4, "n_right": 1, "k": 2}
    yield {"n": 5, "n_right": whole(generator, 2, 3), "k": 2}
    yield {"n": 6, "n_right": 3, "k": 1}
    yield {"n": 8, "n_right": whole(generator, 1, 3), "k": 4}
    yield {"n": 7, "n_right": 5, "k": 3}  # fewer wrong ones than k
    yield {"n": 9, "n_right": whole(generator, 1, 2), "k": 5}
    yield {"n": 5, "n_right": 0, "k": 3}
    yield {"n": 5, "n_right": 2, "k": 3}  # just as many wrong ones as k
    yield {"n": 3, "n_right": 3, "k": 2}
    yield {"n": 6, "n_right": 2, "k": 6}
    yield {"n": 4, "n_right": 0, "k": 4}


NONE, VALUE = "comb(n_wrong, k) / comb(n, k)", "1 - comb(n_wrong, k) / comb(n, k)"

PASS_AT_K = Question(
    "reinforcement.pass_at_k",
    points=2,
    cases=pass_at_k_cases,
    reference=pass_at_k,
    misconceptions=[
        Misconception(
            "share_put_in",
            {NONE: "(n_wrong / n) ** k"},
            says="the share of wrong answers is taken to the power k, as if each could come twice",
            hint="Each of the n can be chosen once only. Count the choices.",
        ),
        Misconception(
            "share_of_wrong_alone",
            {VALUE: "(n_wrong / n) ** k"},
            says="the share of wrong answers to the power k is given",
            hint="So none is right, if each could come twice. Each can be chosen once only, and "
            "the contrary is asked for.",
        ),
        Misconception(
            "all_right_with_shares",
            {VALUE: "(n_right / n) ** k"},
            says="the share of right answers to the power k is given",
            hint="Those are k right ones, and each could come twice. One right answer is enough.",
        ),
        Misconception(
            "share_of_right",
            {VALUE: "n_right / n"},
            says="k plays no part: the share of right answers is given",
            hint="With more tries the chance should grow.",
        ),
        Misconception(
            "none_is_right",
            {VALUE: NONE},
            says="the chance that *no* chosen answer is right is given",
            hint="You are nearly there: of all choices, which ones does that leave?",
        ),
        Misconception(
            "one_minus_inside",
            {VALUE: "(1 - comb(n_wrong, k)) / comb(n, k)"},
            says="1 minus the number of choices is divided, not 1 minus the share",
            hint="First the share of choices without a right answer, then 1 minus that.",
        ),
        Misconception(
            "all_are_right",
            {VALUE: "comb(n_right, k) / comb(n, k)"},
            says="the chance that *all* k chosen answers are right is given",
            hint="One right answer is enough.",
        ),
        Misconception(
            "not_all_are_right",
            {"comb(n_wrong, k)": "comb(n_right, k)"},
            says="the chance that not all k are right is given",
            hint="Which answers does a choice without any right one hold?",
        ),
        Misconception(
            "tries_added_up",
            {VALUE: "min(1.0, k * n_right / n)"},
            says="the chances of the k tries are added up",
            hint="Two tries of a coin do not make heads certain: both may be right at once.",
        ),
        Misconception(
            "tries_added_beyond_one",
            {VALUE: "k * n_right / n"},
            says="the chances of the k tries are added up, even beyond 1",
            hint="Both of two tries may be right at once. Count the choices without any right one.",
        ),
        Misconception(
            "only_if_enough_wrong",
            {f"return {VALUE}": f"return ({VALUE}) if n_wrong >= k else 0.0"},
            says="it is 0 where there are fewer wrong answers than k",
            hint="Then every choice holds a right one. How likely is that?",
        ),
        Misconception(
            "only_if_more_wrong",
            {f"return {VALUE}": f"return ({VALUE}) if n_wrong > k else 1.0"},
            says="it is 1 also where there are just k wrong answers",
            hint="There one choice is left without any right one.",
        ),
        Misconception(
            "just_one",
            {VALUE: "n_right * comb(n_wrong, k - 1) / comb(n, k)"},
            says="the chance that just one of the k is right is given",
            hint="More than one right answer is fine too. Which case is not?",
        ),
        Misconception(
            "right_in_order",
            {"comb(n, k)": "n**k"},
            says="the choices are counted as if order mattered and answers came twice",
            hint="In how many ways can k of n be chosen? The text above names the function.",
        ),
        Misconception(
            "one_try_more",
            {"comb(n_wrong, k)": "comb(n_wrong, k + 1)", "comb(n, k)": "comb(n, k + 1)"},
            says="k + 1 answers are chosen",
            hint="At k = 1 it should be the share of right answers.",
        ),
        Misconception(
            "any_right_at_all",
            {VALUE: "float(n_right > 0)"},
            says="it is 1 as soon as any of the n is right, else 0",
            hint="Only k of the n are chosen, so it lies between. Is there a `//`?",
        ),
        Misconception(
            "all_choices_of_n",
            {"comb(n, k)": "comb(n, n_right)"},
            says="the ways to choose the right ones are divided by",
            hint="Of all ways to choose k: how many are there?",
        ),
    ],
)  # fmt: skip
