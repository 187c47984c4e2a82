"""Exercise 09: honest code of other forms is right, and what learners write is told truly."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.course.checking.show import as_text
from llama_edu.course.checking.solutions import find_solution

EXERCISE = find_question("llama.attention").exercise
GIVEN = find_solution(EXERCISE, "llama.to_meta").scope
norm, swiglu, rotate = GIVEN["norm"], GIVEN["swiglu"], GIVEN["rotate"]
grouped_attention, interleave_rows = GIVEN["grouped_attention"], GIVEN["interleave_rows"]
attention = find_solution(EXERCISE, "llama.attention").function()
block = find_solution(EXERCISE, "llama.block").function()
FIRST, SECOND = "input_layernorm.weight", "post_attention_layernorm.weight"
EMBEDDING, OUTPUT, NORM = "model.embed_tokens.weight", "lm_head.weight", "model.norm.weight"


def qkv(x, layer, n_heads, n_kv_heads):
    """Queries, keys and values as most people write them: view, then transpose."""
    for name, n in zip("qkv", (n_heads, n_kv_heads, n_kv_heads), strict=True):
        y = F.linear(x, layer[f"self_attn.{name}_proj.weight"])
        yield y.view(x.shape[0], x.shape[1], n, y.shape[-1] // n).transpose(1, 2)


def back(mixture, layer):
    return F.linear(mixture, layer["self_attn.o_proj.weight"])


def mlp(layer):
    return [layer[f"mlp.{name}_proj.weight"] for name in ("gate", "up", "down")]


def layer_of(weights, i):
    start = f"model.layers.{i}."
    return {n[len(start) :]: w for n, w in weights.items() if n.startswith(start)}


def stream(tokens, weights, n_layers, n_heads, n_kv_heads):
    x = F.embedding(tokens, weights[EMBEDDING])
    for i in range(n_layers):
        x = block(x, layer_of(weights, i), n_heads, n_kv_heads)
    return x


def honest_attention(x, layer, n_heads, n_kv_heads):
    q, k, v = qkv(x, layer, n_heads, n_kv_heads)
    return back(grouped_attention(rotate(q), rotate(k), v), layer)


def honest_block(x, layer, n_heads, n_kv_heads):
    mixed = attention(norm(x, layer[FIRST]), layer, n_heads, n_kv_heads)
    return x + mixed + swiglu(norm(x + mixed, layer[SECOND]), *mlp(layer))


def honest_forward(tokens, weights, n_layers, n_heads, n_kv_heads):
    x = norm(stream(tokens, weights, n_layers, n_heads, n_kv_heads), weights[NORM])
    return F.linear(x, weights[OUTPUT] if OUTPUT in weights else weights[EMBEDDING])


def honest_loss(logits, tokens):
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:])


def loss_by_hand(logits, tokens):
    logits, tokens = logits[:, :-1], tokens[:, 1:]
    right = torch.gather(logits, 2, tokens.unsqueeze(-1)).squeeze(-1)
    return (logits.logsumexp(-1) - right).mean()


def honest_to_meta(weights, n_heads, n_kv_heads):
    renamed = {}
    for name, weight in weights.items():
        new = name
        for old, piece in GIVEN["NAMES"].items():
            new = new.replace(old, piece)
        heads = {"wq": n_heads, "wk": n_kv_heads}.get(new.split(".")[-2])
        renamed[new] = interleave_rows(weight, heads) if heads else weight
    return renamed


@pytest.mark.parametrize("name, answer", [
    ("attention", honest_attention), ("block", honest_block), ("forward", honest_forward),
    ("loss", honest_loss), ("loss", loss_by_hand), ("to_meta", honest_to_meta),
])  # fmt: skip
def test_honest_answers_are_right(name, answer):
    verdict = diagnose(find_question(f"llama.{name}"), answer)
    assert verdict.ok, as_text(verdict)


def rotated_before_the_swap(x, layer, n_heads, n_kv_heads):
    q, k, v = qkv(x, layer, n_heads, n_kv_heads)
    q, k = rotate(q.transpose(1, 2)), rotate(k.transpose(1, 2))
    return back(grouped_attention(q.transpose(1, 2), k.transpose(1, 2), v), layer)


def turned_values_and_no_output(x, layer, n_heads, n_kv_heads):
    return grouped_attention(*(rotate(y) for y in qkv(x, layer, n_heads, n_kv_heads)))


def spread_with_repeat(x, layer, n_heads, n_kv_heads):
    q, k, v = qkv(x, layer, n_heads, n_kv_heads)
    k, v = (y.repeat(1, n_heads // n_kv_heads, 1, 1) for y in (rotate(k), v))
    return back(grouped_attention(rotate(q), k, v), layer)


def adds_the_stream(x, layer, n_heads, n_kv_heads):
    return x + honest_attention(x, layer, n_heads, n_kv_heads)


def side_by_side(x, layer, n_heads, n_kv_heads):
    """Both parts read the same stream, as in GPT-J and PaLM."""
    mixed = attention(norm(x, layer[FIRST]), layer, n_heads, n_kv_heads)
    return x + mixed + swiglu(norm(x, layer[SECOND]), *mlp(layer))


def overwrites_the_stream(x, layer, n_heads, n_kv_heads):
    x = norm(x, layer[FIRST])
    x = x + attention(x, layer, n_heads, n_kv_heads)
    x = norm(x, layer[SECOND])
    return x + swiglu(x, *mlp(layer))


def keeps_the_old_stream(x, layer, n_heads, n_kv_heads):
    mixed = x + attention(norm(x, layer[FIRST]), layer, n_heads, n_kv_heads)
    return x + swiglu(norm(mixed, layer[SECOND]), *mlp(layer))


def believes_the_name(x, layer, n_heads, n_kv_heads):
    mixed = attention(norm(x, layer[FIRST]), layer, n_heads, n_kv_heads)
    x = x + norm(mixed, layer[SECOND])
    return x + swiglu(x, *mlp(layer))


def number_anywhere_in_the_name(tokens, weights, n_layers, n_heads, n_kv_heads):
    x = weights[EMBEDDING][tokens]
    for i in range(n_layers):
        layer = {n.split(".", 3)[-1]: w for n, w in weights.items() if f".{i}" in n}
        x = block(x, layer, n_heads, n_kv_heads)
    return F.linear(norm(x, weights[NORM]), weights.get(OUTPUT, weights[EMBEDDING]))


def no_norm_and_always_tied(tokens, weights, *sizes, **more):
    return stream(tokens, weights, *sizes, **more) @ weights[EMBEDDING].T


def norm_first(tokens, weights, n_layers, n_heads, n_kv_heads):
    x = norm(weights[EMBEDDING][tokens], weights[NORM])
    for i in range(n_layers):
        x = block(x, layer_of(weights, i), n_heads, n_kv_heads)
    return x @ weights.get(OUTPUT, weights[EMBEDDING]).T


def never_swapped(x, layer, n_heads, n_kv_heads):
    q, k, v = (y.transpose(1, 2) for y in qkv(x, layer, n_heads, n_kv_heads))
    return back(grouped_attention(rotate(q), rotate(k), v), layer)


def asks_the_new_name(weights, n_heads, n_kv_heads):
    renamed = {}
    for name, weight in weights.items():
        for old, new in GIVEN["NAMES"].items():
            name = name.replace(old, new)
        if "q_proj" in name:
            weight = interleave_rows(weight, n_heads)
        renamed[name] = weight
    return renamed


@pytest.mark.parametrize("name, answer, misconception", [
    ("attention", rotated_before_the_swap, "turned_by_head"),
    ("attention", turned_values_and_no_output, "values_turned + no_output_product"),
    ("attention", spread_with_repeat, "heads_tiled"),
    ("attention", never_swapped, "heads_not_swapped"),
    ("attention", adds_the_stream, "stream_added"),
    ("block", side_by_side, "stream_before_attention_read"),
    ("block", overwrites_the_stream, "added_to_the_copy"),
    ("block", keeps_the_old_stream, "added_to_the_old_stream"),
    ("block", believes_the_name, "attention_is_normed"),
    ("forward", number_anywhere_in_the_name, "layer_1_takes_10"),
    ("forward", no_norm_and_always_tied, "no_last_norm + always_tied"),
    ("forward", norm_first, "norm_at_the_start"),
    ("loss", lambda logits, tokens: F.cross_entropy(
        logits[:, :-1].flatten(0, 1), tokens[:, :-1].flatten()), "both_cut_at_the_end"),
    ("loss", lambda logits, tokens: F.nll_loss(
        logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()), "logits_for_log_probabilities"),
    ("loss", lambda logits, tokens: F.cross_entropy(
        logits.flatten(0, 1)[:-1], tokens.flatten()[1:]), "flattened_before_the_shift"),
    ("to_meta", asks_the_new_name, "rows_left"),
    ("to_meta", lambda weights, n_heads, n_kv_heads: honest_to_meta(weights, n_kv_heads, n_heads),
     "head_counts_exchanged"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, misconception):
    verdict = diagnose(find_question(f"llama.{name}"), answer)
    assert (verdict.ok, verdict.misconception) == (False, misconception), as_text(verdict)


def with_whole_names(tokens, weights, n_layers, n_heads, n_kv_heads):
    x = weights[EMBEDDING][tokens]
    for i in range(n_layers):
        layer = {name: w for name, w in weights.items() if name.startswith(f"model.layers.{i}.")}
        x = as_a_helper(x, layer, n_heads, n_kv_heads)
    return x


def as_a_helper(x, layer, n_heads, n_kv_heads):
    return x * layer[FIRST]


def needs_an_output(tokens, weights, *sizes, **more):
    return norm(stream(tokens, weights, *sizes, **more), weights[NORM]) @ weights[OUTPUT].T


def output_by_or(tokens, weights, *sizes, **more):
    x = norm(stream(tokens, weights, *sizes, **more), weights[NORM])
    return x @ (weights.get(OUTPUT) or weights[EMBEDDING]).T


def adds_in_place(x, layer, n_heads, n_kv_heads):
    x += attention(norm(x, layer[FIRST]), layer, n_heads, n_kv_heads)
    x += swiglu(norm(x, layer[SECOND]), *mlp(layer))
    return x


def output_added(weights, n_heads, n_kv_heads):
    renamed = honest_to_meta(weights, n_heads, n_kv_heads)
    return {"output.weight": renamed["tok_embeddings.weight"]} | renamed


@pytest.mark.parametrize("name, answer, says", [
    ("block", adds_in_place, "the function wrote into `x`"),
    ("forward", with_whole_names, "handed over with all that is asked"),
    ("forward", needs_an_output, "KeyError: 'lm_head.weight'"),
    ("forward", output_by_or, "need one truth value"),
    ("loss", lambda logits, tokens: F.cross_entropy(logits[:, :-1], tokens[:, 1:]),
     "one target for each row"),
    ("loss", lambda logits, tokens: honest_loss(logits, tokens).item(), "got a float"),
    ("to_meta", output_added, "'output.weight' is too many"),
])  # fmt: skip
def test_what_else_goes_wrong_is_told_by_what_can_be_seen(name, answer, says):
    verdict = diagnose(find_question(f"llama.{name}"), answer)
    assert (verdict.ok, verdict.misconception) == (False, None)
    assert says in as_text(verdict)
