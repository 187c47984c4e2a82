"""17.5 The document mask."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def document_mask(documents: Tensor) -> Tensor:
    n = documents.shape[1]
    places = torch.arange(n)
    is_before = places[None, :] <= places[:, None]
    return (documents[:, None, :] == documents[:, :, None]) & is_before


def document_mask_cases(generator):
    def row(*lengths: int, n_padding: int = 0) -> list[int]:
        return [d for d, n in enumerate(lengths) for _ in range(n)] + [-1] * n_padding

    a, b, c = (whole(generator, 1, 3) for _ in range(3))
    yield {"documents": torch.tensor([row(2, 1)])}
    yield {"documents": torch.tensor([row(a, 4 - a)])}
    yield {"documents": torch.tensor([row(a, b, 7 - a - b), row(b, 3, n_padding=4 - b)])}
    yield {"documents": torch.tensor([row(5, n_padding=0), row(c, 1, n_padding=4 - c), row(1, 4)])}
    yield {"documents": torch.tensor([row(1)])}
    yield {"documents": torch.tensor([[-1] * 3, row(a, n_padding=3 - a)])}


COLUMN, ROW = "documents[:, :, None]", "documents[:, None, :]"

DOCUMENT_MASK = Question(
    "instruction.document_mask",
    points=2,
    cases=document_mask_cases,
    reference=document_mask,
    misconceptions=[
        Misconception(
            "looks_ahead",
            {".tril()": ""},
            says="a token may look at what comes after it in its own example",
            hint="It would read the answer that it has to give. What does a causal mask forbid?",
        ),
        Misconception(
            "looks_ahead_only",
            {".tril()": ".triu()"},
            says="a token may look at itself and ahead, not back",
            hint="The row is the token that looks. Which side of the diagonal is its past?",
        ),
        Misconception(
            "only_causal",
            {f"{COLUMN} == {ROW}": f"{COLUMN} == {COLUMN}.expand(-1, -1, {ROW}.shape[-1])"},
            says="the mask is causal, but lets a token look into other examples",
            hint="A question would look at its neighbour's story. Which tokens belong together?",
        ),
        Misconception(
            "earlier_documents_seen",
            {"==": ">="},
            says="a token may look at the examples before its own as well",
            hint="They only happen to lie in the same row. It should see its own alone.",
        ),
        Misconception(
            "own_document_hidden",
            {"==": "!="},
            says="a token may look at all examples but its own",
            hint="True means *may look*. Whom does a token belong with?",
        ),
        Misconception(
            "blind_to_itself",
            {".tril()": ".tril(-1)"},
            says="a token does not see itself",
            hint="An example's first token would have nothing to look at, and NaN spreads.",
        ),
        Misconception(
            "sees_the_next",
            {".tril()": ".tril(1)"},
            says="a token sees the one after it, which it must predict",
            hint="Off by one: the diagonal is the token itself, and there it ends.",
        ),
        Misconception(
            "padding_sees_nothing",
            {"is_same.tril()": f"is_same.tril() & ({COLUMN} >= 0)"},
            says="padding may look at nothing",
            hint="A row without a single True is NaN after the softmax, and NaN spreads.",
        ),
        Misconception(
            "padding_sees_itself_alone",
            {"is_same.tril()": (
                f"is_same.tril() & (({COLUMN} >= 0) | torch.eye({ROW}.shape[-1]).bool())"
            )},
            says="padding may look at itself alone",
            hint="That would do no harm, but here padding is treated as one more example.",
        ),
        Misconception(
            "true_means_hidden",
            {"return is_same.tril()": "return ~is_same.tril()"},
            says="True marks what is hidden",
            hint="Here True means *may look*, as in all our masks.",
        ),
        Misconception(
            "additive",
            {"return is_same.tril()": (
                "return torch.zeros(is_same.shape).masked_fill(~is_same.tril(), -torch.inf)"
            )},
            says="the mask is made of 0 and -inf, to be added to the scores",
            hint="Here it is boolean: True where yours is 0.",
        ),
        Misconception(
            "ones_and_zeros",
            {"return is_same.tril()": "return is_same.tril().float()"},
            says="the mask is made of the numbers 1 and 0",
            hint="Leave it boolean: what a comparison gives is True and False already.",
        ),
        Misconception(
            "first_text_for_all",
            {COLUMN: "documents[:1, :, None]"},
            says="the tokens that look are those of the first text, in every text",
            hint="Each of the B texts has a packing of its own.",
        ),
        Misconception(
            "padding_sees_examples",
            {"==": "<="},
            says="padding may look at the examples before it",
            hint="Padding is treated as one more example: it may look at padding.",
        ),
        Misconception(
            "padding_sees_all",
            {"is_same.tril()": f"is_same.tril() | ({COLUMN} == -1)"},
            says="padding may look at everything",
            hint="Padding is treated as one more example: it may look at the padding before it.",
        ),
    ],
)  # fmt: skip
