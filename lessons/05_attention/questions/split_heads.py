"""5.5 Split into heads."""

from torch import Tensor

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question

WHOLE = "x.view(n_texts, n_tokens, n_heads, -1).transpose(1, 2)"


def split_heads(x: Tensor, n_heads: int) -> Tensor:
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2)


def split_heads_cases(generator):
    yield {"x": randn(generator, 1, 2, 6), "n_heads": 3}
    yield {"x": randn(generator, 2, 5, 24), "n_heads": 6}
    yield {"x": randn(generator, 3, 4, 16), "n_heads": 4}
    yield {"x": randn(generator, 2, 3, 8), "n_heads": 1}


SPLIT_HEADS = Question(
    "attention.split_heads",
    points=2,
    cases=split_heads_cases,
    reference=split_heads,
    misconceptions=[
        Misconception(
            "view_for_transpose",
            {WHOLE: "x.view(n_texts, n_heads, n_tokens, -1)"},
            says="`view` or `reshape` goes straight to (B, H, T, d)",
            hint="The shape is right, but a head gets whole tokens instead of a part of every "
            "token. Cut the last dimension first, then swap two dimensions.",
        ),
        Misconception(
            "no_transpose",
            {".transpose(1, 2)": ""},
            says="the heads still stand behind the tokens, (B, T, H, d)",
            hint="Attention multiplies the last two dimensions: they should be tokens and width. "
            "Swap T and H.",
        ),
        Misconception(
            "interleaved",
            {"n_heads, -1).transpose(1, 2)": "-1, n_heads).permute(0, 3, 1, 2)"},
            says="each head takes every H-th number",
            hint="Head 0 owns the first d numbers of a token, head 1 the next d: the width of the "
            "heads comes last when you cut.",
        ),
        Misconception(
            "count_for_width",
            {"n_heads, -1": "-1, n_heads"},
            says="the parts are n_heads numbers wide, instead of n_heads parts",
            hint="When the last dimension is cut, the heads come first and their width last. "
            "`split` takes the width of a part, `chunk` how many there are.",
        ),
        Misconception(
            "split_by_count",
            {WHOLE: "x.split(n_heads, dim=-1)"},
            says="`split` is given the number of heads",
            hint="`split` takes the size of a part, `chunk` the number of parts. Then the parts "
            "must become one tensor.",
        ),
        Misconception(
            "heads_in_the_batch",
            {"transpose(1, 2)": "transpose(1, 2).flatten(0, 1)"},
            says="texts and heads share the first dimension",
            hint="The result has four dimensions, (B, H, T, d): keep B and H apart.",
        ),
        Misconception(
            "heads_in_the_batch_by_view",
            {WHOLE: "x.view(n_texts * n_heads, n_tokens, -1)"},
            says="`view` or `reshape` goes straight to (B * H, T, d)",
            hint="The result has four dimensions, (B, H, T, d). Cut the last one first, then swap "
            "two: `reshape` alone gives a head whole tokens.",
        ),
        Misconception(
            "heads_and_width_swapped",
            {"transpose(1, 2)": "permute(0, 3, 1, 2)"},
            says="the width of a head stands where the heads should be",
            hint="The result is (B, H, T, d): batch, heads, tokens, width.",
        ),
        Misconception(
            "transposed_first",
            {WHOLE: "x.mT.reshape(n_texts, n_heads, n_tokens, -1)"},
            says="the transpose comes before the cut",
            hint="Cut the last dimension into heads first, (B, T, H, d); then swap T and H.",
        ),
        Misconception(
            "batch_and_tokens_swapped",
            {"view(n_texts, n_tokens": "view(n_tokens, n_texts"},
            says="`view` takes the texts for tokens and the tokens for texts",
            hint="Keep B and T where they are: `x.view(B, T, n_heads, -1)`.",
        ),
        Misconception(
            "batch_and_heads_swapped",
            {"transpose(1, 2)": "permute(2, 0, 1, 3)"},
            says="the heads come before the batch",
            hint="The result is (B, H, T, d): batch, heads, tokens, width.",
        ),
        Misconception(
            "list_of_heads",
            {WHOLE: "list(x.chunk(n_heads, -1))"},
            says="the heads are a list",
            hint="The cut is right; `torch.stack(..., dim=1)` makes one tensor of it, and `view` "
            "with `transpose` gets there in one go.",
        ),
    ],
)
