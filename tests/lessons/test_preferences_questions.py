"""Lesson 19's questions: held to the package; other forms are right, likely slips are named."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.outcomes import make_cases
from llama_edu.course.checking.questions import find_question
from llama_edu.finetune.instruct.packing import ChatBatch
from llama_edu.finetune.preference import answer_log_probabilities


def question(name):
    return find_question(f"preferences.{name}")


def ask(name, answer):
    return diagnose(question(name), answer)


class Looked:
    """Stands for a model: its logits are given."""

    def __init__(self, logits):
        self.logits = logits

    def hidden(self, _inputs, mask=None):
        return self.logits

    def output(self, hidden):
        return hidden


def test_log_probability_is_the_packages():
    for seed in range(3):
        for case in make_cases(question("log_probability"), seed):
            targets = case["targets"]
            batch = ChatBatch(targets, targets, torch.zeros_like(targets))
            expected = answer_log_probabilities(Looked(case["logits"]), batch)
            got = question("log_probability").reference(**case)
            torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)


def by_loop(logits, targets):
    found = torch.zeros(len(logits))
    for n, row in enumerate(targets):
        for place, target in enumerate(row):
            if target != -100:
                found[n] += logits[n, place].log_softmax(-1)[target]
    return found


def by_softplus(chosen, rejected, margins):
    return F.softplus(rejected + margins - chosen).mean()


def by_two_ratios(policy, reference, beta):
    chosen, rejected = policy - reference
    return F.softplus(beta * (rejected - chosen)).mean(), (chosen > rejected).float().mean()


def by_logsumexp(reference, rewards, beta):
    scores = rewards / beta + reference
    return scores - scores.logsumexp(-1, keepdim=True)


def by_max(rewards, truths, k):
    best, places = rewards[:, :k].max(-1)
    return best.mean(), truths.gather(1, places[:, None]).mean()


def by_filling(policy, reference, is_answer):
    return (policy - reference).masked_fill(~is_answer, 0).sum() / len(policy)


@pytest.mark.parametrize("name, answer", [
    ("log_probability", by_loop), ("ranking_loss", by_softplus), ("dpo", by_two_ratios),
    ("best", by_logsumexp), ("best_of", by_max), ("kl", by_filling),
])  # fmt: skip
def test_other_forms_are_right(name, answer):
    assert ask(name, answer).ok


def cross_entropies(logits, targets):
    return F.cross_entropy(logits.transpose(1, 2), targets, reduction="none").sum(-1)


def log_of_one_and_exp(chosen, rejected, margins):
    return torch.log(1 + torch.exp(rejected + margins - chosen)).mean()


def probabilities_multiplied(reference, rewards, beta):
    weights = reference.exp() * torch.exp(rewards / beta)
    return (weights / weights.sum(-1, keepdim=True)).log()


def indexed_and_averaged(policy, reference, is_answer):
    return (policy - reference)[is_answer].mean()


@pytest.mark.parametrize("name, answer, slip", [
    ("log_probability", cross_entropies, "loss"),
    ("ranking_loss", log_of_one_and_exp, "log_of_sigmoid"),
    ("best", probabilities_multiplied, "overflow"),
    ("kl", indexed_and_averaged, "mean_over_tokens"),
])  # fmt: skip
def test_a_slip_written_otherwise_is_named(name, answer, slip):
    assert ask(name, answer).misconception == slip
