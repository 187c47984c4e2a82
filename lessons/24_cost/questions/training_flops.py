"""24.1 The operations of a training."""

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question


def training_flops(
    n_multiplied: int, n_layers: int, n_heads: int, d_head: int, n_context: int, n_tokens: float
) -> float:
    return 6.0 * (n_multiplied + n_layers * n_heads * d_head * n_context) * n_tokens


def training_flops_cases(generator):
    names = ("n_multiplied", "n_layers", "n_heads", "d_head", "n_context", "n_tokens")
    for _ in range(4):
        sizes = dict(zip(names, pick(generator, 6, 2, 40), strict=True))
        yield sizes | {"n_context": sizes["n_context"] | 1}  # odd: its half is no whole number
    # Llama 3 8B: the order of size of real ones.
    yield {
        "n_multiplied": 7_504_658_432, "n_layers": 32, "n_heads": 32, "d_head": 128,
        "n_context": 8192, "n_tokens": 15e12,
    }  # fmt: skip


TRAINING_FLOPS = Question(
    "cost.training_flops",
    points=3,
    cases=training_flops_cases,
    reference=training_flops,
    misconceptions=[
        Misconception(
            "forward_only",
            {"3 * forward": "forward"},
            says="only the forward pass is counted",
            hint="Training also works out how each weight should change. How much work is that, "
            "compared with the forward pass?",
        ),
        Misconception(
            "backward_once",
            {"3 * forward": "2 * forward"},
            says="the backward pass takes as much as the forward pass",
            hint="Going back there are two products for each one going forth: one for the weight's "
            "gradient, one for what came in.",
        ),
        Misconception(
            "no_attention",
            {"weights + attention": "weights"},
            says="the products of queries with keys, and of weights with values, are left out",
            hint="That is the rule 6 N D. This question asks for what it leaves out, too.",
        ),
        Misconception(
            "no_mask",
            {"n_context / 2": "n_context"},
            says="each token meets all tokens of its text",
            hint="The causal mask hides those that come later. How many does a token see, on "
            "average?",
        ),
        Misconception(
            "scores_only",
            {"4 * n_layers": "2 * n_layers"},
            says="only the scores are counted, or only the mixing of values",
            hint="First the scores are made, then the values are added up by their weights: two "
            "products, as large as each other.",
        ),
        Misconception(
            "multiplications_only",
            {"2 * n_multiplied": "n_multiplied"},
            says="a weight costs one FLOP",
            hint="Each weight is multiplied once, and the result is added to a sum.",
        ),
        Misconception(
            "attention_multiplications_only",
            {"4 * n_layers": "2 * n_layers * 0.5"},
            says="attention is counted without its additions, and only once",
            hint="For scores and for values alike: d multiplications and d additions a key.",
        ),
        Misconception(
            "one_layer",
            {"4 * n_layers * n_heads": "4 * n_heads"},
            says="attention of one layer is counted",
            hint="Every layer has its own.",
        ),
        Misconception(
            "one_head",
            {"n_heads * d_head": "d_head"},
            says="attention of one head is counted",
            hint="Every head makes scores of its own.",
        ),
        Misconception(
            "head_has_no_width",
            {"n_heads * d_head": "n_heads"},
            says="a score costs the same however wide a head is",
            hint="A score is a dot product of two vectors: how long are they?",
        ),
        Misconception(
            "attention_is_not_trained",
            {"3 * forward": "(3 * weights + attention)"},
            says="attention is counted in the forward pass alone",
            hint="The gradient goes back through attention, too.",
        ),
        Misconception(
            "one_text",
            {"forward * n_tokens": "forward * n_context"},
            says="one text is counted, not all tokens",
            hint="How many tokens does the training read in all?",
        ),
        Misconception(
            "itself_too",
            {"n_context / 2": "(n_context + 1) / 2"},
            says="a token meets (T + 1) / 2 keys",
            hint="With itself that is exact, but the question counts T / 2.",
        ),
        Misconception(
            "whole_keys",
            {"n_context / 2": "n_context // 2"},
            says="T / 2 is cut to a whole number",
            hint="`//` drops what is behind the point. The mean of whole numbers may be none.",
        ),
        Misconception(
            "one_token",
            {"forward * n_tokens": "forward"},
            says="the work of one token is returned",
            hint="How many tokens does the training read?",
        ),
        Misconception(
            "attention_of_one_token",
            {"3 * forward * n_tokens": "3 * (weights * n_tokens + attention)"},
            says="attention is counted for one token alone",
            hint="Each token has a query of its own.",
        ),
    ],
)
