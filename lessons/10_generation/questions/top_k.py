"""10.1 Top-k."""

import torch

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.generate.sampling import keep_top_k


def top_k_cases(generator):
    yield {"logits": randn(generator, 1, 5), "k": 2}
    yield {"logits": randn(generator, 2, 4), "k": 1}
    # Three are equal, and the second highest is one of them.
    tied = torch.tensor([[2.0, 1.0, 1.0, 0.0, 1.0], [0.0, 3.0, 1.0, 2.0, 4.0]])
    yield {"logits": tied + randn(generator, 2, 1), "k": 2}
    yield {"logits": randn(generator, 1, 4), "k": 7}  # more than there are
    yield {"logits": 3 * randn(generator, 3, 8) - 4, "k": 3}
    removed = randn(generator, 2, 6).masked_fill(torch.arange(6) < 2, -torch.inf)
    yield {"logits": removed, "k": 3}  # another rule has been there before


FILL = "logits.masked_fill(logits < kth, -math.inf)"

TOP_K = Question(
    "generation.top_k",
    points=2,
    cases=top_k_cases,
    reference=keep_top_k,
    equivalent_mutants={
        "kth = logits.topk(min(k, logits.shape[-1])).values[:, -1:] -> "
        "kth = logits.topk(min(logits.shape[-1], k)).values[:, -1:]": "min has no order",
        "kth = logits.topk(min(k, logits.shape[-1])).values[:, -1:] -> "
        "kth = logits.topk(min(k, logits.shape[1])).values[:, -1:]": "logits have two dimensions",
    },
    rtol=1e-6,  # logits are kept as they were
    misconceptions=[
        Misconception(
            "ties_removed",
            {
                FILL: "torch.full_like(logits, -math.inf).scatter("
                "-1, logits.topk(min(k, logits.shape[-1])).indices, logits.sort(-1, True).values"
                "[:, : k])"
            },
            says="exactly k are kept, even where another equals the lowest of them",
            hint="Compare with the *value* of the k-th highest, and remove only what is lower.",
        ),
        Misconception(
            "ties_cut_by_sorting",
            {
                FILL: "torch.full_like(logits, -math.inf).scatter(-1, "
                "logits.argsort(descending=True)[:, :k], logits.sort(-1, True).values[:, :k])"
            },
            says="exactly k are kept, in the order of sorting, though another equals the lowest",
            hint="Compare with the *value* of the k-th highest, and remove only what is lower.",
        ),
        Misconception(
            "kth_removed",
            {"logits < kth": "logits <= kth"},
            says="the k-th highest is removed as well",
            hint="Which comparison leaves what is equal to the threshold alone?",
        ),
        Misconception(
            "one_more",
            {"min(k, logits.shape[-1])": "min(k + 1, logits.shape[-1])"},
            says="k + 1 tokens are kept",
            hint="The k-th of a falling list has the index k - 1, or -1 if the list has k items.",
        ),
        Misconception(
            "large_k",
            {"min(k, logits.shape[-1])": "k"},
            says="k is taken as it is, also where it is larger than the vocabulary",
            hint="`topk` refuses to give more than there are. What should k = 7 do to 4 tokens?",
        ),
        Misconception(
            "lowest_kept",
            {
                "min(k, logits.shape[-1]))": "min(k, logits.shape[-1]), largest=False)",
                "logits < kth": "logits > kth",
            },
            says="the k lowest are kept",
            hint="A high logit means a likely token. In which order does `sort` work by default?",
        ),
        Misconception(
            "kept_and_removed_swapped",
            {"logits < kth": "logits >= kth"},
            says="what should be kept is removed, and what should be removed is kept",
            hint="`masked_fill` fills where its condition is True; `where` keeps there.",
        ),
        Misconception(
            "filled_with_zero",
            {"-math.inf": "0.0"},
            says="what is removed gets the logit 0",
            hint="exp(0) is 1: such a token still has a probability, and perhaps the highest.",
        ),
        Misconception(
            "filled_with_finite",
            {"-math.inf": "-1e9"},
            says="what is removed gets a very low number, such as -1e9",
            hint="It is asked for -inf: no logit is lower, and its probability is exactly 0.",
        ),
        Misconception(
            "filled_with_plus_inf",
            {"-math.inf": "math.inf"},
            says="what is removed gets +inf",
            hint="exp(+inf) is infinite. Which logit has exp = 0?",
        ),
        Misconception(
            "probabilities",
            {FILL: f"{FILL}.softmax(-1)"},
            says="probabilities are returned",
            hint="Return logits: another rule may follow, and the softmax comes last.",
        ),
        Misconception(
            "one_threshold_for_all",
            {"[:, -1:]": "[0, -1]"},
            says="the threshold of the first row is used for every row",
            hint="Each text has its own logits. Keep the threshold as a column, one for each row.",
        ),
        Misconception(
            "lowest_threshold_for_all",
            {"values[:, -1:]": "values.min()"},
            says="one threshold, the lowest of all rows, is used for every row",
            hint="`min()` without a dimension takes the minimum of the whole tensor.",
        ),
        Misconception(
            "the_values_alone",
            {"return logits.masked_fill(logits < kth, -math.inf)": (
                "return logits.topk(min(k, logits.shape[-1])).values"
            )},
            says="only the k highest logits are returned, in falling order",
            hint="The result has V columns again: a token is known by its place.",
        ),
        Misconception(
            "rows_for_tokens",
            {"k, logits.shape[-1]": "k, len(logits)"},
            says="k is limited to `len(logits)`, the number of texts",
            hint="`len` of a tensor is its first dimension. How many tokens does the "
            "vocabulary have?",
        ),
        Misconception(
            "over_texts",
            {
                "topk(min(k, logits.shape[-1])).values[:, -1:]": (
                    "topk(min(k, len(logits)), 0).values[-1]"
                )
            },
            says="the k highest are looked for among the texts of the batch",
            hint="Each row has k tokens of its own: compare along the last dimension.",
        ),
    ],
)  # fmt: skip
