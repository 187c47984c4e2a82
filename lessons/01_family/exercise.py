# %% [markdown]
# # Exercise 01 · Count a LLaMA
#
# **What you need:** the lesson [notebooks/01_family](../notebooks/01_family.ipynb).
#
# **What you will be able to do:** say of any LLaMA, from its shape alone, how many parameters it
# has, what its cache takes, whether it fits into your memory, and what a token costs.
#
# **Time:** about 55 minutes: 1.1 Parameters 15 · 1.2 The width F 10 · 1.3 The cache 8 ·
# 1.4 Does it fit? 10 · 1.5 FLOPs of a token 12.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. All answers are whole numbers
# (`int`), exact to the unit.
#
# The names are those of the table: D is `d_model`, H `n_heads`, G `n_kv_heads`, F `d_ff`, V
# `vocab_size`. A head is d = D / H wide.

# %%
from llama_edu.course import check

# %% [markdown]
# ### 1.1 Parameters · difficulty 3/5 · importance 5/5 · 15 min
#
# Count every number that a LLaMA learns. The lesson did it by hand for `tiny` (158,016); now for
# any shape.
#
# A layer has four matrices of attention, three of the feed-forward layer, and two norms of D
# numbers. Around the layers are the embedding, one last norm, and the output. If they are tied, the
# output is the embedding's own matrix and adds nothing.
#
# <details><summary>Hint 1</summary>Queries are made for H heads, keys and values for G. The matrix
# that leads back from attention takes all H heads.</details>
# <details><summary>Hint 2</summary>The four parts of one layer: 2 · D · H · d, 2 · D · G · d,
# 3 · D · F, 2 · D. Add them, then multiply by the layers. What stands only once?</details>


# %% grade_id="family.parameters"
def parameters(
    vocab_size: int,
    d_model: int,
    n_layers: int,
    n_heads: int,
    n_kv_heads: int,
    d_ff: int,
    tie_embeddings: bool,
) -> int:
    """How many parameters a LLaMA of this shape has: no biases, norms of one vector each.

    tie_embeddings: True if the output uses the embedding's matrix.
    """
    ### BEGIN SOLUTION
    d_head = d_model // n_heads
    query_and_back = 2 * d_model * n_heads * d_head
    key_and_value = 2 * d_model * n_kv_heads * d_head
    ffn = 3 * d_model * d_ff
    norms = 2 * d_model
    layers = n_layers * (query_and_back + key_and_value + ffn + norms)
    n_tables = 1 if tie_embeddings else 2
    return n_tables * vocab_size * d_model + layers + d_model
    ### END SOLUTION


# %% grade_id="check.family.parameters" points=3
check("family.parameters", parameters)

# %% [markdown]
# ### 1.2 The width F · difficulty 2/5 · importance 3/5 · 10 min
#
# Where do odd widths such as 11,008 come from? The Transformer of 2017 has F = 4 · D and two
# matrices. LLaMA has three, so it takes two thirds of that. Llama 2 70B and most of Llama 3
# multiply it again, by 1.2 to 1.5. Last, F is rounded *up* to a multiple of a power of two.
#
# After each of the first two steps what is behind the point is cut off: `int(2730.7)` is 2730. For
# D = 4096, multiplier 1.0 and multiples of 256 it goes 10,922, 10,922, 11,008.
#
# <details><summary>Hint 1</summary>How many multiples of 256 does it take to reach 10,922? 42.66,
# so 43: rounded up.</details>
# <details><summary>Hint 2</summary>Rounding up in whole numbers: add one less than the multiple,
# then divide by it with `//`. Or `math.ceil` of a quotient, after `import math`.</details>


# %% grade_id="family.ffn_width"
def ffn_width(d_model: int, multiplier: float, multiple_of: int) -> int:
    """The width F of a feed-forward layer.

    Two thirds of 4 · d_model, cut to a whole number; times the multiplier, cut to a whole number;
    then up to the next multiple of multiple_of, unless it is one.
    """
    ### BEGIN SOLUTION
    width = int(2 * 4 * d_model / 3)
    width = int(multiplier * width)
    n_multiples = (width + multiple_of - 1) // multiple_of
    return n_multiples * multiple_of
    ### END SOLUTION


# %% grade_id="check.family.ffn_width" points=2
check("family.ffn_width", ffn_width)

# %% [markdown]
# ### 1.3 The cache · difficulty 2/5 · importance 5/5 · 8 min
#
# While a model writes, it keeps a key and a value of every token, in every layer. How many bytes
# are that, for `n_texts` texts of `n_tokens` tokens each?
#
# The makers of LLaMA 1 give an example: for 32 texts of 1,024 tokens, 7B's cache in 16 bits takes
# 17,179,869,184 bytes
# ([FAQ](https://github.com/meta-llama/llama/blob/llama_v1/FAQ.md)).
#
# <details><summary>Hint 1</summary>One token, one layer: a key and a value, each of G · d
# numbers.</details>
# <details><summary>Hint 2</summary>Which sizes of the model have no part in it? The width F, the
# vocabulary, and H but for d = D / H.</details>


# %% grade_id="family.cache_bytes"
def cache_bytes(
    d_model: int,
    n_layers: int,
    n_heads: int,
    n_kv_heads: int,
    n_tokens: int,
    n_texts: int,
    bits_per_number: int,
) -> int:
    """Bytes of the KV cache of n_texts texts with n_tokens tokens each.

    bits_per_number: a multiple of 8, such as 16.
    """
    ### BEGIN SOLUTION
    d_head = d_model // n_heads
    numbers_per_token = 2 * n_layers * n_kv_heads * d_head
    return n_texts * n_tokens * numbers_per_token * bits_per_number // 8
    ### END SOLUTION


# %% grade_id="check.family.cache_bytes" points=2
check("family.cache_bytes", cache_bytes)

# %% [markdown]
# ### 1.4 Does it fit? · difficulty 3/5 · importance 4/5 · 10 min
#
# *Can my laptop run Llama 3 8B, and on how long a text?* Weights come first, in 16 bits each or, if
# quantized, in fewer; the cache may fill what is left. Return how many whole tokens fit, and 0 if
# the weights alone do not.
#
# One GiB is $2^{30}$ bytes, and a byte is 8 bits.
#
# <details><summary>Hint 1</summary>Everything in bytes: what there is, what the weights take, what
# one token takes.</details>
# <details><summary>Hint 2</summary>What is left may be negative: `max(0, ...)`. For whole tokens
# divide with `//`; the result must be an `int`.</details>


# %% grade_id="family.longest_text"
def longest_text(memory_gib: int, n_params: int, bits_per_weight: int, bytes_per_token: int) -> int:
    """How many whole tokens of one text fit into memory beside the weights, at least 0.

    memory_gib: in GiB; bits_per_weight: such as 16 or 4; bytes_per_token: of the cache.
    """
    ### BEGIN SOLUTION
    memory = memory_gib * 2**30
    weights = n_params * bits_per_weight / 8
    n_tokens = (memory - weights) // bytes_per_token
    return max(0, int(n_tokens))
    ### END SOLUTION


# %% grade_id="check.family.longest_text" points=2
check("family.longest_text", longest_text)

# %% [markdown]
# ### 1.5 FLOPs of a token · difficulty 4/5 · importance 4/5 · 12 min
#
# A model with a cache writes one token more. How many FLOPs are that, one for each multiplication
# and one for each addition? Count products only: a matrix costs 2 FLOPs for each of its numbers.
#
# The embedding is looked up, and costs nothing; the output is a product, tied or not. Norms are too
# small to count. In addition each head compares its query with the keys of all `n_tokens` tokens so
# far, the new one included, 2 · d FLOPs each, and mixes as many values, at the same price. Heads
# may share keys, but each does its own work.
#
# <details><summary>Hint 1</summary>A layer's matrices: 1.1 without the norms. Times 2, times the
# layers, and the output once.</details>
# <details><summary>Hint 2</summary>Comparing and mixing: 2 · 2 · H · d · n_tokens in every
# layer. What in it does not depend on G?</details>


# %% grade_id="family.flops_per_token"
def flops_per_token(
    vocab_size: int,
    d_model: int,
    n_layers: int,
    n_heads: int,
    n_kv_heads: int,
    d_ff: int,
    n_tokens: int,
) -> int:
    """FLOPs of one new token, the last of n_tokens, where all before it are in the cache."""
    ### BEGIN SOLUTION
    d_head = d_model // n_heads
    attention = 2 * d_model * d_head * (n_heads + n_kv_heads)
    ffn = 3 * d_model * d_ff
    look = 2 * 2 * n_heads * d_head * n_tokens
    layers = n_layers * (2 * (attention + ffn) + look)
    return layers + 2 * vocab_size * d_model
    ### END SOLUTION


# %% grade_id="check.family.flops_per_token" points=3
check("family.flops_per_token", flops_per_token)

# %% [markdown]
# Done? For Llama 3 8B and a short text the last number is close to twice its parameters without the
# embedding: that is where the rule of thumb, 2 N FLOPs a token, comes from. Now unfold `n_params`
# in the lesson, and compare.
#
# Next: [lesson 02, the corpus](../notebooks/02_corpus.ipynb): the text that a model learns from.
