"""10.5 A padded batch."""

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model import masks


def pad_left(prompts: list[list[int]], padding: int) -> tuple[Tensor, Tensor, Tensor]:
    rows = [torch.tensor(prompt) for prompt in prompts]
    tokens = pad_sequence(rows, batch_first=True, padding_value=padding, padding_side="left")
    longest = tokens.shape[1]
    n_padding = torch.tensor([longest - len(prompt) for prompt in prompts])
    positions = (torch.arange(longest) - n_padding[:, None]).clamp(min=0)
    return tokens, positions, masks.hide_padding(masks.causal(longest, longest), n_padding)[:, 0]


def pad_left_cases(generator):
    def batch(*lengths: int) -> dict:
        return {
            "prompts": [pick(generator, n) for n in lengths],
            "padding": whole(generator, 91, 99),
        }

    yield batch(3, 1)
    yield batch(2, 4)
    yield batch(5, 1, 3)
    yield batch(2, 2)  # nothing to fill up
    yield batch(4)
    yield batch(1, 6, 2, 5)
    yield {"prompts": [[95, 7, 95], [5]], "padding": 95}  # its id is a token of the text as well


POSITIONS = "(places - n).clamp(min=0)"

PAD_LEFT = Question(
    "generation.pad_left",
    points=4,
    cases=pad_left_cases,
    reference=pad_left,
    misconceptions=[
        Misconception(
            "padded_right",
            {
                "[padding] * (longest - len(prompt)) + prompt": (
                    "prompt + [padding] * (longest - len(prompt))"
                ),
                POSITIONS: "places.where(places < longest - n, 0)",
                "(places >= n)": "(places < longest - n)",
            },
            says="all is right, but for padding on the right",
            hint="The next token is predicted at the last place: there the text must stand.",
        ),
        Misconception(
            "tokens_padded_right",
            {"[padding] * (longest - len(prompt)) + prompt": (
                "prompt + [padding] * (longest - len(prompt))"
            )},
            says="the padding of the tokens stands on the right",
            hint="The next token is predicted at the last place: there the text must stand.",
        ),
        Misconception(
            "padding_is_zero",
            {"[padding]": "[0]"},
            says="the filling is always 0",
            hint="Which id fills up is an argument.",
        ),
        Misconception(
            "places_for_positions",
            {POSITIONS: "places.expand(len(prompts), -1)"},
            says="positions count from the first place of the row, padding included",
            hint="Each text counts from its own first token: take away the padding before it.",
        ),
        Misconception(
            "negative_positions",
            {".clamp(min=0)": ""},
            says="padding has negative positions",
            hint="There is no place before the first: let padding have 0.",
        ),
        Misconception(
            "padding_seen",
            {"causal & is_text | torch.eye(longest).bool()": "causal.expand(len(prompts), -1, -1)"},
            says="the mask is causal only: text may look at the padding",
            hint="A key that is padding must be hidden from every token of the text.",
        ),
        Misconception(
            "empty_rows",
            {" | torch.eye(longest).bool()": ""},
            says="a padding token may look at nothing, not even at itself",
            hint="The softmax of an empty row is NaN, and NaN spreads: let it look at itself.",
        ),
        Misconception(
            "future_seen",
            {"causal & is_text": "is_text.expand(-1, longest, -1)"},
            says="the mask hides padding, but not what comes after a token",
            hint="It should hide both: a token looks back, and at text.",
        ),
        Misconception(
            "queries_hidden",
            {"[:, None, :]": "[:, :, None]"},
            says="the rows of padding are emptied, but its columns are open",
            hint="A row is a token that looks, a column is one that is looked at. Padding must not "
            "be looked *at*: (B, 1, T).",
        ),
        Misconception(
            "padding_sees_back",
            {"torch.eye(longest).bool()": "causal & ~is_text.mT"},
            says="a padding token looks at the padding before it as well",
            hint="It may look at itself alone.",
        ),
        Misconception(
            "true_means_hidden",
            {"tokens), positions, mask": "tokens), positions, ~mask"},
            says="the mask is True where a token may *not* look",
            hint="Here True means *may look*, as in all our masks.",
        ),
        Misconception(
            "additive",
            {"positions, mask": "positions, torch.zeros(mask.shape).masked_fill(~mask, -math.inf)"},
            says="the mask is made of 0 and -inf, to be added to the scores",
            hint="Here it is boolean: True where yours is 0.",
        ),
        Misconception(
            "padding_by_id",
            {
                POSITIONS: "((torch.tensor(tokens) != padding).cumsum(-1) - 1).clamp(min=0)",
                "(places >= n)": "(torch.tensor(tokens) != padding)",
            },
            says="whatever has the padding's id is taken for padding",
            hint="A prompt may hold that id as a token of its own. What else tells how many tokens "
            "were put in front of a prompt?",
        ),
        Misconception(
            "hidden_by_id",
            {"(places >= n)": "(torch.tensor(tokens) != padding)"},
            says="the mask hides whatever has the padding's id",
            hint="A prompt may hold that id as a token of its own. What else tells how many tokens "
            "were put in front of a prompt?",
        ),
        Misconception(
            "looks_ahead",
            {".tril()": ".triu()"},
            says="a token looks at what comes after it, not before",
            hint="`tril` keeps what is left of the diagonal, `triu` what is right of it. "
            "Where is the past?",
        ),
        Misconception(
            "first_token_hidden",
            {"(places >= n)": "(places > n)"},
            says="the first token of each text is hidden as if it were padding",
            hint="Off by one: with n padding tokens, which place does the first token of the "
            "text have?",
        ),
        Misconception(
            "positions_from_one",
            {"(places - n).clamp": "(places - n + 1).clamp"},
            says="the first token of a text has the position 1",
            hint="Positions count from 0.",
        ),
    ],
)  # fmt: skip
