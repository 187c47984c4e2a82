# %% [markdown]
# # Exercise 09 · LLaMA whole, from the names in the file
#
# **What you need:** the lesson [notebooks/09_llama](../notebooks/09_llama.ipynb).
#
# **What you will be able to do:** run the weights of a LLaMA as they lie at Hugging Face, measure
# its loss, and turn its file into one for Meta's code.
#
# **Time:** about 55 minutes: 9.1 Attention 14 · 9.2 One layer 9 · 9.3 The whole 13 ·
# 9.4 The loss 7 · 9.5 Other names 12.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings B counts texts, T tokens, H query heads and G key and value heads. D is the
# width of the model, d that of one head, F that of SwiGLU, and V is the size of the vocabulary.
#
# You wrote the pieces in lessons 05 to 07. Here they are given, so that you need only put them
# together. The layout of `rotate` is Hugging Face's.

# %%
import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course import check


def norm(x: Tensor, gain: Tensor) -> Tensor:
    """RMSNorm of x (*, D) with gain (D,): lesson 07."""
    return F.rms_norm(x, gain.shape, gain, eps=1e-5)


def swiglu(x: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """x (*, D), gate and up (F, D), down (D, F) -> (*, D): lesson 07."""
    return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T


def rotate(x: Tensor) -> Tensor:
    """RoPE of x (B, heads, T, d), whose tokens stand at places 0 to T - 1: lesson 06."""
    n_tokens, d = x.shape[-2:]
    angles = torch.arange(n_tokens)[:, None] * 100_000.0 ** -(torch.arange(0, d, 2) / d)
    (a, b), cos, sin = x.chunk(2, dim=-1), angles.cos(), angles.sin()
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)


def grouped_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """q (B, H, T, d), k and v (B, G, T, d) -> (B, T, H * d), causal: lesson 05."""
    mixture = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    return mixture.transpose(1, 2).flatten(2)


def interleave_rows(weight: Tensor, n_heads: int) -> Tensor:
    """Rows half-split in each head (Hugging Face) -> pairs side by side (Meta): lesson 06."""
    return weight.unflatten(0, (n_heads, 2, -1)).transpose(1, 2).flatten(0, 2)


# %% [markdown]
# ### 9.1 Attention, with positions · difficulty 3/5 · importance 5/5 · 14 min
#
# In 5.7 you made queries, keys and values with three matrices, and led the mixture back with a
# fourth. Now the tokens have places. `rotate` and `grouped_attention` are given; both take heads
# before tokens, (B, heads, T, d).
#
# `layer` holds one layer's weights under the names of the file: `layer["self_attn.q_proj.weight"]`
# is (H * d, D), and likewise `k_proj`, `v_proj` (G * d, D) and `o_proj` (D, H * d).
#
# <details><summary>Hint 1</summary>Product, cut into heads, swap heads and tokens (5.5); then
# `rotate`. Which of q, k and v need to know where their tokens stand?</details>
# <details><summary>Hint 2</summary>The scores must depend on places, and scores are made of q and
# k. What a token hands over stays as it is.</details>


# %% grade_id="llama.attention"
def attention(x: Tensor, layer: dict[str, Tensor], n_heads: int, n_kv_heads: int) -> Tensor:
    """What attention adds to the stream: x (B, T, D), normed already -> (B, T, D).

    layer: weights by name, "self_attn.q_proj.weight" and so on.
    """
    ### BEGIN SOLUTION

    def heads(name: str, n: int) -> Tensor:
        vectors = x @ layer[f"self_attn.{name}.weight"].T
        return vectors.unflatten(-1, (n, -1)).transpose(1, 2)

    q = rotate(heads("q_proj", n_heads))
    k = rotate(heads("k_proj", n_kv_heads))
    v = heads("v_proj", n_kv_heads)
    return grouped_attention(q, k, v) @ layer["self_attn.o_proj.weight"].T
    ### END SOLUTION


# %% grade_id="check.llama.attention" points=3
check("llama.attention", attention)

# %% [markdown]
# ### 9.2 One layer · difficulty 2/5 · importance 5/5 · 9 min
#
# A layer adds to the stream twice. These are the other names in `layer`:
#
# - `"input_layernorm.weight"` and `"post_attention_layernorm.weight"`: the gains of two RMSNorms,
#   in spite of their names. Mind the second: it is *not* a norm of what attention gives.
# - `"mlp.gate_proj.weight"`, `"mlp.up_proj.weight"`, `"mlp.down_proj.weight"`: of SwiGLU.
#
# Call your `attention`; it must be right first.
#
# <details><summary>Hint 1</summary>Both parts are alike: make a normed copy of the stream, compute
# with it, add the result to the stream itself.</details>
# <details><summary>Hint 2</summary>"post attention" says where the norm stands in the order: after
# the attention part, in front of SwiGLU.</details>


# %% grade_id="llama.block"
def block(x: Tensor, layer: dict[str, Tensor], n_heads: int, n_kv_heads: int) -> Tensor:
    """The stream after one layer: x (B, T, D) -> (B, T, D).

    layer: weights by name, "input_layernorm.weight" and so on.
    """
    ### BEGIN SOLUTION
    normed = norm(x, layer["input_layernorm.weight"])
    x = x + attention(normed, layer, n_heads, n_kv_heads)
    normed = norm(x, layer["post_attention_layernorm.weight"])
    gate, up, down = (layer[f"mlp.{name}_proj.weight"] for name in ("gate", "up", "down"))
    return x + swiglu(normed, gate, up, down)
    ### END SOLUTION


# %% grade_id="check.llama.block" points=3
check("llama.block", block)

# %% [markdown]
# ### 9.3 The whole LLaMA · difficulty 3/5 · importance 5/5 · 13 min
#
# From tokens to logits, with all the weights of a file in one dict. The names of layer 3 begin with
# `model.layers.3.`, then goes on what 9.1 and 9.2 know: `model.layers.3.self_attn.q_proj.weight`.
# The ends are `model.embed_tokens.weight` (V, D), `model.norm.weight` (D,) and `lm_head.weight`
# (V, D). Where the output is tied, the file has no `lm_head.weight`: the embedding serves.
#
# A model may have more than ten layers. Call your `block`; it must be right first.
#
# <details><summary>Hint 1</summary>Make the dict of layer i first: `name.startswith(start)` tells
# which names begin so, and `name.removeprefix(start)` takes the beginning off. With which character
# must `start` end, so that layer 1 does not take the weights of layer 10?</details>
# <details><summary>Hint 2</summary>`embedding[tokens]` is (B, T, D). `weights.get(name, other)`
# gives `other` where the name is not there. And the last norm comes before the output.</details>


# %% grade_id="llama.forward"
def forward(
    tokens: Tensor, weights: dict[str, Tensor], n_layers: int, n_heads: int, n_kv_heads: int
) -> Tensor:
    """Logits of what may follow each token: tokens (B, T) -> (B, T, V).

    weights: by the names of the file; "lm_head.weight" only where the output is not tied.
    """
    ### BEGIN SOLUTION
    embedding = weights["model.embed_tokens.weight"]
    x = embedding[tokens]
    for i in range(n_layers):
        start = f"model.layers.{i}."
        names = [name for name in weights if name.startswith(start)]
        layer = {name.removeprefix(start): weights[name] for name in names}
        x = block(x, layer, n_heads, n_kv_heads)
    x = norm(x, weights["model.norm.weight"])
    return x @ weights.get("lm_head.weight", embedding).T
    ### END SOLUTION


# %% grade_id="check.llama.forward" points=4
check("llama.forward", forward)

# %% [markdown]
# ### 9.4 The loss · difficulty 2/5 · importance 5/5 · 7 min
#
# The logits at a place are about the token that comes next. The loss is the mean of
# $-\log p(\text{next token})$ over all places of all texts that have a next token.
# `F.cross_entropy(logits, targets)` does log, softmax and mean, for logits (N, V) and targets (N,).
#
# <details><summary>Hint 1</summary>The last place of a text has nothing to be held against, and the
# first token is nobody's next. What is left of logits and of tokens?</details>
# <details><summary>Hint 2</summary>Shift along the tokens, dimension 1, not along the texts; then
# `flatten(0, 1)` makes (B, T, V) a list of places.</details>


# %% grade_id="llama.loss"
def loss(logits: Tensor, tokens: Tensor) -> Tensor:
    """Mean loss in nats per token, a tensor of no dimensions: logits (B, T, V), tokens (B, T)."""
    ### BEGIN SOLUTION
    predictions = logits[:, :-1].flatten(0, 1)
    targets = tokens[:, 1:].flatten()
    return F.cross_entropy(predictions, targets)
    ### END SOLUTION


# %% grade_id="check.llama.loss" points=2
check("llama.loss", loss)

# %% [markdown]
# ### 9.5 The same numbers, other names · difficulty 4/5 · importance 4/5 · 12 min
#
# Meta's own code has other names, `layers.3.attention.wq.weight`, and turns pairs that lie side by
# side. `NAMES` says which piece of a name becomes which; the rest of a name stays. Besides, the
# rows of $W_q$ and $W_k$, and only theirs, must be put in the other order, by `interleave_rows`
# from above. It must be told how many heads a matrix has.
#
# <details><summary>Hint 1</summary>Two things a weight: a new name, by `name.replace(old, new)` for
# each pair of `NAMES`, and for two of the matrices new rows.</details>
# <details><summary>Hint 2</summary>Ask `"q_proj" in name` while the name is still the old one. W_q
# has H heads, W_k has G.</details>

# %%
NAMES = {
    "model.embed_tokens": "tok_embeddings",
    "model.layers": "layers",
    "model.norm": "norm",
    "lm_head": "output",
    "input_layernorm": "attention_norm",
    "self_attn.q_proj": "attention.wq",
    "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv",
    "self_attn.o_proj": "attention.wo",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "feed_forward.w1",
    "mlp.down_proj": "feed_forward.w2",
    "mlp.up_proj": "feed_forward.w3",
}


# %% grade_id="llama.to_meta"
def to_meta(weights: dict[str, Tensor], n_heads: int, n_kv_heads: int) -> dict[str, Tensor]:
    """The weights of a Hugging Face file under Meta's names, rows of W_q and W_k interleaved.

    Only the names and these rows change; the dict that came in stays as it is.
    """
    ### BEGIN SOLUTION
    renamed = {}
    for name, weight in weights.items():
        if "q_proj" in name:
            weight = interleave_rows(weight, n_heads)
        if "k_proj" in name:
            weight = interleave_rows(weight, n_kv_heads)
        for old, new in NAMES.items():
            name = name.replace(old, new)
        renamed[name] = weight
    return renamed
    ### END SOLUTION


# %% grade_id="check.llama.to_meta" points=4
check("llama.to_meta", to_meta)

# %% [markdown]
# Done? Save this notebook, go back to the lesson, and run its last code cell (and the cells above
# it). Your `forward` runs SmolLM2 from the names in its file, and says which animal it likes.
#
# `llama-edu progress` shows how far you are. Next:
# [lesson 10](../notebooks/10_generation.ipynb), how a model writes, and writes fast.
