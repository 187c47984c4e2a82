# %% [markdown]
# # Exercise 07 · Norms and feed-forward, piece by piece
#
# **What you need:** [lesson 07](../notebooks/07_norms_ffn.ipynb); means, roots and matrix products
# of tensors.
#
# **What you will be able to do:** write both norms, one that survives float16, SwiGLU with its
# hidden width, and put them together as LLaMA does.
#
# **Time:** about 50 minutes: 7.1 8 · 7.2 8 · 7.3 12 · 7.4 9 · 7.5 5 · 7.6 10.
#
# Write each function where it says `YOUR CODE HERE`, then run the cell below it: it tells you
# whether it is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings D is the width of a token's vector, F the hidden width, T counts tokens; `*`
# stands for any number of dimensions in front.

# %%
import math

import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course import check

# %% [markdown]
# ### 7.1 RMSNorm · difficulty 1/5 · importance 5/5 · 8 min
#
# Divide each vector by its root mean square, and multiply by the gain. eps is added to the mean
# square, under the root. Without `F.rms_norm` or `nn.RMSNorm`.
#
# <details><summary>Hint 1</summary>`mean(-1, keepdim=True)` takes the mean of each vector and keeps
# the dimension, so that the result fits x.</details>
# <details><summary>Hint 2</summary>Square, mean, plus eps, root: in this order.
# `torch.rsqrt(y)` is 1 / √y.</details>


# %% grade_id="norms.rms_norm"
def rms_norm(x: Tensor, gain: Tensor, eps: float) -> Tensor:
    """x (*, D), gain (D,) -> (*, D): gain * x / sqrt(mean of x² + eps), the mean over D."""
    ### BEGIN SOLUTION
    mean_square = x.square().mean(-1, keepdim=True)
    return gain * x / (mean_square + eps).sqrt()
    ### END SOLUTION


# %% grade_id="check.norms.rms_norm" points=2
check("norms.rms_norm", rms_norm)

# %% [markdown]
# ### 7.2 LayerNorm · difficulty 2/5 · importance 4/5 · 8 min
#
# Take the mean off each vector, divide by the root of variance + eps, then multiply by the gain and
# add the bias. The variance is the mean square of what is left. Without `F.layer_norm` or
# `nn.LayerNorm`.
#
# <details><summary>Hint 1</summary>Keep what is left after taking the mean off: you need it above
# the line and below.</details>
# <details><summary>Hint 2</summary>`x.var(-1)` divides by D - 1. Take the mean of the squares, or
# `correction=0`.</details>


# %% grade_id="norms.layer_norm"
def layer_norm(x: Tensor, gain: Tensor, bias: Tensor, eps: float) -> Tensor:
    """x (*, D), gain and bias (D,) -> (*, D).

    gain * (x - mean) / sqrt(variance + eps) + bias, mean and variance over D.
    """
    ### BEGIN SOLUTION
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return gain * centred / (variance + eps).sqrt() + bias
    ### END SOLUTION


# %% grade_id="check.norms.layer_norm" points=2
check("norms.layer_norm", layer_norm)

# %% [markdown]
# ### 7.3 A norm for narrow floats · difficulty 3/5 · importance 4/5 · 12 min
#
# RMSNorm of a vector in float16 or bfloat16, as LLaMA has it: squares, mean, eps and root in
# float32; then back to the dtype of x; and only then the gain, which has the dtype of x too.
#
# float16 ends at 65,504, so the square of 300 is `inf` in it. eps may be smaller than anything that
# float16 can hold.
#
# <details><summary>Hint 1</summary>`x.float()` is x in float32. The square must be taken after
# widening, not before.</details>
# <details><summary>Hint 2</summary>`.to(x.dtype)` goes back. Divide the wide x by the wide root,
# go back, and multiply by the gain last.</details>


# %% grade_id="norms.narrow_rms_norm"
def narrow_rms_norm(x: Tensor, gain: Tensor, eps: float) -> Tensor:
    """RMSNorm of x (*, D) in float16 or bfloat16, gain (D,) of the same dtype -> that dtype.

    All is computed in float32 but the product with the gain, which is made in the dtype of x.
    """
    ### BEGIN SOLUTION
    wide = x.float()
    mean_square = wide.square().mean(-1, keepdim=True)
    normed = wide / (mean_square + eps).sqrt()
    return normed.to(x.dtype) * gain
    ### END SOLUTION


# %% grade_id="check.norms.narrow_rms_norm" points=3
check("norms.narrow_rms_norm", narrow_rms_norm)

# %% [markdown]
# ### 7.4 SwiGLU · difficulty 2/5 · importance 5/5 · 9 min
#
# down(SiLU(gate(x)) · up(x)), the product number by number. The weights are as PyTorch keeps them:
# one row for each number that comes *out*, so gate and up are (F, D) and down is (D, F).
# `F.silu` is allowed. (In code, `F` is `torch.nn.functional`.)
#
# <details><summary>Hint 1</summary>`x @ weight.mT` multiplies each vector of x by each row of the
# weight.</details>
# <details><summary>Hint 2</summary>Only one of the two wide vectors goes through SiLU, the one that
# gate made.</details>


# %% grade_id="norms.swiglu"
def swiglu(x: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """x (*, D), gate (F, D), up (F, D), down (D, F) -> (*, D)."""
    ### BEGIN SOLUTION
    gated = F.silu(x @ gate.mT)
    return (gated * (x @ up.mT)) @ down.mT
    ### END SOLUTION


# %% grade_id="check.norms.swiglu" points=2
check("norms.swiglu", swiglu)

# %% [markdown]
# ### 7.5 How wide? · difficulty 2/5 · importance 3/5 · 5 min
#
# Meta's rule for the hidden width: two thirds of 4D, cut down to a whole number; times a multiplier
# (1.0 in LLaMA 1, 1.3 in Llama 3 8B), cut down to a whole number again; then *up* to the next
# multiple of `multiple_of`, unless it is one already. (If you wrote it in 1.2, take it over.)
#
# <details><summary>Hint 1</summary>`int(3.9)` is 3: it cuts off what stands after the
# point. Begin with 2 · 4D / 3.</details>
# <details><summary>Hint 2</summary>`math.ceil(width / multiple_of)` says how many multiples are
# needed.</details>


# %% grade_id="norms.hidden_width"
def hidden_width(d_model: int, multiplier: float, multiple_of: int) -> int:
    """The hidden width F of a SwiGLU layer, by Meta's rule.

    hidden_width(4096, 1.0, 256) -> 11008, as in LLaMA 7B
    """
    ### BEGIN SOLUTION
    width = int(2 * 4 * d_model / 3)
    width = int(multiplier * width)
    return multiple_of * math.ceil(width / multiple_of)
    ### END SOLUTION


# %% grade_id="check.norms.hidden_width" points=2
check("norms.hidden_width", hidden_width)

# %% [markdown]
# ### 7.6 A layer of LLaMA · difficulty 3/5 · importance 5/5 · 10 min
#
# Put it together: pre-norm, two parts, each of which adds to the stream. The first part lets tokens
# take from each other; here its attention weights are given, as a matrix `mix` (T, T), so that the
# part is `mix @ ...`. The second part is SwiGLU. Each part has a gain of its own for its norm.
# Use your `rms_norm` and `swiglu` from above.
#
# <details><summary>Hint 1</summary>Each part reads a normed copy, and its result is added to the
# stream as it was, not to the copy.</details>
# <details><summary>Hint 2</summary>The second part reads the stream after the first has added to
# it: `x = x + ...`, twice.</details>


# %% grade_id="norms.block"
def block(
    x: Tensor, mix: Tensor, gains: Tensor, gate: Tensor, up: Tensor, down: Tensor, eps: float
) -> Tensor:
    """One layer: the stream x (T, D) after both parts, (T, D).

    mix (T, T): row t says how much token t takes of each token's normed vector.
    gains (2, D): of the norm before mixing, and of the norm before SwiGLU.
    gate (F, D), up (F, D), down (D, F): weights of SwiGLU.
    """
    ### BEGIN SOLUTION
    mixing_gain, ffn_gain = gains
    x = x + mix @ rms_norm(x, mixing_gain, eps)
    return x + swiglu(rms_norm(x, ffn_gain, eps), gate, up, down)
    ### END SOLUTION


# %% grade_id="check.norms.block" points=3
check("norms.block", block)

# %% [markdown]
# Done? With your attention of lesson 05 in the place of `mix`, this is a layer of LLaMA, but for
# positions (lesson 06). The package's is `Block` in `llama_edu/model/llama.py`.
#
# `llama-edu progress` shows how far you are.
#
# Next: [lesson 08, the 2017 Transformer](../notebooks/08_transformer.ipynb), which has its norms
# after the sum.
