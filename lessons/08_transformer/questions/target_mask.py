"""8.2 The mask of the target."""

import torch
from torch import Tensor

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import masks


def target_mask(target: Tensor, pad: int) -> Tensor:
    n = target.shape[1]
    return masks.causal(n, n) & (target != pad)[:, None, None] | torch.eye(n, dtype=torch.bool)


def target_mask_cases(generator):
    def ids(n: int) -> list[int]:
        return pick(generator, n, low=10)

    yield {"target": torch.tensor([[1, *ids(1), 0]]), "pad": 0}
    yield {"target": torch.tensor([[1, *ids(1), 0, 0], [1, *ids(3)]]), "pad": 0}
    pad = whole(generator, 3, 9)
    yield {"target": torch.tensor([[pad, pad, *ids(2), pad]]), "pad": pad}  # wherever it stands
    n_tokens = [whole(generator, 1, 5) for _ in range(2)]
    rows = [[*ids(4), pad], ids(5), *([*ids(n), *[pad] * (5 - n)] for n in n_tokens)]
    yield {"target": torch.tensor(rows), "pad": pad}
    yield {"target": torch.tensor([[pad, pad]]), "pad": pad}
    yield {"target": torch.tensor([[0, *ids(1), 0]]), "pad": 5}  # 0 is a token like others


TARGET_MASK = Question(
    "transformer.target_mask",
    points=2,
    cases=target_mask_cases,
    reference=target_mask,
    misconceptions=[
        Misconception(
            "not_causal",
            {"not_later & is_token": "is_token"},
            says="what comes later may be looked at",
            hint="The decoder would read the answers. How does `not_later` come in? In the lesson "
            "on attention such a model cheated.",
        ),
        Misconception(
            "padding_seen",
            {"not_later & is_token": "not_later.expand(len(target), 1, n, n)"},
            says="padding may be looked at by others",
            hint="Where the column is padding, only padding itself may look. Is the mask of what "
            "is no padding used, and not only made?",
        ),
        Misconception(
            "blind_padding",
            {" | itself": ""},
            says="some padding may not look even at itself",
            hint="Padding that stands first then has a row of nothing but False, and its softmax "
            "is NaN. What should every token see?",
        ),
        Misconception(
            "rows_for_columns",
            {"[:, None, None, :]": "[:, None, :, None]"},
            says="padding is kept from looking, and not from being looked at",
            hint="In (B, 1, T, T) the rows look and the columns are looked at. In which of the two "
            "should the dimension of the target stand?",
        ),
        Misconception(
            "rows_and_columns",
            {"not_later & is_token": "not_later & is_token & is_token.mT"},
            says="padding is kept from looking as well as from being looked at",
            hint="What padding sees does no harm, as nobody looks at it: only columns are hidden.",
        ),
        Misconception(
            "true_means_hidden",
            {"return not_later & is_token | itself": "return ~(not_later & is_token | itself)"},
            says="True marks what is hidden",
            hint="The right pattern, turned round: here True means that a token may look.",
        ),
        Misconception(
            "pad_for_token",
            {"!=": "=="},
            says="padding is taken for tokens, and tokens for padding",
            hint="Which comparison is True at a token?",
        ),
        Misconception(
            "zero_for_pad",
            {"!= pad": "!= 0"},
            says="0 is taken for the padding, whatever `pad` is",
            hint="The padding's id is an argument, and not always 0.",
        ),
        Misconception(
            "the_past_hidden",
            {"tril()": "triu()"},
            says="a token sees what comes after it, and not what came before",
            hint="Rows look, columns are looked at: on which side of the diagonal is the past?",
        ),
        Misconception(
            "or_for_and",
            {"not_later & is_token": "(not_later | is_token)"},
            says="it is enough not to be later, or to be a token",
            hint="A token must be both, not later *and* no padding.",
        ),
        Misconception(
            "blind_to_itself",
            {"tril()": "tril(-1)", " | itself": ""},
            says="no token may look at itself",
            hint="The diagonal belongs to what may be seen: the first token has nothing else.",
        ),
        Misconception(
            "no_dimension_for_heads",
            {"[:, None, None, :]": "[:, None, :]"},
            says="the dimension for the heads is missing",
            hint="The scores are (B, H, T, T): a mask of (B, T, T) would be laid over texts as if "
            "they were heads. Put a dimension of length 1 in between.",
        ),
        Misconception(
            "ones_and_zeros",
            {"return not_later & is_token | itself": "return (not_later & is_token | itself) * 1"},
            says="the mask is made of the numbers 1 and 0",
            hint="Make it boolean, with `.bool()`: as numbers, `~mask` would not turn it round.",
        ),
    ],
)
