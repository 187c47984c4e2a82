"""Distillation: the formula, its gradient, and a loss that the trainer takes."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.compress.distill import distill, distillation_loss, teacher_texts
from llama_edu.config import ModelConfig
from llama_edu.data.batches import Batch
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss

SMALL = ModelConfig(
    vocab_size=30, d_model=16, n_layers=1, n_heads=2, n_kv_heads=1, d_ff=24, max_seq_len=32
)
LARGE = ModelConfig(
    vocab_size=30, d_model=24, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=40, max_seq_len=32
)


def logits(n=7, size=11):
    return torch.randn(n, size, requires_grad=True), torch.randn(n, size)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 4.0])
def test_it_is_the_formula(temperature):
    student, teacher = logits()
    p, q = ((x / temperature).softmax(-1) for x in (teacher, student))
    expected = temperature**2 * (p * (p / q).log()).sum(-1).mean()
    torch.testing.assert_close(distillation_loss(student, teacher, temperature), expected)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_its_gradient_is_the_difference_of_probabilities(temperature):
    student, teacher = logits()
    distillation_loss(student, teacher, temperature).backward()
    p, q = ((x / temperature).softmax(-1) for x in (teacher, student.detach()))
    torch.testing.assert_close(student.grad, temperature * (q - p) / len(student))


def test_hot_enough_it_compares_centred_logits():
    student, teacher = logits()
    difference = student.detach() - teacher
    wanted = (difference - difference.mean(-1, keepdim=True)) / difference.numel()
    gaps = []
    for temperature in (1.0, 4.0, 100.0):
        (grad,) = torch.autograd.grad(distillation_loss(student, teacher, temperature), student)
        gaps.append(((grad - wanted).norm() / wanted.norm()).item())
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.02  # what is left falls as 1 / T


def test_a_constant_makes_no_difference():
    _, teacher = logits()
    assert distillation_loss(teacher + 3, teacher).abs() < 1e-6


def test_the_teacher_gets_no_gradient():
    student, teacher = logits()
    teacher.requires_grad_()
    distillation_loss(student, teacher).backward()
    assert teacher.grad is None


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan")])
def test_a_temperature_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="temperature="):
        distillation_loss(*logits(), wrong)


def batch():
    tokens = torch.randint(30, (2, 9))
    return Batch(tokens, torch.zeros_like(tokens))


def test_without_the_teacher_it_is_plain_training(randomize):
    student, teacher = randomize(Llama(SMALL)), randomize(Llama(LARGE), seed=1)
    some = batch()
    ours, n = distill(teacher, alpha=0.0)(student, some)
    expected, n_expected = next_token_loss(student, some)
    torch.testing.assert_close(ours, expected)
    assert n == n_expected


def test_both_parts_are_sums_over_what_counts(randomize):
    student, teacher = randomize(Llama(SMALL)), randomize(Llama(LARGE), seed=1)
    some = batch()

    class Masked:
        inputs, targets, mask = some.inputs, some.targets.clone(), some.mask

    Masked.targets[:, :3] = -100
    ours, n = distill(teacher, 2.0, 0.3)(student, Masked)
    counts = Masked.targets != -100
    mine = student(some.inputs, mask=some.mask())[counts]
    theirs = teacher(some.inputs, mask=some.mask())[counts]
    text = F.cross_entropy(mine, Masked.targets[counts])
    expected = 0.3 * distillation_loss(mine, theirs, 2.0) + 0.7 * text
    assert n == counts.sum() == 10
    torch.testing.assert_close(ours / n, expected)


def test_a_student_comes_nearer_to_its_teacher(randomize):
    student, teacher = Llama(SMALL), randomize(Llama(LARGE), seed=1)
    loss, some = distill(teacher), batch()
    optimizer = torch.optim.AdamW(student.parameters(), 0.02)
    losses = []
    for _ in range(60):
        total, n = loss(student, some)
        optimizer.zero_grad()
        (total / n).backward()
        optimizer.step()
        losses.append((total / n).item())
    assert losses[-1] < 0.2 * losses[0]
    assert all(weight.grad is None for weight in teacher.parameters())


def test_what_cannot_be_is_refused(randomize):
    with pytest.raises(ValueError, match="alpha=1"):
        distill(Llama(SMALL), alpha=1.5)
    other = Llama(ModelConfig(**{**LARGE.__dict__, "vocab_size": 31}))
    with pytest.raises(ValueError, match="scores 31 tokens, the student 30"):
        distill(other)(Llama(SMALL), batch())


def test_a_teacher_writes_texts_that_begin_with_the_prompts(randomize):
    teacher = randomize(Llama(LARGE))
    texts = teacher_texts(teacher, [[1], [2, 3]], 8)
    assert [text[:n] for text, n in zip(texts, (1, 2), strict=True)] == [[1], [2, 3]]
    assert list(map(len, texts)) == [9, 10]
    assert texts == teacher_texts(teacher, [[1], [2, 3]], 8)
    assert texts != teacher_texts(teacher, [[1], [2, 3]], 8, seed=1)
