"""Sample answers, have them judged, take a step: the whole loop of GRPO.

Shapes: P prompts, G answers to each, B = P G answers, T tokens.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from llama_edu.finetune.instruct.examples import Example
from llama_edu.finetune.instruct.packing import ChatBatch, packed_batch
from llama_edu.finetune.instruct.score import target_log_probs
from llama_edu.finetune.reinforce.objective import (
    group_advantages,
    kl_estimate,
    policy_loss,
    token_weights,
)
from llama_edu.generate import generate
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED


@dataclass(frozen=True)
class Prompt:
    """What is asked, and how an answer is judged.

    Args:
        ids: all that stands before the answer.
        reward: ids of an answer, with the token that ends it if it has one -> reward.
    """

    ids: list[int]
    reward: Callable[[list[int]], float]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to learn from rewards.

    Args:
        n_answers: G, sampled for each prompt.
        max_new_tokens: an answer is cut off there, and then has no end.
        end: id of the token that ends an answer.
        lr: learning rate of AdamW; no weight decay.
        n_updates: steps on the same answers; from the second on, ratios differ from 1.
        clip: how far a ratio may go from 1.
        kl_weight: of the penalty for leaving the reference; 0 needs no reference.
        scaled: whether advantages are divided by the group's standard deviation.
        weighting: of tokens, see `token_weights`.
    """

    n_answers: int = 8
    max_new_tokens: int
    end: int
    lr: float = 3e-4
    n_updates: int = 1
    clip: float = 0.2
    kl_weight: float = 0.0
    scaled: bool = True
    weighting: str = "answer"


@dataclass(frozen=True)
class Taken:
    """What one step saw.

    Args:
        reward: mean over all answers.
        mixed: share of the prompts whose answers did not all have the same reward.
        length: mean tokens of an answer, its end included.
        loss: at the last update.
        kl: mean estimate over tokens at the last update, in nats; 0 without a reference.
    """

    reward: float
    mixed: float
    length: float
    loss: float
    kl: float


def sample_answers(
    model: Llama,
    prompts: Sequence[Sequence[int]],
    settings: Settings,
    generator: torch.Generator | None = None,
) -> list[list[int]]:
    """G answers to each prompt, those of a prompt side by side, drawn as the model believes.

    The temperature is 1 and nothing is cut off the probabilities: the loss takes it that the
    answers came from the very probabilities it computes. An answer ends with `settings.end`, or
    without one where it was cut off.
    """
    asked = [prompt for prompt in prompts for _ in range(settings.n_answers)]
    most = settings.max_new_tokens
    written = generate(model, asked, most, temperature=1.0, stop=settings.end, generator=generator)
    return [ids if len(ids) == most else [*ids, settings.end] for ids in written]


def answered_batch(prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> ChatBatch:
    """A row for each answer, after its prompt; the tokens of answers alone are targets.

    Args:
        prompts: P of them.
        answers: P G of them, those of a prompt side by side.
    """
    n_answers = len(answers) // len(prompts)
    rows = []
    for i, answer in enumerate(answers):
        prompt = prompts[i // n_answers]
        inputs = [*prompt, *answer][:-1]
        rows.append([Example(inputs, [IGNORED] * (len(prompt) - 1) + list(answer))])
    return packed_batch(rows)


def grpo_step(
    model: Llama,
    optimizer: torch.optim.Optimizer,
    prompts: Sequence[Prompt],
    settings: Settings,
    generator: torch.Generator | None = None,
    reference: Llama | None = None,
) -> Taken:
    """Sample, judge, and move the model towards the answers that were better than their group.

    Args:
        model: trained in place.
        optimizer: of its weights.
        prompts: P of them.
        settings: see there.
        generator: of the answers.
        reference: the model as it was before; needed where `kl_weight` is not 0.

    Raises:
        ValueError: if there is a KL weight and no reference.
    """
    if settings.kl_weight and reference is None:
        raise ValueError(
            f"kl_weight={settings.kl_weight} needs a reference: give a copy of the model as it was"
        )
    asked = [prompt.ids for prompt in prompts]
    answers = sample_answers(model, asked, settings, generator)
    judges = [prompt.reward for prompt in prompts for _ in range(settings.n_answers)]
    rewards = torch.tensor([judge(a) for judge, a in zip(judges, answers, strict=True)])
    groups = rewards.float().view(len(prompts), settings.n_answers)
    advantages = group_advantages(groups, settings.scaled).flatten()
    batch = answered_batch(asked, answers)
    counts = batch.targets != IGNORED
    weights = token_weights(counts, settings.weighting, settings.max_new_tokens)
    kl = torch.zeros(())
    with torch.no_grad():
        aim = target_log_probs(reference, batch) if reference is not None else None
    old = None
    for _ in range(settings.n_updates):
        new = target_log_probs(model, batch)
        old = new.detach() if old is None else old  # the first pass is by the model that sampled
        loss = policy_loss(new, old, advantages, weights, settings.clip)
        if aim is not None:
            penalties = kl_estimate(new, aim)
            loss = loss + settings.kl_weight * (weights * penalties).sum()
            kl = penalties.detach()[counts].mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return Taken(
        reward=groups.mean().item(),
        mixed=(groups.std(dim=1) > 0).float().mean().item(),
        length=counts.sum().item() / len(answers),
        loss=loss.item(),
        kl=kl.item(),
    )


def reinforce(
    model: Llama,
    ask: Callable[[int], Sequence[Prompt]],
    settings: Settings,
    n_steps: int,
    seed: int = 0,
    reference: Llama | None = None,
    after: Callable[[int, Taken], None] = lambda step, taken: None,
) -> None:
    """Steps of GRPO, each on prompts of its own.

    Args:
        model: trained in place.
        ask: number of a step, from 1 -> its prompts.
        settings: see there.
        n_steps: how many.
        seed: of the answers: one seed, one run.
        reference: see `grpo_step`.
        after: called after each step with its number and what it saw.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.lr, betas=(0.9, 0.99), weight_decay=0.0
    )
    for step in range(1, n_steps + 1):
        after(step, grpo_step(model, optimizer, ask(step), settings, generator, reference))
