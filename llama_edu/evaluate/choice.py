"""Multiple choice by likelihood: the model writes nothing, it only says what it would expect."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from llama_edu.evaluate.likelihood import Tokenizer
from llama_edu.model.llama import Llama

Normalise = Literal["bytes", "tokens"] | None


class Choice(NamedTuple):
    """The option that a model prefers, and how it likes each.

    Args:
        index: of the highest score; of the first of them in a tie.
        scores: ln P(option | prompt) in nats, divided as was asked for; none above 0.
    """

    index: int
    scores: list[float]


@torch.no_grad()
def choose(
    model: Llama,
    tokenizer: Tokenizer,
    prompt: str,
    options: Sequence[str],
    normalise: Normalise = "bytes",
) -> Choice:
    """Choose the option that is likeliest to follow a prompt.

    A long option has more tokens to be wrong about, so its plain likelihood is lower. Divided by
    its bytes or its tokens, the score is a mean over the option.

    choose(model, tokenizer, "The capital of France is", [" Paris", " Rome"])

    Args:
        model: a decoder, in eval mode.
        tokenizer: the model's own.
        prompt: what the options follow, not empty.
        options: each to be read right after the prompt, so mostly with a space in front.
        normalise: divide by the "bytes" of the option, by its "tokens", or by nothing.

    Raises:
        ValueError: if prompt or an option is empty, or `normalise` is none of these.

    Source: per token in GPT-3 (arXiv:2005.14165, sec. 2.4), per character in LLaMA 1
    (arXiv:2302.13971, sec. 3); bytes count alike in every writing and for every tokenizer.
    """
    if normalise not in ("bytes", "tokens", None):
        raise ValueError(f'normalise must be "bytes", "tokens" or None, got {normalise!r}')
    if not prompt or not options or not all(options):
        raise ValueError("the prompt and every option must hold at least one character")
    shared, endings = split_options(tokenizer, prompt, options)
    totals = [losses.sum().item() for losses in option_losses(model, shared, endings)]
    units = {
        "bytes": [len(option.encode()) for option in options],
        "tokens": [len(ending) for ending in endings],
        None: [1] * len(options),
    }[normalise]
    scores = [-total / n for total, n in zip(totals, units, strict=True)]
    return Choice(scores.index(max(scores)), scores)


def split_options(
    tokenizer: Tokenizer, prompt: str, options: Sequence[str]
) -> tuple[list[int], list[list[int]]]:
    """Ids of what stands before every option, and of each option's rest.

    Prompt and option are encoded together, as a text would be, and a token may reach over the
    border between them: a prompt that ends in a space and "Paris" share the token " Paris". All
    options are therefore counted from the first token at which one of them leaves the prompt.
    """
    opening = [tokenizer.bos_id] if tokenizer.add_bos else []
    alone = opening + tokenizer.encode(prompt)
    whole = [opening + tokenizer.encode(prompt + option) for option in options]
    columns = zip(alone, *whole, strict=False)
    n_shared = len([*takewhile(lambda column: len(set(column)) == 1, columns)])
    # The model needs a token to start from, and every option one to be scored by.
    n_shared = max(1, min(n_shared, *(len(ids) - 1 for ids in whole)))
    return whole[0][:n_shared], [ids[n_shared:] for ids in whole]


def option_losses(model: Llama, shared: list[int], endings: list[list[int]]) -> list[Tensor]:
    """-ln P of each token of each ending, in nats; what they share is read only once."""
    device = model.embedding.weight.device
    n_shared, longest = len(shared), max(map(len, endings))
    prompt = model.new_cache(1, n_shared)
    first = model(torch.tensor([shared], device=device), cache=prompt, last_only=True)
    logits = first.expand(len(endings), -1, -1)
    # Zeros behind the shorter endings: no token looks ahead, so they change nothing before them.
    ids = torch.tensor([[*e, *[0] * (longest - len(e))] for e in endings], device=device)
    if longest > 1:
        cache = model.new_cache(len(endings), n_shared + longest)
        cache.keys[:, :, :, :n_shared] = prompt.keys
        cache.values[:, :, :, :n_shared] = prompt.values
        cache.length = n_shared
        logits = torch.cat((logits, model(ids[:, :-1], cache=cache)), dim=1)
    losses = -logits.float().log_softmax(-1).gather(2, ids[:, :, None])[:, :, 0]
    return [row[: len(ending)] for row, ending in zip(losses, endings, strict=True)]
