"""Lesson 16: right answers in other words, and what learners wrote instead."""

import math

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question

INF = math.inf


def verdict(name, answer):
    return diagnose(find_question(f"adversarial.{name}"), answer)


def unit(g):
    """Each text's gradient made one long; 0 stays 0."""
    lengths = torch.stack([torch.linalg.vector_norm(text) for text in g])
    return g / torch.where(lengths > 0, lengths, 1.0)[:, None, None]


def steepest(gradient, epsilon, p):
    return epsilon * (unit(gradient) if p == 2 else torch.sign(gradient))


def project(shift, epsilon):
    lengths = shift.flatten(1).norm(dim=1)
    is_out = lengths > epsilon
    shift = shift.clone()
    shift[is_out] *= (epsilon / lengths[is_out])[:, None, None]
    return shift


def squashed(x, weight):
    return torch.tanh(x).mean(1) @ weight.T


def ascent(padding, move, loss=None, n_steps=1):
    """PGD, written otherwise: `move(r, g)` gives the next r."""

    def run(x, weight, targets):
        r = torch.zeros_like(x)
        for _ in range(n_steps):
            moved = (x + r).detach().requires_grad_(True)
            logits = squashed(moved, weight)
            (loss or F.cross_entropy)(logits, targets).backward()
            r = move(r, moved.grad)
        return r

    return run


def pgd(x, weight, targets, padding, epsilon, step_size, n_steps):
    def move(r, g):
        g = g * (~padding).unsqueeze(-1)
        return project(r + steepest(g, step_size, 2), epsilon)

    return ascent(padding, move, n_steps=n_steps)(x, weight, targets)


def adversarial_softmax(hidden, output_weight, targets, epsilon):
    logits = hidden @ output_weight.T
    rows = torch.arange(len(hidden))
    logits[rows, targets] -= (
        epsilon * (hidden**2).sum(-1).sqrt() * (output_weight**2).sum(-1).sqrt()[targets]
    )
    return -logits.log_softmax(-1)[rows, targets].mean()


def symmetric_divergence(logits, other):
    log_p, log_q = F.log_softmax(logits, 1), F.log_softmax(other, 1)
    return (
        F.kl_div(log_p, log_q, log_target=True, reduction="none")
        + F.kl_div(log_q, log_p, log_target=True, reduction="none")
    ).sum(dim=1)


@pytest.mark.parametrize("name, answer", [
    ("steepest", steepest),
    ("steepest", lambda gradient, epsilon, p: epsilon * gradient.sign() if p == INF else
     epsilon * F.normalize(gradient.flatten(1), dim=1, eps=1e-30).view_as(gradient)),
    ("steepest", lambda gradient, epsilon, p: epsilon * torch.sign(gradient) if p != 2 else
     (epsilon * gradient / gradient.pow(2).sum((1, 2), keepdim=True).sqrt()).nan_to_num(0.0)),
    ("project", project),
    ("project", lambda shift, epsilon: shift * torch.minimum(torch.tensor(1.0),
     epsilon / (shift.norm(dim=(1, 2), keepdim=True) + 1e-12))),
    ("pgd", pgd),
    ("adversarial_softmax", adversarial_softmax),
    ("symmetric_divergence", symmetric_divergence),
    ("symmetric_divergence", lambda logits, other: ((logits.softmax(-1) - other.softmax(-1))
     * (logits.log_softmax(-1) - other.log_softmax(-1))).sum(-1)),
])  # fmt: skip
def test_right_answers_in_other_words_pass(name, answer):
    assert verdict(name, answer).ok


def stepping(move, loss=None):
    """A learner's PGD whose step is `move(r, g, padding, epsilon, step_size)`."""

    def answer(x, weight, targets, padding, epsilon, step_size, n_steps):
        def step(r, g):
            return move(r, g, padding, epsilon, step_size)

        return ascent(padding, step, loss, n_steps)(x, weight, targets)

    return answer


def without_padding(g, padding):
    return g.masked_fill(padding[..., None], 0)


def negative_log(hidden, output_weight, targets, epsilon):
    places = torch.arange(len(targets))
    logits = hidden @ output_weight.T
    logits[places, targets] -= epsilon * output_weight[targets].norm(dim=1) * hidden.norm(dim=1)
    return -logits.softmax(1)[places, targets].log().mean()


def divergence_one_way_twice(logits, other):
    log_p, log_q = logits.log_softmax(-1), other.log_softmax(-1)
    return 2 * F.kl_div(log_p, log_q, reduction="none", log_target=True).sum(-1)


@pytest.mark.parametrize("name, answer, misconception", [
    ("adversarial_softmax", negative_log, "probability_logged"),
    ("symmetric_divergence", divergence_one_way_twice, "one_way_twice"),
    ("steepest", lambda gradient, epsilon, p: epsilon * gradient / gradient.norm() if p == 2
     else epsilon * gradient.sign(), "over_the_batch"),
    ("steepest", lambda gradient, epsilon, p: epsilon * F.normalize(gradient, dim=-1, eps=1e-30)
     if p == 2 else epsilon * gradient.sign(), "per_token"),
    ("steepest", lambda gradient, epsilon, p: epsilon * gradient.sign(), "sign_for_all"),
    ("steepest", lambda gradient, epsilon, p: epsilon * gradient / (gradient.norm(dim=(1, 2),
     keepdim=True) + 1e-8) if p == 2 else epsilon * gradient.sign(), "guard_too_large"),
    ("steepest", lambda gradient, epsilon, p: -epsilon * unit(gradient) if p == 2
     else -epsilon * gradient.sign(), "downhill"),
    ("steepest", lambda gradient, epsilon, p: gradient.sign() if p == INF
     else epsilon * unit(gradient), "sign_without_epsilon"),
    ("project", lambda shift, epsilon: shift.clamp(-epsilon, epsilon), "entries_clamped"),
    ("project", lambda shift, epsilon: shift if shift.norm() <= epsilon
     else epsilon * shift / shift.norm(), "over_the_batch"),
    ("project", lambda shift, epsilon: epsilon * unit(shift), "always_to_the_border"),
    ("project", lambda shift, epsilon: epsilon * shift / shift.norm(dim=(1, 2), keepdim=True),
     "always_divided"),
    ("project", lambda shift, epsilon: shift.renorm(2, 0, epsilon), None),
    ("pgd", stepping(lambda r, g, padding, epsilon, size: project(r + steepest(
     g, size, 2), epsilon)), "padding_moved"),
    ("pgd", stepping(lambda r, g, padding, epsilon, size: r + steepest(
     without_padding(g, padding), size, 2)), "no_projection"),
    ("pgd", stepping(lambda r, g, padding, epsilon, size: project(r - steepest(
     without_padding(g, padding), size, 2), epsilon)), "downhill"),
    ("pgd", stepping(lambda r, g, padding, epsilon, size: project(steepest(
     without_padding(g, padding), size, 2), epsilon)), "steps_from_zero"),
    ("pgd", stepping(lambda r, g, padding, epsilon, size: without_padding(project(r + steepest(
     g, size, 2), epsilon), padding)), None),
    ("adversarial_softmax", lambda hidden, output_weight, targets, epsilon: F.cross_entropy(
     (1 - epsilon * F.one_hot(targets, len(output_weight))) * (hidden @ output_weight.T), targets),
     "epsilon_of_the_logit"),
    ("adversarial_softmax", lambda hidden, output_weight, targets, epsilon: F.cross_entropy(
     hidden @ output_weight.T - epsilon * (output_weight[targets].norm(dim=1)
     * hidden.norm(dim=1))[:, None], targets), "no_adversary"),
    ("adversarial_softmax", lambda hidden, output_weight, targets, epsilon: F.cross_entropy(
     hidden @ output_weight.T - epsilon * F.one_hot(targets, len(output_weight)), targets), None),
    ("symmetric_divergence", lambda logits, other: F.kl_div(other.log_softmax(-1),
     logits.softmax(-1), reduction="none").sum(-1), "one_way"),
    ("symmetric_divergence", lambda logits, other: ((logits.softmax(-1) - other.softmax(-1))
     * (logits.softmax(-1).log() - other.softmax(-1).log())).sum(-1), "probabilities_logged"),
    ("symmetric_divergence", lambda logits, other: 0.5 * symmetric_divergence(logits, other),
     "halved"),
])  # fmt: skip
def test_a_likely_slip_is_named_or_at_least_not_misread(name, answer, misconception):
    told = verdict(name, answer)
    assert not told.ok
    assert told.misconception == misconception


def test_two_slips_in_the_fall_are_both_named():
    def answer(hidden, output_weight, targets, epsilon):
        fall = epsilon * output_weight[targets].norm(dim=-1)
        is_target = F.one_hot(targets, len(output_weight))
        return F.cross_entropy(hidden @ output_weight.T + fall[:, None] * is_target, targets)

    assert verdict("adversarial_softmax", answer).misconception == "raised + no_hidden_length"
