# %% [markdown]
# # Exercise 18 · Tasks together
#
# **What you need:** the lesson [notebooks/18_multitask](../notebooks/18_multitask.ipynb).
#
# **What you will be able to do:** decide how often each task is shown, read what each one loses,
# see which of them fight, and mend their gradients.
#
# **Time:** about 50 minutes: 18.1 Rates 10 · 18.2 A loss for each task 12 · 18.3 Who fights 8 ·
# 18.4 Gradient surgery 12 · 18.5 Weights that are learned 8.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.

# %%
import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 18.1 Rates · difficulty 2/5 · importance 5/5 · 10 min
#
# How often is each task drawn? In proportion to $\min(\text{size}, \text{cap})^{1/T}$. The rates
# sum to 1. `cap` may be None: then no size is too large.
#
# <details><summary>Hint 1</summary>Make a dictionary of the numbers before they are divided; then
# divide each by the sum of all. `min` holds one size down.</details>
# <details><summary>Hint 2</summary>First the cap, then the power 1 / T. In Python `x ** (1 / T)`,
# with the brackets; for an infinite T, 1 / T is 0.</details>


# %% grade_id="multitask.rates"
def rates(sizes: dict[str, int], temperature: float, cap: int | None) -> dict[str, float]:
    """Task -> how often it is drawn.

    sizes: examples of each task, at least 1; temperature: T, from 1 to infinity; cap: or None.
    rates({"a": 1, "b": 4}, 2.0, None) -> {"a": 0.333, "b": 0.667}
    """
    ### BEGIN SOLUTION
    held = {name: size if cap is None else min(size, cap) for name, size in sizes.items()}
    counted = {name: size ** (1 / temperature) for name, size in held.items()}
    total = sum(counted.values())
    return {name: number / total for name, number in counted.items()}
    ### END SOLUTION


# %% grade_id="check.multitask.rates" points=2
check("multitask.rates", rates)

# %% [markdown]
# ### 18.2 A loss for each task · difficulty 3/5 · importance 5/5 · 12 min
#
# A batch holds examples of several tasks, one a row. Tokens whose target is -100 do not count: they
# belong to a question, or are padding. What is the mean loss of each task, over all its tokens that
# count? A task of which no token counts has lost nothing: 0.
#
# <details><summary>Hint 1</summary>`tasks == task` picks the rows of one task, and a `[:, None]`
# behind it lets it meet the tokens of those rows.</details>
# <details><summary>Hint 2</summary>Collect all tokens of the task that count, and take one mean.
# The mean of the rows' means would give a short answer as much weight as a long one.</details>


# %% grade_id="multitask.task_means"
def task_means(losses: Tensor, targets: Tensor, tasks: Tensor, n_tasks: int) -> Tensor:
    """The mean loss of each task, in nats a token.

    losses (B, T), targets (B, T) with -100 where a token does not count, tasks (B,) the number of
    each row's task, from 0 -> (n_tasks,); 0 for a task of which no token counts.
    """
    ### BEGIN SOLUTION
    counts = targets != -100
    means = torch.zeros(n_tasks)
    for task in range(n_tasks):
        mine = counts & (tasks == task)[:, None]
        if mine.any():
            means[task] = losses[mine].mean()
    return means
    ### END SOLUTION


# %% grade_id="check.multitask.task_means" points=2
check("multitask.task_means", task_means)

# %% [markdown]
# ### 18.3 Who fights with whom? · difficulty 2/5 · importance 4/5 · 8 min
#
# The cosine of two gradients is $g_i \cdot g_j / (|g_i| |g_j|)$. Below 0, a step for one task harms
# the other. Give the cosine of every pair of tasks. A gradient may be all 0: it fights with nobody,
# so its cosines are 0. Without `cosine_similarity`.
#
# <details><summary>Hint 1</summary>Make every row as long as 1. Then the cosines are plain dot
# products, and a matrix product gives all of them at once.</details>
# <details><summary>Hint 2</summary>0 divided by 0 is NaN. A length that is at least some tiny
# number (`clamp(min=...)`) leaves a row of zeros as it is.</details>


# %% grade_id="multitask.cosines"
def cosines(gradients: Tensor) -> Tensor:
    """gradients (K, N), one row for each of K tasks -> (K, K), the cosine of every pair."""
    ### BEGIN SOLUTION
    lengths = gradients.norm(dim=1, keepdim=True).clamp(min=1e-30)
    units = gradients / lengths
    return units @ units.T
    ### END SOLUTION


# %% grade_id="check.multitask.cosines" points=2
check("multitask.cosines", cosines)

# %% [markdown]
# ### 18.4 Gradient surgery · difficulty 4/5 · importance 3/5 · 12 min
#
# Take each task's gradient through the others, in the order of the rows (the paper draws an order
# by chance). Where it goes against another, their dot product below 0, take off the part along it:
#
# $$g_i \leftarrow g_i - \frac{g_i \cdot g_j}{g_j \cdot g_j}\, g_j$$
#
# The $g_j$ are the gradients as they were given, and $g_i$ is what is left so far. At the end, all
# are added.
#
# <details><summary>Hint 1</summary>Two loops. The outer one keeps what is left of task i; the inner
# one takes every other row j of `gradients`.</details>
# <details><summary>Hint 2</summary>Compute the dot product anew for each j, with what is left of i.
# Change nothing in `gradients` itself.</details>


# %% grade_id="multitask.surgery"
def surgery(gradients: Tensor) -> Tensor:
    """gradients (K, N) -> (N,): the sum of all, after each was freed of what goes against another.

    surgery of (1, 0) and (-1, 1) -> (1/2, 1/2) + (0, 1) = (0.5, 1.5)
    """
    ### BEGIN SOLUTION
    total = torch.zeros_like(gradients[0])
    for i in range(len(gradients)):
        left = gradients[i].clone()
        for j in range(len(gradients)):
            against = left @ gradients[j]
            if i != j and against < 0:
                left -= against / (gradients[j] @ gradients[j]) * gradients[j]
        total += left
    return total
    ### END SOLUTION


# %% grade_id="check.multitask.surgery" points=3
check("multitask.surgery", surgery)

# %% [markdown]
# ### 18.5 Weights that are learned · difficulty 2/5 · importance 2/5 · 8 min
#
# Uncertainty weighting learns a number $s$ for each task along with the model. The loss is
# $\sum_i (e^{-s_i} L_i + s_i / 2)$. Give that loss, and its slope along every $s_i$.
#
# <details><summary>Hint 1</summary>One number for all tasks together, and one slope for each of
# them.</details>
# <details><summary>Hint 2</summary>Only two terms hold $s_i$. The derivative of $e^{-s}$ is
# $-e^{-s}$, and that of $s / 2$ is a half.</details>


# %% grade_id="multitask.weighted"
def weighted(losses: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
    """losses (K,), s (K,) -> the loss of all tasks together (), and its slope along each s (K,)."""
    ### BEGIN SOLUTION
    counted = torch.exp(-s) * losses
    total = (counted + s / 2).sum()
    return total, 1 / 2 - counted
    ### END SOLUTION


# %% grade_id="check.multitask.weighted" points=2
check("multitask.weighted", weighted)

# %% [markdown]
# Done? Where is the slope of 18.5 zero? There every task counts the same, whatever it loses. Your
# functions are those of `llama_edu/finetune/multitask.py`; it draws the order of the surgery.
#
# Next is [lesson 19](../notebooks/19_preferences.ipynb), on which of two answers is better.
# `llama-edu progress` shows how far you are.
