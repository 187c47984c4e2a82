"""Each loss is what its formula says, has the gradient of that, and can be trained on."""

import math

import pytest
import torch
from torch import nn

from llama_edu.train.adversarial import (
    fgm,
    free_lb,
    neftune,
    pgd,
    random_noise,
    random_shift,
    shifted,
    sizes,
    smart,
    steepest,
    text_units,
    vat,
    worst_shift,
)
from llama_edu.train.adversarial.embeddings import embedding_gradient
from llama_edu.train.loss import next_token_loss

LOSSES = {
    "fgm": fgm(next_token_loss, 0.3), "fgsm": fgm(next_token_loss, 0.3, math.inf),
    "fgm on one entry": fgm(next_token_loss, 0.3, 1), "pgd": pgd(next_token_loss, 0.3),
    "noise": random_noise(next_token_loss, 0.3), "free_lb": free_lb(next_token_loss, 0.3),
    "neftune": neftune(next_token_loss), "vat": vat(next_token_loss, 0.3),
    "rpt": vat(next_token_loss, 0.3, n_power=0), "smart": smart(next_token_loss, 0.3),
}  # fmt: skip
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def gradients(model, total):
    return torch.autograd.grad(total, list(model.parameters()))


def at(shift, model, texts):
    with shifted(model, shift):
        return next_token_loss(model, texts)


@each_loss
def test_a_loss_counts_the_same_targets_and_reaches_every_weight(loss, model, texts):
    model.train()
    total, n_targets = loss(model, texts)
    assert n_targets == 14
    assert all(gradient.isfinite().all() for gradient in gradients(model, total))
    assert gradients(model, loss(model, texts)[0])[0].any()


@each_loss
def test_a_loss_goes_down_when_trained_on(loss, model, texts):
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    losses = []
    for _ in range(12):
        total, n_targets = loss(model, texts)
        optimizer.zero_grad()
        (total / n_targets).backward()
        optimizer.step()
        losses.append(total.item())
    assert losses[-1] < 0.8 * losses[0]


def test_fgm_is_half_the_loss_and_half_that_one_step_away(model, texts):
    g = embedding_gradient(next_token_loss, model, texts, torch.zeros(3, 7, 12).double())
    shift = steepest(g, 0.3 * text_units(model, texts), 2)
    worst, clean = at(shift, model, texts)[0], next_token_loss(model, texts)[0]
    torch.testing.assert_close(fgm(next_token_loss, 0.3)(model, texts)[0], (worst + clean) / 2)
    only_worst = fgm(next_token_loss, 0.3, clean_share=0)
    torch.testing.assert_close(only_worst(model, texts)[0], worst)
    assert worst > clean


def test_the_search_is_no_part_of_the_gradient(model, texts):
    """r is a constant (Danskin): the gradient is that of the loss at the worst place."""
    shift = worst_shift(next_token_loss, model, texts, 0.3, n_steps=3)
    wanted = gradients(model, at(shift, model, texts)[0])
    got = gradients(model, pgd(next_token_loss, 0.3, clean_share=0)(model, texts)[0])
    torch.testing.assert_close(got, wanted)


def test_noise_has_the_size_that_the_adversary_has(model, texts):
    adversary = worst_shift(next_token_loss, model, texts, 0.3)
    noise = random_shift(model, texts, 0.3)
    torch.testing.assert_close(sizes(noise, 2), sizes(adversary, 2), rtol=1e-5, atol=0)
    torch.testing.assert_close(noise.std(), adversary.std(), rtol=0.05, atol=0)


def test_free_lb_has_the_mean_of_the_gradients_on_its_way(model, texts):
    epsilon, n_steps = 0.3, 3
    generator = torch.Generator().manual_seed(4)
    total, _ = free_lb(next_token_loss, epsilon, n_steps, 0.2, generator)(model, texts)
    got = gradients(model, total)
    shift = random_shift(model, texts, epsilon, generator=generator.manual_seed(4))
    unit, summed = text_units(model, texts), [0.0] * len(got)
    for _ in range(n_steps):
        here = gradients(model, at(shift, model, texts)[0])
        summed = [a + b / n_steps for a, b in zip(summed, here, strict=True)]
        g = embedding_gradient(next_token_loss, model, texts, shift)
        shift = shift + steepest(g, 0.2 * unit, 2)
        shift = shift * (epsilon * unit / sizes(shift, 2)).clamp(max=1)[:, None, None]
    # The loss is summed in fp32 and the three gradients in another order.
    torch.testing.assert_close(got, tuple(summed), rtol=1e-5, atol=1e-6)


def test_free_lb_moves_no_padding(model, texts):
    seen = []

    def watched(model, batch):
        seen.append(model.embedding(batch.inputs) - model.embedding.weight[batch.inputs])
        return next_token_loss(model, batch)

    free_lb(watched, 0.3)(model, texts)
    assert len(seen) == 3
    assert not any(shift[texts.padding].any() for shift in seen)


class Dropped(nn.Module):
    """A model with dropout, as others have it."""

    def __init__(self, model):
        super().__init__()
        self.model, self.dropout = model, nn.Dropout(0.5)
        self.masks = []

    @property
    def embedding(self):
        return self.model.embedding

    def forward(self, tokens, **options):
        self.masks.append(self.dropout(torch.ones(64)))
        return self.model(tokens, **options)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "neftune"])
def test_all_passes_of_a_loss_have_one_dropout_mask_and_two_steps_have_two(name, model, texts):
    dropped = Dropped(model).train()
    LOSSES[name](dropped, texts)
    n_passes = len(dropped.masks)
    assert n_passes > 1
    assert all(torch.equal(mask, dropped.masks[0]) for mask in dropped.masks)
    LOSSES[name](dropped, texts)
    assert not torch.equal(dropped.masks[n_passes], dropped.masks[0])


def test_neftune_is_that_of_transformers(model, texts):
    neftune_hook = pytest.importorskip("transformers.integrations.neftune")
    bare = type(texts)(texts.inputs, texts.targets, torch.zeros_like(texts.padding))
    model.train()
    model.embedding.neftune_noise_alpha = 5.0
    handle = model.embedding.register_forward_hook(neftune_hook.neftune_post_forward_hook)
    torch.manual_seed(1)
    wanted, _ = next_token_loss(model.float(), bare)
    handle.remove()
    torch.manual_seed(1)
    got, _ = neftune(next_token_loss, 5.0)(model, bare)
    torch.testing.assert_close(got, wanted)


def test_neftune_is_as_large_as_its_formula_and_switched_off_in_eval_mode(model, texts):
    seen = []

    def watched(model, batch):
        seen.append((model.embedding(batch.inputs) - model.embedding.weight[batch.inputs]).detach())
        return next_token_loss(model, batch)

    noisy = neftune(watched, 5.0)
    model.train()
    for _ in range(300):
        noisy(model, texts)
    noise = torch.stack(seen)
    for row, n_tokens in enumerate((7, 5, 2)):
        assert noise[:, row].abs().max() <= 5 / math.sqrt(n_tokens * 12) * (1 + 1e-6)
        # The mean of 300 lengths, each of which spreads by 5 to 10 %.
        length = noise[:, row].flatten(1).norm(dim=1).mean().item()
        assert length == pytest.approx(5 / math.sqrt(3), rel=0.02)
    assert not noise[:, texts.padding].any()
    noisy(model.eval(), texts)
    assert not seen[-1].any()
