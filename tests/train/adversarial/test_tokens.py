"""Swaps are rated by the gradient of a one-hot text, and measured where that is asked for."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.train.adversarial import hotflip, swap_gains


@pytest.fixture
def losses(model, texts):
    """The loss of each text's next token; nothing else is asked of them."""
    wanted = torch.tensor([3, 5, 7])

    def text_losses(tokens, rows):
        return F.cross_entropy(model(tokens)[:, -1], wanted[rows], reduction="none")

    return text_losses


@pytest.fixture
def tokens(texts):
    return texts.inputs


ROWS = torch.arange(3)


def test_gains_are_the_gradient_of_a_text_of_one_hot_rows(model, tokens, losses):
    one_hot = F.one_hot(tokens, 17).double().requires_grad_()
    handle = model.embedding.register_forward_hook(
        lambda module, args, out: one_hot @ module.weight
    )
    (g,) = torch.autograd.grad(losses(tokens, ROWS).sum(), one_hot)
    handle.remove()
    wanted = g - g.gather(2, tokens[..., None])
    torch.testing.assert_close(swap_gains(losses, model, tokens), wanted)


def test_no_swap_gains_nothing(model, tokens, losses):
    gains = swap_gains(losses, model, tokens)
    assert not gains.gather(2, tokens[..., None]).any()


@pytest.mark.parametrize("n_swaps", [0, 1, 3])
def test_so_many_tokens_are_changed_and_all_else_stays(model, tokens, losses, n_swaps):
    kept = tokens.clone()
    changed = hotflip(losses, model, tokens, n_swaps)
    assert ((changed != tokens).sum(dim=1) <= n_swaps).all()
    assert (changed != tokens).any() == (n_swaps > 0)
    assert torch.equal(tokens, kept)


def test_all_swaps_tried_find_the_worst_one(model, tokens, losses):
    changed = hotflip(losses, model, tokens[:1], 1, n_guided=7 * 17)
    every = tokens[:1].repeat(7 * 17, 1)
    every[range(7 * 17), [i // 17 for i in range(7 * 17)]] = torch.tensor(
        [i % 17 for i in range(7 * 17)]
    )
    worst = losses(every, torch.zeros(7 * 17, dtype=torch.long)).max()
    torch.testing.assert_close(losses(changed, ROWS[:1])[0], worst)


def test_more_tries_hurt_more(model, tokens, losses):
    def harm(**tries):
        return losses(hotflip(losses, model, tokens, 2, **tries), ROWS).mean()

    before = losses(tokens, ROWS).mean()
    assert before < harm(n_guided=8) <= harm(n_guided=30) + 0.5
    assert harm(n_guided=8, n_random=30) > before


def test_only_what_is_allowed_is_put_where_it_may_be(model, tokens, losses, texts):
    allowed = torch.arange(17) < 4
    changed = hotflip(
        losses, model, tokens, 2, n_guided=3, n_random=3, allowed=allowed, places=~texts.padding
    )
    is_new = changed != tokens
    assert (changed[is_new] < 4).all() and is_new.any()
    assert not is_new[texts.padding].any()


def test_random_tries_can_be_had_again(model, tokens, losses):
    dice = torch.Generator()
    one, other = (
        hotflip(losses, model, tokens, 2, n_random=5, generator=dice.manual_seed(1))
        for _ in range(2)
    )
    assert torch.equal(one, other)


@pytest.mark.parametrize("arguments, says", [
    ({"n_swaps": 8}, "n_swaps=8 must not be more than the places"),
    ({"n_swaps": 1, "n_guided": 0}, "must be at least 1 together"),
])  # fmt: skip
def test_what_cannot_be_is_refused(model, tokens, losses, arguments, says):
    with pytest.raises(ValueError, match=says):
        hotflip(losses, model, tokens, **arguments)
