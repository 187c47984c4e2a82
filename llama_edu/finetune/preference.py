"""Preferences: a reward model learned from pairs of answers, and DPO, which needs none.

Somebody said of two answers to the same prompt which one is better: the chosen and the rejected.
N counts answers or pairs, log-probabilities are in nats.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.finetune.instruct.packing import ChatBatch
from llama_edu.finetune.instruct.score import target_log_probs
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED


def answer_log_probabilities(model: Llama, batch: ChatBatch) -> Float[Tensor, " N"]:
    """ln P(answer | prompt) of each example: the sum over its targets that count.

    A sum and not a mean: an answer is as probable as all its tokens together.

    Args:
        model: that might have written the answers.
        batch: of N examples, told apart by `documents`; the order is by row, then by place. An
            example without a target that counts has 0.
    """
    counts, found = batch.targets != IGNORED, target_log_probs(model, batch)
    numbers, n_examples = _example_numbers(batch)
    return found.new_zeros(n_examples).index_add(0, numbers[counts], found[counts])


def reward_loss(
    chosen: Float[Tensor, " N"],
    rejected: Float[Tensor, " N"],
    margin: Float[Tensor, " N"] | float = 0.0,
) -> Float[Tensor, " N"]:
    """How unlikely each preference is under the rewards: -ln sigmoid(chosen - rejected - margin).

    Without a margin it is -ln P(chosen is preferred) in the model of Bradley and Terry.

    Args:
        chosen: rewards of the answers that were preferred.
        rejected: rewards of the others.
        margin: by how much a clear preference should show, 0 or more.

    Source: Bradley and Terry (1952); the margin is that of arXiv:2307.09288, eq. 2.
    """
    return -F.logsigmoid(chosen - rejected - margin)


def dpo_loss(
    chosen: Float[Tensor, " N"],
    rejected: Float[Tensor, " N"],
    reference_chosen: Float[Tensor, " N"],
    reference_rejected: Float[Tensor, " N"],
    beta: float,
) -> Float[Tensor, " N"]:
    """`reward_loss` of each pair, the reward being beta ln(P / P_reference) of an answer.

    ln 2 where the policy is the reference.

    Args:
        chosen: log-probabilities that the policy gives the preferred answers.
        rejected: those that it gives the others.
        reference_chosen: as `chosen`, by the frozen model that it started as.
        reference_rejected: as `rejected`, by the same.
        beta: above 0; the smaller, the farther the policy goes for the same preference.

    Raises:
        ValueError: if `beta` is not above 0.

    Source: arXiv:2305.18290, eq. 7.
    """
    _check_beta(beta)
    return reward_loss(beta * (chosen - reference_chosen), beta * (rejected - reference_rejected))


def best_policy(
    reference: Float[Tensor, "*batch K"], rewards: Float[Tensor, "*batch K"], beta: float
) -> Float[Tensor, "*batch K"]:
    """The log-probabilities with the most reward, less beta times KL(policy || reference).

    They are those of the reference times exp(reward / beta), made to sum to 1.

    Args:
        reference: log-probabilities of K answers, all that there are.
        rewards: of the same answers.
        beta: the price of a nat, above 0.

    Raises:
        ValueError: if `beta` is not above 0.

    Source: arXiv:2305.18290, eq. 4.
    """
    _check_beta(beta)
    return (reference + rewards / beta).log_softmax(-1)


class RewardModel(nn.Module):
    """A LLaMA that gives each answer one number in place of scores for the next token.

    It is read where the last token of the answer would be predicted: all of prompt and answer is
    seen there. Until it is trained every reward is 0.

    Args:
        body: its layers are used and trained, not its output layer. Give a copy if it is needed
            elsewhere.

    Source: arXiv:2307.09288, sec. 3.2.2.
    """

    def __init__(self, body: Llama):
        super().__init__()
        self.body = body
        self.head = nn.Linear(body.config.d_model, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, batch: ChatBatch) -> Float[Tensor, " N"]:
        """The reward of each example, in the order of `answer_log_probabilities`.

        Raises:
            ValueError: if an example has no target that counts, so no answer to judge.
        """
        numbers, n_examples = _example_numbers(batch)
        places = torch.arange(batch.inputs.numel(), device=numbers.device).view_as(numbers)
        counts = batch.targets != IGNORED
        last = torch.full((n_examples,), -1, device=numbers.device)
        last = last.scatter_reduce(0, numbers[counts], places[counts], "amax")
        if (last < 0).any():
            missing = int((last < 0).nonzero()[0])
            raise ValueError(f"example {missing} has no answer: one of its targets must count")
        hidden = self.body.hidden(batch.inputs, mask=batch.mask()).flatten(0, 1)
        return self.head(hidden[last])[:, 0]


def _example_numbers(batch: ChatBatch) -> tuple[Int[Tensor, "B T"], int]:
    """Which of the N examples each token is of, and N; what fills rows up has any number."""
    n_in_row = batch.documents.amax(1) + 1
    before = n_in_row.cumsum(0) - n_in_row
    return before[:, None] + batch.documents, int(n_in_row.sum())


def _check_beta(beta: float) -> None:
    if not beta > 0:
        raise ValueError(f"beta must be above 0, got {beta}")
