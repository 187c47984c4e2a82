"""Llama: never looks ahead, ignores padding, learns, and keeps its precision where it matters."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from llama_edu.config import PRESETS
from llama_edu.model import rope
from llama_edu.model.llama import Llama


@pytest.mark.parametrize("t", range(1, 5))
def test_later_tokens_change_no_earlier_logit(model, t):
    tokens = torch.randint(31, (2, 5))
    changed = tokens.clone()
    changed[:, t:] = (tokens[:, t:] + 1) % 31
    before, after = model(tokens), model(changed)
    assert torch.equal(before[:, :t], after[:, :t])
    assert (before[:, t:] != after[:, t:]).any(dim=-1).all()


@pytest.mark.parametrize("t", range(5))
def test_no_gradient_reaches_a_later_token(model, t):
    tokens = torch.tensor(
        [[3, 1, 4, 15, 9]]
    )  # all different, so each row of the table is one token
    model(tokens)[0, t].square().sum().backward()
    per_token = model.embedding.weight.grad[tokens[0]].norm(dim=-1)
    assert (per_token[: t + 1] > 0).all()
    assert (per_token[t + 1 :] == 0).all()


def test_left_padded_rows_equal_each_row_alone(model):
    rows = [torch.randint(31, (n,)) for n in (5, 1, 3)]
    n_padding = torch.tensor([0, 4, 2])
    tokens = torch.stack([F.pad(row, (5 - len(row), 0)) for row in rows])
    cache = model.new_cache(3, max_len=7, n_padding=n_padding)
    new = torch.randint(31, (3, 2))
    logits = [model(tokens, cache=cache), *(model(new[:, t : t + 1], cache=cache) for t in (0, 1))]
    logits = torch.cat(logits, dim=1)
    assert logits.isfinite().all()
    for b, row in enumerate(rows):
        alone = model.new_cache(1, max_len=7)
        expected = model(torch.cat((row, new[b]))[None], cache=alone)[0]
        torch.testing.assert_close(logits[b, n_padding[b] :], expected, rtol=0, atol=1e-5)
        # The logits would forgive positions that count the padding, since only distances matter;
        # the keys do not.
        keys = cache.keys[:, b, :, n_padding[b] : 7]
        torch.testing.assert_close(keys, alone.keys[:, 0, :, : 7 - n_padding[b]])


def test_what_stands_in_the_padding_does_not_matter(model):
    tokens, n_padding = torch.randint(31, (2, 5)), torch.tensor([3, 2])
    other = tokens.clone()
    other[0, :3], other[1, :2] = 7, 8
    before, after = (model(x, cache=model.new_cache(2, 5, n_padding)) for x in (tokens, other))
    assert torch.equal(before[0, 3:], after[0, 3:]) and torch.equal(before[1, 2:], after[1, 2:])


def test_last_only_scores_the_last_token(model):
    tokens = torch.randint(31, (2, 5))
    last = model(tokens, last_only=True)
    assert last.shape == (2, 1, 31)
    torch.testing.assert_close(last, model(tokens)[:, -1:])


def test_logits_are_the_output_layer_of_the_hidden_vectors(model):
    tokens = torch.randint(31, (2, 5))
    hidden = model.hidden(tokens)
    assert hidden.shape == (2, 5, 24)
    assert torch.equal(model.output(hidden), model(tokens))
    cache = model.new_cache(2, max_len=5)
    parts = [model.hidden(part, cache=cache) for part in tokens.split((2, 1, 2), dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), hidden)


def test_packed_documents_are_read_as_each_alone(model):
    """Positions go on counting from one to the next; RoPE only sees distances."""
    documents = [torch.randint(31, (1, n)) for n in (3, 1, 4)]
    which = torch.tensor([0, 0, 0, 1, 2, 2, 2, 2])
    mask = (which[:, None] == which).tril()
    packed = torch.cat(documents, dim=1)
    alone = torch.cat([model(document) for document in documents], dim=1)
    torch.testing.assert_close(model(packed, mask=mask), alone, rtol=0, atol=1e-5)
    each = mask.expand(2, 1, 8, 8).clone()
    each[1] = torch.ones(8, 8, dtype=torch.bool).tril()  # the second text is one document
    both = model(packed.expand(2, 8), mask=each)
    torch.testing.assert_close(both, torch.cat((alone, model(packed))), rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_packed_documents_learn_as_each_alone(model, dtype):
    which = torch.tensor([0, 0, 0, 1, 2, 2, 2, 2])
    packed = torch.randint(31, (1, 8))

    def gradient(parts):
        model.zero_grad()
        for tokens, mask in parts:
            model(tokens, mask=mask, dtype=dtype).float().square().sum().backward()
        return torch.cat([weight.grad.flatten() for weight in model.parameters()])

    together = gradient([(packed, (which[:, None] == which).tril())])
    alone = gradient([(document, None) for document in packed.split((3, 1, 4), dim=1)])
    # Other sums, in another order; bf16 rounds each to 1 part in 256.
    assert (together - alone).norm() < (1e-5 if dtype == torch.float32 else 0.1) * alone.norm()


def test_a_mask_does_not_go_with_a_cache(model):
    with pytest.raises(ValueError, match="a mask and a cache cannot go together"):
        mask = torch.ones(5, 5, dtype=torch.bool).tril()
        model(torch.randint(31, (2, 5)), cache=model.new_cache(2, 5), mask=mask)


def test_a_loss_gets_what_makes_the_logits(model):
    tokens = torch.randint(31, (2, 5))

    def loss(hidden, weight):
        return (hidden @ weight.mT).square().sum(), torch.tensor(hidden.numel())

    total, n = model(tokens, loss=loss)
    torch.testing.assert_close(total, model(tokens).square().sum())
    assert n == 2 * 5 * 24


def test_tied_embeddings_are_one_parameter(config):
    model = Llama(replace(config, tie_embeddings=True))
    assert model.output.weight is model.embedding.weight
    assert sum(p.numel() for p in model.parameters()) == model.config.n_params
    model(torch.randint(31, (2, 5))).sum().backward()
    unused = torch.zeros(1, dtype=torch.long)
    assert model.embedding.weight.grad[unused].any()  # as an output row, even if never an input


def test_initial_loss_is_that_of_a_uniform_guess():
    model, tokens = Llama(PRESETS["tiny"]), torch.randint(512, (4, 65))
    loss = F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
    assert loss.item() == pytest.approx(math.log(512), abs=0.05)


def test_residual_stream_starts_at_the_same_size_however_deep(config):
    def scale(n_layers):
        model = Llama(replace(config, d_model=96, n_heads=24, n_layers=n_layers))
        x, turn = torch.randn(2, 5, 96), rope.rotations(torch.arange(5), model.rope_frequencies)
        y = x
        for block in model.blocks:
            y = block(y, turn)
        return (y - x).std().item()

    assert scale(32) == pytest.approx(scale(2), rel=0.5)


def test_one_batch_is_learned_by_heart():
    torch.manual_seed(1)
    model, tokens = Llama(PRESETS["tiny"]), torch.randint(512, (4, 17))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(40):
        loss = F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    assert torch.equal(model(tokens[:, :-1]).argmax(-1), tokens[:, 1:])


def test_bf16_compute_over_fp32_weights_gives_fp32_gradients_close_to_fp32(model):
    tokens = torch.randint(31, (2, 5))
    gradients = {}
    for dtype in (torch.float32, torch.bfloat16):
        model.zero_grad()
        logits = model(tokens, dtype=dtype)
        assert logits.dtype == dtype
        F.cross_entropy(logits.float().flatten(0, 1), tokens.flatten()).backward()
        gradients[dtype] = torch.cat([weight.grad.flatten() for weight in model.parameters()])
    exact, rounded = gradients.values()
    assert rounded.dtype == torch.float32
    # bf16 rounds each product to 1 part in 256; 7 layers add up to a few percent.
    assert (rounded - exact).norm() / exact.norm() < 0.1
    logits = [model(tokens, dtype=dtype).float() for dtype in gradients]
    assert 0 < (logits[1] - logits[0]).norm() / logits[0].norm() < 0.05


def test_bf16_weights_do_not_round_the_angles(config):
    model = Llama(config).to(torch.bfloat16)
    assert torch.equal(model.rope_frequencies, rope.inverse_frequencies(4, 10_000.0))
    assert model(torch.randint(31, (2, 5))).dtype == torch.bfloat16


def test_model_uses_the_configs_theta_scaling_and_eps(config, randomize):
    tokens = torch.randint(31, (2, 5))
    logits = randomize(Llama(config))(tokens)
    for changes in ({"rope_theta": 500.0}, {"norm_eps": 0.1}):
        assert (randomize(Llama(replace(config, **changes)))(tokens) - logits).abs().max() > 0.01


def test_gradients_equal_finite_differences_in_fp64(config):
    model = Llama(config).double()
    tokens = torch.randint(31, (1, 4))
    gain = model.blocks[0].attention_norm.gain

    def loss_of(gain):
        params = {"blocks.0.attention_norm.gain": gain}
        return torch.func.functional_call(model, params, (tokens,)).square().sum()

    assert torch.autograd.gradcheck(loss_of, gain.detach().clone().requires_grad_())
