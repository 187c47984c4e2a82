"""10.2 Top-p."""

import torch

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.generate.sampling import keep_top_p


def top_p_cases(generator):
    def logits(*shares: float):
        """Of such probabilities, in some order."""
        z = torch.tensor([shares]).log() + randn(generator, 1, 1)
        return z[:, torch.randperm(len(shares), generator=generator)]

    yield {"logits": logits(0.62, 0.25, 0.08, 0.05), "p": 0.8}
    yield {"logits": logits(0.91, 0.06, 0.03), "p": 0.5}  # sure: one token crosses p alone
    yield {"logits": logits(0.4, 0.3, 0.15, 0.1, 0.05), "p": 0.6}
    yield {"logits": randn(generator, 3, 6), "p": 0.7}
    yield {"logits": randn(generator, 2, 5), "p": 0.999}
    yield {"logits": randn(generator, 2, 4), "p": 0.01}
    yield {"logits": 2 * randn(generator, 4, 12), "p": 0.9}
    removed = randn(generator, 2, 7).masked_fill(torch.arange(7) % 3 == 1, -torch.inf)
    yield {"logits": removed, "p": 0.9}  # another rule has been there before


BACK = ".gather(-1, order.argsort(-1))"
DROPPED = f"is_dropped = (before >= p){BACK}"
TWO = "logits have two dimensions"
FILL = "logits.masked_fill(is_dropped, -math.inf)"

TOP_P = Question(
    "generation.top_p",
    points=4,
    cases=top_p_cases,
    reference=keep_top_p,
    equivalent_mutants={
        "share = ordered.softmax(-1) -> share = ordered.softmax(1)": TWO,
        "before = share.cumsum(-1) - share -> before = share.cumsum(1) - share": TWO,
        f"{DROPPED} -> {DROPPED.replace('gather(-1', 'gather(1')}": TWO,
        f"{DROPPED} -> {DROPPED.replace('argsort(-1)', 'argsort(1)')}": TWO,
        f"{DROPPED} -> {DROPPED.replace('argsort(-1)', 'argsort()')}": "the last is the default",
        f"{DROPPED} -> {DROPPED.replace('>=', '>')}": "no sum is p exactly, but for rounding",
    },
    rtol=1e-6,  # logits are kept as they were
    misconceptions=[
        Misconception(
            "crossing_token_removed",
            {"before >= p": "before + share > p"},
            says="the token that crosses p is removed too",
            hint="With p = 0.5 and a first probability of 0.9, what is left to draw? A token goes "
            "only if those *before* it reach p.",
        ),
        Misconception(
            "one_more",
            {"before >= p": "before - share.roll(1, -1) >= p"},
            says="one token more is kept than needed",
            hint="Those that are kept reach p without the last one. Do you take away a token's own "
            "share and then shift as well? One of the two is enough.",
        ),
        Misconception(
            "order_not_undone",
            {BACK: ""},
            says="what goes by *rank* is removed by *id*: the sorting is not undone",
            hint="Your truth values belong to the sorted tokens. `order` tells which token each "
            "of them is; bring them back before you fill.",
        ),
        Misconception(
            "order_applied_again",
            {"order.argsort(-1)": "order"},
            says="the truth values are gathered by `order`, which sorts them once more",
            hint="`order` leads from ranks to ids. `gather` needs the way back, from an id to its "
            "rank: `order.argsort(-1)`; or use `scatter` with `order`.",
        ),
        Misconception(
            "not_sorted",
            {"logits.sort(descending=True)": "logits, logits.argsort(-1).argsort(-1)",
             BACK: ""},
            says="the probabilities are added up in the order of their ids",
            hint="The *likeliest* tokens come first: sort before you add up.",
        ),
        Misconception(
            "least_likely_first",
            {"descending=True": "descending=False"},
            says="the sum begins with the least likely tokens",
            hint="`sort` goes upwards unless it is told `descending=True`.",
        ),
        Misconception(
            "each_alone",
            {"before >= p": "share < p"},
            says="each token is removed whose own probability is below p",
            hint="p is what the kept tokens reach *together*: add up.",
        ),
        Misconception(
            "left_over_compared",
            {"before >= p": "before >= 1 - p"},
            says="the sum is compared with 1 - p",
            hint="p = 0.9 keeps nine tenths of the probability, not one.",
        ),
        Misconception(
            "sum_of_logits",
            {"ordered.softmax(-1)": "ordered"},
            says="logits are added up, not probabilities",
            hint="Which function turns logits into numbers that sum to 1?",
        ),
        Misconception(
            "kept_and_removed_swapped",
            {"before >= p": "before < p"},
            says="what should be kept is removed, and what should be removed is kept",
            hint="`masked_fill` fills where its condition is True; `where` keeps there.",
        ),
        Misconception(
            "filled_with_zero",
            {"-math.inf": "0.0"},
            says="what is removed gets the logit 0",
            hint="exp(0) is 1: such a token still has a probability.",
        ),
        Misconception(
            "probabilities",
            {FILL: f"{FILL}.softmax(-1)"},
            says="probabilities are returned",
            hint="Return logits: another rule may follow, and the softmax comes last.",
        ),
        Misconception(
            "sorted_returned",
            {DROPPED: "is_dropped = before >= p",
             FILL: "ordered.masked_fill(is_dropped, -math.inf)"},
            says="the logits come back sorted",
            hint="A token is known by its place: the result has the old order.",
        ),
        Misconception(
            "only_the_first_saved",
            {"before >= p": "(before + share > p) & (before > 0)"},
            says="the token that crosses p is removed, and only the likeliest is saved",
            hint="The likeliest is not the only one that may cross p. A token goes only if "
            "those *before* it reach p.",
        ),
        Misconception(
            "summed_over_texts",
            {"share.cumsum(-1)": "share.cumsum(0)"},
            says="the sum runs over the texts of the batch",
            hint="Each row is a distribution of its own: add up along its last dimension.",
        ),
        Misconception(
            "min_p",
            {"before >= p": "share < p * share[:, :1]"},
            says="each token is removed that is less than p times as likely as the likeliest",
            hint="That is min-p. Top-p asks what the likeliest reach *together*.",
        ),
        Misconception(
            "sorted_gathered_by_order",
            {DROPPED: "is_dropped = before >= p",
             FILL: "ordered.masked_fill(is_dropped, -math.inf).gather(-1, order)"},
            says="the sorted logits are gathered by `order`, which sorts them once more",
            hint="`order` leads from ranks to ids. `gather` needs each id's rank: "
            "`order.argsort(-1)`.",
        ),
    ],
)  # fmt: skip
