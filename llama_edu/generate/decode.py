"""The decoding loop: read the prompt once, then one token at a time on a KV cache."""

import operator
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from llama_edu.generate.compiled import compiled_step
from llama_edu.generate.sampling import check_settings, choose, penalize_repeats
from llama_edu.model.llama import Llama
from llama_edu.reading import shown

Prompts = Int[Tensor, "B T"] | Sequence[Sequence[int]]


@torch.inference_mode()
def stream(
    model: Llama,
    tokens: Prompts,
    max_new_tokens: int,
    *,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    repetition_penalty: float = 1.0,
    stop: Collection[int] = (),
    generator: torch.Generator | Sequence[torch.Generator] | None = None,
    compiled: bool = False,
) -> Iterator[list[int | None]]:
    """Yield the next token of every prompt as soon as it is known; None for one that has ended.

    Args:
        model: in eval mode or not; LLaMA has no dropout.
        tokens: ids (B, T), or B lists of ids, which may differ in length.
        max_new_tokens: most tokens to write after each prompt.
        temperature: 0 for greedy, 1 for the model's own probabilities.
        top_k: sample among the k likeliest tokens only.
        top_p: sample among the likeliest tokens that reach this probability together, in (0, 1].
        min_p: sample among tokens at least this fraction as likely as the likeliest, in [0, 1].
        repetition_penalty: > 1 makes tokens of the prompt and the answer less likely.
        stop: ids that end a text, or one; they are not yielded.
        generator: source of chance. With a list of one a prompt, each prompt of a batch is given
            the very answer that it gets alone.

    Raises:
        ValueError: if an argument is of another kind, a setting out of range, a prompt empty, or
            prompt and answer together exceed the model's context.
    """
    check_settings(temperature, top_k, top_p, min_p, repetition_penalty)
    generators = generator if isinstance(generator, Sequence) else [generator]
    prompts, ends = as_prompts(tokens), as_stop(stop)
    _check_arguments(model, max_new_tokens, generators)
    _check_prompts(model, prompts, max_new_tokens, n_generators=len(generators))
    batch, n_padding = _pad_left(prompts, model.embedding.weight.device)
    cache = model.new_cache(len(prompts), batch.shape[1] + max_new_tokens, n_padding)
    is_used = None
    if repetition_penalty != 1:
        is_used = batch.new_zeros((len(prompts), model.config.vocab_size), dtype=torch.bool)
        for row, prompt in zip(is_used, prompts, strict=True):
            row[prompt] = True
    has_ended = [False] * len(prompts)
    step = partial(model, cache=cache, last_only=True)
    for n_written in range(max_new_tokens):
        logits = step(batch)[:, -1]
        if compiled and n_written == 0:  # the prompt is read
            step = compiled_step(model, cache, max_new_tokens)
        if is_used is not None:
            logits = penalize_repeats(logits, is_used, repetition_penalty)
        chosen = choose(logits, temperature, top_k, top_p, min_p, generators)
        batch = chosen[:, None]
        if is_used is not None:
            is_used.scatter_(1, batch, True)
        ids = chosen.tolist()
        has_ended = [ended or i in ends for ended, i in zip(has_ended, ids, strict=True)]
        if all(has_ended):
            return
        yield [None if ended else i for ended, i in zip(has_ended, ids, strict=True)]


def generate(model: Llama, tokens: Prompts, max_new_tokens: int, **settings) -> list[list[int]]:
    """Write up to `max_new_tokens` ids after each prompt; return the new ids alone.

    `generate(model, [[1, 2]], 3)` -> [[7, 4, 9]]. Arguments and errors are those of `stream`.
    """
    prompts = as_prompts(tokens)
    answers: list[list[int]] = [[] for _ in prompts]
    for ids in stream(model, prompts, max_new_tokens, **settings):
        for answer, i in zip(answers, ids, strict=True):
            if i is not None:
                answer.append(i)
    return answers


def as_prompts(tokens: Prompts) -> list[list[int]]:
    """A batch of prompts as lists of ids, from lists, arrays or tensors.

    Raises:
        ValueError: if it is something else, such as one prompt without a list around it.
    """
    if isinstance(tokens, str | bytes):
        raise ValueError(f"tokens must be ids, got the text {shown(tokens)}: encode it first")
    try:
        prompts = [_plain(prompt) for prompt in _plain(tokens)]
        if prompts and all(isinstance(prompt, int) for prompt in prompts):
            raise ValueError(
                f"tokens must be a batch, a list of prompts, got one prompt: [{shown(prompts)}]"
            )
        if any(isinstance(prompt, str | bytes) for prompt in prompts):
            raise TypeError
        return [[operator.index(i) for i in prompt] for prompt in prompts]
    except TypeError:
        raise ValueError(f"tokens must be B lists of ids, got {shown(tokens)}") from None


def as_stop(stop: Collection[int] | int | None) -> set[int]:
    """The ids that end a text, from any collection of ids, or one id.

    Raises:
        ValueError: if they are no ids.
    """
    if stop is None:
        return set()
    try:
        stop = _plain(stop)
        return {operator.index(i) for i in ([stop] if isinstance(stop, int) else stop)}
    except TypeError:
        raise ValueError(
            f"stop must hold ids, got {shown(stop)}; texts that end an answer are stop_strings of "
            "stream_text"
        ) from None


def _plain(values: Any) -> Any:
    return values.tolist() if hasattr(values, "tolist") else values


def _check_arguments(model: Any, max_new_tokens: Any, generators: Sequence[Any]) -> None:
    if not hasattr(model, "new_cache"):
        hint = ": pass its .model" if hasattr(model, "model") else ""
        raise ValueError(f"model must be a Llama, got {type(model).__name__}{hint}")
    if not isinstance(max_new_tokens, int):
        raise ValueError(f"max_new_tokens must be a whole number, got {shown(max_new_tokens)}")
    for generator in generators:
        if generator is not None and not isinstance(generator, torch.Generator):
            raise ValueError(
                "generator must be a torch.Generator, such as torch.Generator().manual_seed(0), "
                f"got {shown(generator)}"
            )


def _pad_left(
    prompts: list[list[int]], device: torch.device
) -> tuple[Int[Tensor, "B T"], Int[Tensor, " B"] | None]:
    """Right-align prompts, so that all of them end where the answers begin."""
    longest = max(map(len, prompts))
    n_padding = [longest - len(prompt) for prompt in prompts]
    batch = [[0] * n + prompt for n, prompt in zip(n_padding, prompts, strict=True)]
    padding = torch.tensor(n_padding, device=device) if any(n_padding) else None
    return torch.tensor(batch, device=device, dtype=torch.long), padding


def _check_prompts(
    model: Llama, prompts: list[list[int]], max_new_tokens: int, n_generators: int
) -> None:
    config = model.config
    if not prompts or not all(prompts):
        raise ValueError("every prompt needs at least one token, got an empty one")
    longest = max(map(len, prompts))
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens must be at least 1, got {max_new_tokens}")
    if longest + max_new_tokens > config.max_seq_len:
        raise ValueError(
            f"a prompt of {longest} tokens and max_new_tokens={max_new_tokens} exceed the "
            f"model's context of {config.max_seq_len}"
        )
    largest, smallest = max(map(max, prompts)), min(map(min, prompts))
    if smallest < 0 or largest >= config.vocab_size:
        wrong = smallest if smallest < 0 else largest
        raise ValueError(f"token {wrong} is not in [0, vocab_size={config.vocab_size})")
    if n_generators not in (1, len(prompts)):
        raise ValueError(
            f"{n_generators} generators for {len(prompts)} prompts: give 1 or one each"
        )
