# %% [markdown]
# # Exercise 22 · Quantization, from codes to GPTQ
#
# **What you need:** the lesson [notebooks/22_quantization](../notebooks/22_quantization.ipynb).
#
# **What you will be able to do:** turn weights into codes and back, on even grids and uneven ones;
# keep outliers apart; write the loop of GPTQ.
#
# **Time:** about 55 minutes: 22.1 Absmax 10 · 22.2 Back again 8 · 22.3 Any sixteen values 12 ·
# 22.4 Outliers apart 12 · 22.5 GPTQ 13.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings F counts the rows of a weight (outputs), D its columns (inputs), g the groups of
# a row, N the tokens. Scales are in the unit of the weights; codes are whole numbers, kept here in
# ordinary float tensors.

# %%
import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 22.1 Absmax · difficulty 2/5 · importance 5/5 · 10 min
#
# Each row gets the scale that puts its largest number, whatever its sign, on the last code:
# $2^{b-1} - 1$ for $b$ bits. Then every number goes to the nearest code. A row of zeros has no
# largest number to divide by: give it scale 1.
#
# <details><summary>Hint 1</summary>`weight.abs().amax(dim=1)` is the largest of each row, (F,).
# `scales[:, None]` is a column, which meets the rows.</details>
# <details><summary>Hint 2</summary>`torch.where(condition, 1.0, other)` chooses number by number.
# Which rows are all zeros: those whose largest size is 0.</details>


# %% grade_id="quantization.absmax"
def absmax(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """weight (F, D), bits from 2 to 8 -> codes (F, D), scales (F,): one scale a row.

    absmax([[0.9, -0.31, 0.05]], 3) -> [[3, -1, 0]], [0.3]; a row of zeros has scale 1.
    """
    ### BEGIN SOLUTION
    most = 2 ** (bits - 1) - 1
    largest = weight.abs().amax(dim=1)
    scales = torch.where(largest == 0, 1.0, largest / most)
    return (weight / scales[:, None]).round(), scales
    ### END SOLUTION


# %% grade_id="check.quantization.absmax" points=2
check("quantization.absmax", absmax)

# %% [markdown]
# ### 22.2 Back again · difficulty 2/5 · importance 4/5 · 8 min
#
# What do the codes stand for? Each row is cut into g groups of D / g neighbours. A group has a
# scale, and an offset beside it: the grid may begin anywhere.
#
# $$w' = \text{code} \cdot \text{scale} + \text{offset}$$
#
# <details><summary>Hint 1</summary>`codes.unflatten(1, (g, -1))` cuts each row: (F, g, D / g).
# </details>
# <details><summary>Hint 2</summary>`scales[..., None]` is (F, g, 1): one number for each group.
# `flatten(1)` sets the groups of a row side by side again.</details>


# %% grade_id="quantization.dequantize"
def dequantize(codes: Tensor, scales: Tensor, offsets: Tensor) -> Tensor:
    """codes (F, D), scales and offsets (F, g), g a divisor of D -> weights (F, D).

    The first D / g numbers of a row are its first group.
    """
    ### BEGIN SOLUTION
    groups = codes.unflatten(1, (scales.shape[1], -1))
    return (groups * scales[..., None] + offsets[..., None]).flatten(1)
    ### END SOLUTION


# %% grade_id="check.quantization.dequantize" points=2
check("quantization.dequantize", dequantize)

# %% [markdown]
# ### 22.3 Any sixteen values · difficulty 3/5 · importance 4/5 · 12 min
#
# NF4 has a list of values in place of an even grid; a code is a *place* in that list. Cut each row
# into groups, divide each group by its largest size, so that it lies between -1 and 1, and find the
# nearest value for each number.
#
# <details><summary>Hint 1</summary>`x[..., None] - values` sets every number beside every value:
# one more dimension, as long as the list.</details>
# <details><summary>Hint 2</summary>`argmin(dim=-1)` is the place of the smallest. The smallest of
# what: the differences, or their sizes?</details>


# %% grade_id="quantization.nearest"
def nearest(weight: Tensor, values: Tensor, group_size: int) -> tuple[Tensor, Tensor]:
    """weight (F, D), values (n,) in [-1, 1] -> codes (F, D), scales (F, D / group_size).

    codes[i, j] is the place in `values` of the value nearest to the weight divided by its group's
    scale; the scale is the largest size in the group. No group is all zeros.
    """
    ### BEGIN SOLUTION
    groups = weight.unflatten(1, (-1, group_size))
    scales = groups.abs().amax(dim=-1)
    unit = groups / scales[..., None]
    codes = (unit[..., None] - values).abs().argmin(dim=-1)
    return codes.flatten(1), scales
    ### END SOLUTION


# %% grade_id="check.quantization.nearest" points=2
check("quantization.nearest", nearest)

# %% [markdown]
# ### 22.4 Outliers apart · difficulty 4/5 · importance 4/5 · 12 min
#
# $x W^\top$ with both in 8 bits, as LLM.int8 does it. A column in which *any* token's number is
# larger in size than `threshold` is an outlier: it is multiplied in full. All other columns are
# quantized by your `absmax`, with a scale for each token of x and for each row of W; the codes are
# multiplied, and the product is scaled. 22.1 must be right first.
#
# <details><summary>Hint 1</summary>`(x.abs() > threshold).any(dim=0)` is True for outliers, (D,).
# `x[:, is_large]` are these columns, `x[:, ~is_large]` the others.</details>
# <details><summary>Hint 2</summary>Entry (n, f) of the codes' product is scaled by token n's scale
# and row f's scale: one is a column, the other a row.</details>


# %% grade_id="quantization.outliers_apart"
def outliers_apart(x: Tensor, weight: Tensor, threshold: float) -> Tensor:
    """x (N, D), weight (F, D) -> (N, F), in 8 bits but for the outlier columns.

    At least one column is no outlier; it may be that none is one.
    """
    ### BEGIN SOLUTION
    is_large = (x.abs() > threshold).any(dim=0)
    x_codes, x_scales = absmax(x[:, ~is_large], 8)
    w_codes, w_scales = absmax(weight[:, ~is_large], 8)
    product = x_codes @ w_codes.T * x_scales[:, None] * w_scales
    return product + x[:, is_large] @ weight[:, is_large].T
    ### END SOLUTION


# %% grade_id="check.quantization.outliers_apart" points=3
check("quantization.outliers_apart", outliers_apart)

# %% [markdown]
# ### 22.5 GPTQ · difficulty 4/5 · importance 5/5 · 13 min
#
# Round one column after the other, and let the later ones make up for what is lost. The scales are
# given, one a row, and so is the upper triangular U of the lesson:
#
# $$e_j = \frac{w_j - w_j'}{U_{jj}} \qquad
# w_k \leftarrow w_k - e_j U_{jk} \quad \text{for all } k > j$$
#
# Here $w_j$ is column j *as it is by then*, and $w_j'$ what its codes stand for. A column that has
# been changed may lie beyond the grid: its codes stay from $-(2^{b-1} - 1)$ to $2^{b-1} - 1$.
#
# <details><summary>Hint 1</summary>Work on `weight.clone()`: the weight that was handed to you must
# stay as it is.</details>
# <details><summary>Hint 2</summary>`lost[:, None] * upper[j, j + 1:]` is (F, D - j - 1): for each
# row what each later column is to lose.</details>


# %% grade_id="quantization.gptq"
def gptq(weight: Tensor, upper: Tensor, scales: Tensor, bits: int) -> Tensor:
    """weight (F, D), upper (D, D), scales (F,), bits from 2 to 8 -> codes (F, D).

    With a diagonal `upper` no column makes up for another: then it is plain rounding.
    """
    ### BEGIN SOLUTION
    most = 2 ** (bits - 1) - 1
    left, codes = weight.clone(), torch.zeros_like(weight)
    for j in range(weight.shape[1]):
        codes[:, j] = (left[:, j] / scales).round().clamp(-most, most)
        lost = (left[:, j] - codes[:, j] * scales) / upper[j, j]
        left[:, j + 1 :] -= lost[:, None] * upper[j, j + 1 :]
    return codes
    ### END SOLUTION


# %% grade_id="check.quantization.gptq" points=3
check("quantization.gptq", gptq)

# %% [markdown]
# Done? The package has the same in `llama_edu/compress/quantize`: its GPTQ finds the scales and U
# itself, and hands losses on in blocks of columns, which is faster.
#
# Next is [lesson 23](../notebooks/23_distillation.ipynb), on small models that learn from large
# ones. `llama-edu progress` shows how far you are.
