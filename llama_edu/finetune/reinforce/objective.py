"""GRPO's formulas: advantages within a group, a clipped loss, the weights of tokens, a penalty.

Shapes: P prompts, G answers to each, B = P G answers, T tokens.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

EPSILON = 1e-4  # added to a standard deviation, in units of reward
WEIGHTINGS = ("answer", "token", "constant")


def group_advantages(rewards: Float[Tensor, "P G"], scaled: bool = True) -> Float[Tensor, "P G"]:
    """How much better each answer is than the others to the same prompt.

    (r - mean) / (std + 1e-4), both over the group; the standard deviation divides by G. Where all
    rewards of a group are equal, every advantage is 0: the group teaches nothing.

    group_advantages([[1, 0, 0, 1], [1, 1, 1, 1]]) -> [[1, -1, -1, 1], [0, 0, 0, 0]], but for 1e-4

    Args:
        rewards: of the G answers to each prompt, in any unit.
        scaled: whether to divide by the standard deviation; Dr. GRPO does not.

    Raises:
        ValueError: if a group has fewer than two answers.

    Source: arXiv:2402.03300, sec. 4.1.2; without the division arXiv:2503.20783, sec. 3.2.
    """
    if rewards.ndim != 2 or rewards.shape[1] < 2:
        raise ValueError(
            "rewards must be (prompts, answers) with at least 2 answers to compare, got shape "
            f"{tuple(rewards.shape)}"
        )
    above = rewards - rewards.mean(dim=1, keepdim=True)
    if not scaled:
        return above
    return above / (rewards.std(dim=1, correction=0, keepdim=True) + EPSILON)


def token_weights(
    counts: Bool[Tensor, "B T"], weighting: str = "answer", max_new_tokens: int | None = None
) -> Float[Tensor, "B T"]:
    """What each token of the answers weighs in the loss; 0 where no answer stands.

    Args:
        counts: True at the tokens of an answer, its end included; at least one in each row.
        weighting: "answer", 1 / (B length): every answer weighs the same, a token of a long one
            less (GRPO); "token", 1 / all tokens: every token weighs the same; "constant",
            1 / (B max_new_tokens): so too, and whatever lengths the batch has (Dr. GRPO).
        max_new_tokens: most tokens of an answer; needed for "constant" alone.

    Raises:
        ValueError: if the weighting is unknown, or "constant" without a length.

    Source: arXiv:2402.03300, eq. 3; arXiv:2503.14476, sec. 3.3; arXiv:2503.20783, sec. 3.2.
    """
    if weighting not in WEIGHTINGS:
        raise ValueError(f"weighting={weighting!r} must be one of {', '.join(WEIGHTINGS)}")
    if weighting == "constant" and not max_new_tokens:
        raise ValueError(
            'weighting="constant" divides by max_new_tokens: give the most tokens of an answer'
        )
    n_answers = len(counts)
    parts = {
        "answer": n_answers * counts.sum(dim=1, keepdim=True).clamp(min=1),
        "token": counts.sum().clamp(min=1),
        "constant": n_answers * (max_new_tokens or 1),
    }
    return counts / parts[weighting]


def policy_loss(
    log_probs: Float[Tensor, "B T"],
    old_log_probs: Float[Tensor, "B T"],
    advantages: Float[Tensor, " B"],
    weights: Float[Tensor, "B T"],
    clip: float = 0.2,
) -> Float[Tensor, ""]:
    """The clipped objective, to be made small.

    - sum of weight min(ratio A, clamp(ratio, 1 - clip, 1 + clip) A), ratio = exp(new - old). A step
    that has already made a good answer's token more likely by `clip` gains nothing by more, nor one
    that has made a bad one's as much less likely.

    Args:
        log_probs: of the sampled tokens under the model that learns, in nats.
        old_log_probs: under the model that sampled; no gradient flows into them.
        advantages: of each answer.
        weights: of each token, from `token_weights`.
        clip: how far a ratio may go from 1.

    Source: PPO, arXiv:1707.06347, eq. 7, without a value network: arXiv:2402.03300, eq. 3.
    """
    ratios = (log_probs - old_log_probs.detach()).exp()
    gains = advantages[:, None]
    clipped = ratios.clamp(1 - clip, 1 + clip)
    return -(weights * torch.minimum(ratios * gains, clipped * gains)).sum()


def kl_estimate(
    log_probs: Float[Tensor, "*batch"], reference: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch"]:
    """How far the model is from a reference at each sampled token, in nats; never below 0.

    q / p - 1 - log(q / p), p the model's probability of the token and q the reference's. Over
    tokens drawn from p its mean is KL(p || q). Its *gradient*, taken as a loss on such tokens, is
    on average that of KL(q || p).

    Args:
        log_probs: of the sampled tokens under the model that learns.
        reference: of the same tokens under the reference; no gradient flows into them.

    Source: arXiv:2402.03300, eq. 4.
    """
    log_ratio = reference.detach() - log_probs
    return log_ratio.expm1() - log_ratio
