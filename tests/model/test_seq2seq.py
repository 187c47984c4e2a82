"""The 2017 Transformer: equal to PyTorch's layers, padding never leaks, and it learns to align."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from llama_edu.model.seq2seq import DecoderLayer, EncoderLayer, MultiHeadAttention, Transformer

SHAPE = {"d_model": 12, "n_heads": 3, "d_ff": 20}
PADDING = torch.tensor([[False, False, True, False, True], [False] * 5])


def copy_attention(ours: MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    parts = (ours.q_proj, ours.k_proj, ours.v_proj)
    theirs.in_proj_weight.data = torch.cat([part.weight.data for part in parts])
    theirs.in_proj_bias.data = torch.cat([part.bias.data for part in parts])
    theirs.out_proj.load_state_dict(ours.o_proj.state_dict())


def copy_layer(ours, theirs) -> None:
    copy_attention(ours.attention, theirs.self_attn)
    if isinstance(ours, DecoderLayer):
        copy_attention(ours.cross_attention, theirs.multihead_attn)
    theirs.linear1.load_state_dict(ours.ffn.up_proj.state_dict())
    theirs.linear2.load_state_dict(ours.ffn.down_proj.state_dict())
    for i, residual in enumerate(ours.residuals, start=1):
        norm = getattr(theirs, f"norm{i}")
        norm.weight.data, norm.bias.data = residual.norm.gain.data, residual.norm.bias.data


def make_random(model: nn.Module) -> None:
    """Norms that do nothing and biases of 0 would hide mistakes."""
    for weight in model.parameters():
        nn.init.normal_(weight, mean=float(weight.ndim == 1), std=0.4)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_layers_equal_pytorchs(pre_norm):
    arguments = {"dropout": 0.0, "batch_first": True, "norm_first": pre_norm}
    encoder = EncoderLayer(**SHAPE, pre_norm=pre_norm, dropout=0.0).double()
    decoder = DecoderLayer(**SHAPE, pre_norm=pre_norm, dropout=0.0).double()
    theirs = (
        nn.TransformerEncoderLayer(12, 3, 20, **arguments).double(),
        nn.TransformerDecoderLayer(12, 3, 20, **arguments).double(),
    )
    for ours, other in zip((encoder, decoder), theirs, strict=True):
        make_random(ours)
        copy_layer(ours, other)
    source, target = torch.randn(2, 5, 12).double(), torch.randn(2, 4, 12).double()
    seen, hidden = ~PADDING[:, None, None], torch.ones(4, 4).triu(1).bool()
    memory = encoder(source, seen)
    torch.testing.assert_close(memory, theirs[0](source, src_key_padding_mask=PADDING))
    written, _ = decoder(target, memory, ~hidden, seen)
    expected = theirs[1](target, memory, tgt_mask=hidden, memory_key_padding_mask=PADDING)
    torch.testing.assert_close(written, expected)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_the_whole_model_equals_pytorchs(pre_norm):
    ours = Transformer(7, 9, **SHAPE, n_layers=2, pre_norm=pre_norm)
    make_random(ours)
    theirs = nn.Transformer(12, 3, 2, 2, 20, 0.0, batch_first=True, norm_first=pre_norm)
    for name in ("encoder", "decoder"):
        for layer, other in zip(getattr(ours, name), getattr(theirs, name).layers, strict=True):
            copy_layer(layer, other)
        norm = getattr(theirs, name).norm
        if pre_norm:
            last = getattr(ours, f"{name}_norm")
            norm.weight.data, norm.bias.data = last.gain.data, last.bias.data
        else:  # PyTorch's has one norm more than the paper
            getattr(theirs, name).norm = None
    source, target = torch.randint(7, (2, 5)), torch.randint(9, (2, 4))
    vectors = theirs(
        ours._embed(ours.source_embedding, source), ours._embed(ours.target_embedding, target),
        tgt_mask=torch.ones(4, 4).triu(1).bool(), src_key_padding_mask=PADDING,
        memory_key_padding_mask=PADDING,
    )  # fmt: skip
    expected = vectors @ ours.target_embedding.weight.mT
    got = ours(source, target, source_padding=PADDING)
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)


@pytest.fixture
def model():
    made = Transformer(11, 13, **SHAPE, n_layers=2)
    make_random(made)
    return made.double()


def test_padding_never_leaks(model):
    source, target = torch.randint(11, (2, 5)), torch.randint(13, (2, 4))
    target_padding = torch.tensor([[False, True, False, False], [False] * 4])
    got = model(source, target, PADDING, target_padding)
    other_source = source.where(~PADDING, (source + 3) % 11)
    other_target = target.where(~target_padding, (target + 5) % 13)
    again = model(other_source, other_target, PADDING, target_padding)
    assert torch.equal(got[~target_padding], again[~target_padding])


def test_padding_at_the_end_changes_nothing(model):
    source, target = torch.randint(11, (1, 3)), torch.randint(13, (1, 4))
    longer = torch.cat((source, torch.zeros(1, 2, dtype=torch.long)), dim=1)
    padding = torch.tensor([[False, False, False, True, True]])
    torch.testing.assert_close(model(longer, target, padding), model(source, target))


def test_the_future_of_the_target_is_hidden_and_no_part_of_the_source(model):
    source, target = torch.randint(11, (2, 5)), torch.randint(13, (2, 4))
    before = model(source, target)
    changed = target.clone()
    changed[:, 2:] = (changed[:, 2:] + 1) % 13
    assert torch.equal(model(source, changed)[:, :2], before[:, :2])
    source[:, -1] = (source[:, -1] + 1) % 11
    assert (model(source, target) != before).any(dim=-1).all()


def test_a_source_of_nothing_but_padding_is_refused(model):
    padding = torch.tensor([[False] * 5, [True] * 5])
    with pytest.raises(ValueError, match="a token in every row, got none in 1"):
        model(torch.zeros(2, 5, dtype=torch.long), torch.zeros(2, 1, dtype=torch.long), padding)


@pytest.mark.parametrize("sizes, message", [
    ({"n_heads": 5}, "d_model=12 must be a multiple of n_heads=5"),
    ({"d_model": 9}, "d_model=9 must be positive and even"),
])  # fmt: skip
def test_sizes_that_do_not_fit_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        Transformer(7, 9, **SHAPE | sizes, n_layers=1)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_it_learns_to_reverse_and_its_alignment_shows_it(pre_norm):
    """Tokens 2 to 11 come back in reverse order; 0 starts, 1 ends."""
    torch.manual_seed(0)
    model = Transformer(12, 12, 32, 2, 64, 1, pre_norm=pre_norm)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for _ in range(300):
        source = torch.randint(2, 12, (64, 6))
        ends = torch.zeros(64, 1, dtype=torch.long), torch.ones(64, 1, dtype=torch.long)
        target = torch.cat((ends[0], source.flip(1), ends[1]), dim=1)
        loss = F.cross_entropy(model(source, target[:, :-1]).flatten(0, 1), target[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    source = torch.stack([torch.randperm(10)[:6] + 2 for _ in range(50)])
    written = model.write(source, start=0, end=1, max_new_tokens=10)
    n_right = sum(a == b for a, b in zip(written, source.flip(1).tolist(), strict=True))
    assert n_right >= 45
    target = torch.cat((torch.zeros(50, 1, dtype=torch.long), source.flip(1)), dim=1)
    _, weights = model.decode(model.encode(source), target)  # (layers, B, H, T, S)
    most = weights[0, :, :, :6].mean(dim=(0, 1)).argmax(-1)
    assert most.tolist() == [5, 4, 3, 2, 1, 0]
