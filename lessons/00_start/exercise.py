# %% [markdown]
# # Exercise 00 · The temperature
#
# **What you need:** [lesson 00](../notebooks/00_start.ipynb): logits, softmax, temperature.
#
# **What you will be able to do:** write a function of the course, and read what a check says.
#
# **Time:** about 5 minutes: 0.1 5.
#
# One small function, to see how exercises work. Write it where it says `YOUR CODE HERE`, then run
# the cell below it.

# %%
import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 0.1 Temperature · difficulty 1/5 · importance 4/5 · 5 min
#
# Turn logits $z$ into probabilities, bolder or more careful: divide by the temperature $\tau$, then
# softmax over the last dimension.
#
# $$p_i = \frac{e^{z_i / \tau}}{\sum_j e^{z_j / \tau}}$$
#
# **First make a mistake on purpose:** *multiply* by the temperature, run the check, and read what
# it says. Then put it right.
#
# <details><summary>Hint 1</summary>A tensor has a method `softmax(dim)`; the last dimension
# is -1.</details>
# <details><summary>Hint 2</summary>Softmax comes last. What it returns sums to 1, and
# anything done to it afterwards spoils that.</details>


# %% grade_id="start.temper"
def temper(logits: Tensor, temperature: float) -> Tensor:
    """Probabilities of the next token.

    logits (..., V), rows of V scores; temperature above 0: 1 keeps the model's own probabilities,
    less sharpens them, more flattens them. Returns (..., V), each row summing to 1.
    """
    ### BEGIN SOLUTION
    return (logits / temperature).softmax(-1)
    ### END SOLUTION


# %% grade_id="check.start.temper" points=1
check("start.temper", temper)

# %% [markdown]
# That is how every exercise works. If a cell ever runs on and on (`[*]` beside it), the square ■
# above the notebook stops it. Save your notebook, and `!llama-edu progress` in a cell (with the
# `!`) shows how far you are.
#
# Next: [lesson 01, the family](../notebooks/01_family.ipynb): what is in a LLaMA, counted.
