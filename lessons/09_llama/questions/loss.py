"""9.4 The loss."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course.checking.draw import randn
from llama_edu.course.checking.questions import Misconception, Question


def loss(logits: Tensor, tokens: Tensor) -> Tensor:
    log_shares = logits[:, :-1].log_softmax(-1)
    return -log_shares.gather(-1, tokens[:, 1:, None]).mean()


def loss_cases(generator):
    for n_texts, n_tokens, vocab_size, size in (
        (1, 3, 4, 1.0),
        (2, 4, 2, 1.0),
        (3, 6, 11, 3.0),
        (2, 3, 5, 0.0),  # knows nothing: ln 5
        (2, 5, 3, 100.0),  # sure, and mostly wrong
    ):
        yield {
            "logits": size * randn(generator, n_texts, n_tokens, vocab_size),
            "tokens": torch.randint(vocab_size, (n_texts, n_tokens), generator=generator),
        }


LN_2 = math.log(2)
PLACES, NEXT = "logits[:, :-1].flatten(0, 1)", "tokens[:, 1:].flatten()"
ENTROPY = "F.cross_entropy(predictions, targets)"

LOSS = Question(
    "llama.loss",
    points=2,
    cases=loss_cases,
    reference=loss,
    misconceptions=[
        Misconception(
            "not_shifted",
            {PLACES: "logits.flatten(0, 1)", NEXT: "tokens.flatten()"},
            says="each place is held against its own token",
            hint="A model could copy its input and have a loss of 0. Which token are the logits of "
            "a place about?",
        ),
        Misconception(
            "both_cut_at_the_end",
            {NEXT: "tokens[:, :-1].flatten()"},
            says="logits and tokens both lose their last place, so that nothing is shifted",
            hint="Cut them at different ends. Which token are the logits at place 0 about?",
        ),
        Misconception(
            "shifted_backward",
            {PLACES: "logits[:, 1:].flatten(0, 1)", NEXT: "tokens[:, :-1].flatten()"},
            says="each place is held against the token before it",
            hint="The logits at place 0 are about token 1. Which end of the logits goes, and which "
            "end of the tokens?",
        ),
        Misconception(
            "shifted_twice",
            {PLACES: "logits[:, :-2].flatten(0, 1)", NEXT: "tokens[:, 2:].flatten()"},
            says="each place is held against the token after the next",
            hint="One place is enough.",
        ),
        Misconception(
            "shifted_along_the_texts",
            {
                PLACES: "(logits[:-1] if len(logits) > 1 else logits).flatten(0, 1)",
                NEXT: "(tokens[1:] if len(tokens) > 1 else tokens).flatten()",
            },
            says="one text is held against the next: the shift is along dimension 0",
            hint="Tokens follow each other along dimension 1: `[:, 1:]`.",
        ),
        Misconception(
            "flattened_before_the_shift",
            {PLACES: "logits.flatten(0, 1)[:-1]", NEXT: "tokens.flatten()[1:]"},
            says="the end of each text is held against the beginning of the next one",
            hint="The last place of a text has no next token. Shift while texts are still apart.",
        ),
        Misconception(
            "rolled",
            {PLACES: "logits.flatten(0, 1)", NEXT: "tokens.roll(-1, 1).flatten()"},
            says="the last place is held against the first token of its own text",
            hint="`roll` brings what falls off back in at the other end. The last place has no "
            "next token: leave it out.",
        ),
        Misconception(
            "summed",
            {ENTROPY: "F.cross_entropy(predictions, targets, reduction='sum')"},
            says="the losses are added up, without a mean",
            hint="A longer text must not have a larger loss just for its length.",
        ),
        Misconception(
            "summed_over_places",
            {ENTROPY: "F.cross_entropy(predictions, targets, reduction='sum') / len(tokens)"},
            says="the losses of a text are added up, and the mean is taken over texts alone",
            hint="The mean goes over all places of all texts.",
        ),
        Misconception(
            "divided_by_all_places",
            {ENTROPY: "F.cross_entropy(predictions, targets, reduction='sum') / tokens.numel()"},
            says="the sum is divided by all places, the last ones included",
            hint="How many places have a next token, in a text of T tokens?",
        ),
        Misconception(
            "softmax_before",
            {"(0, 1)": "(0, 1).softmax(-1)"},
            says="`cross_entropy` gets probabilities and takes their softmax once more",
            hint="`F.cross_entropy` wants logits: softmax and logarithm are in it.",
        ),
        Misconception(
            "in_bits",
            {ENTROPY: f"{ENTROPY} / LN_2"},
            says="the loss is in bits, the logarithm to base 2",
            hint="Nats are asked for: the natural logarithm, as `F.cross_entropy` has it.",
        ),
        Misconception(
            "perplexity",
            {ENTROPY: f"{ENTROPY}.exp()"},
            says="exp of the loss is returned: the perplexity",
            hint="That is how the loss is often reported. Here it is asked for as it is.",
        ),
        Misconception(
            "no_logarithm",
            {ENTROPY: "-predictions.softmax(-1)[range(len(targets)), targets].mean()"},
            says="the probabilities are taken without their logarithm",
            hint="Minus the *logarithm* of the probability: it grows without bound as the model is "
            "sure of the wrong token.",
        ),
        Misconception(
            "logits_for_log_probabilities",
            {ENTROPY: "F.nll_loss(predictions, targets)"},
            says="the logits are taken for logarithms of probabilities, as in `F.nll_loss`",
            hint="Logits do not sum to anything. Where does the softmax come in?",
        ),
    ],
)
