# %% [markdown]
# # Exercise 24 · What does it take?
#
# **What you need:** the lesson [notebooks/24_cost](../notebooks/24_cost.ipynb).
#
# **What you will be able to do:** work out by yourself what a training needs and emits, find wrong
# rows in a table, and say when a smaller model pays off.
#
# **Time:** about 50 minutes: 24.1 Work 12 · 24.2 Days 8 · 24.3 Tonnes 8 · 24.4 Audit 12 ·
# 24.5 Break even 10.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes.

# %%
from llama_edu.course import check

# %% [markdown]
# ### 24.1 Work · difficulty 3/5 · importance 5/5 · 12 min
#
# How many FLOPs does a training take, attention included? Each token is multiplied with
# `n_multiplied` weights. Beside that, its query meets the keys before it in every layer and head:
# d multiplications and d additions for each score, and as many to add up the values. Under the
# causal mask a token of a text of T tokens has T / 2 keys before it, on average.
#
# All of that is the forward pass. Training has the backward pass too.
#
# <details><summary>Hint 1</summary>First the forward pass of one token: 2 FLOPs a weight, and for
# attention L · H · d · T / 2, times what for the scores and the values together?</details>
# <details><summary>Hint 2</summary>Forward, attention takes 4 · L · H · d · T / 2, that is
# 2 · L · H · d · T. The backward pass takes twice what the forward pass takes.</details>


# %% grade_id="cost.training_flops"
def training_flops(
    n_multiplied: int, n_layers: int, n_heads: int, d_head: int, n_context: int, n_tokens: float
) -> float:
    """FLOPs of a training on n_tokens tokens, in texts of n_context tokens each.

    n_multiplied: weights that each token is multiplied with.
    """
    ### BEGIN SOLUTION
    weights = 2 * n_multiplied
    keys_before = n_context / 2
    attention = 4 * n_layers * n_heads * d_head * keys_before
    forward = weights + attention
    return 3 * forward * n_tokens
    ### END SOLUTION


# %% grade_id="check.cost.training_flops" points=3
check("cost.training_flops", training_flops)

# %% [markdown]
# ### 24.2 Days · difficulty 2/5 · importance 4/5 · 8 min
#
# How many days do `n_gpus` GPUs work on so many FLOPs? Each can do `peak` FLOPs a second by its
# data sheet, and reaches the share `mfu` of them.
#
# <details><summary>Hint 1</summary>How many FLOPs do all of them really do in one second?</details>
# <details><summary>Hint 2</summary>A day has 24 hours of 3,600 seconds.</details>


# %% grade_id="cost.days"
def days(flops: float, peak: float, mfu: float, n_gpus: int) -> float:
    """Days of a run.

    flops: operations of all of it.
    peak: FLOPs a second of one GPU by its data sheet.
    mfu: the share of peak that is reached, above 0 and at most 1.
    """
    ### BEGIN SOLUTION
    per_second = n_gpus * peak * mfu
    seconds = flops / per_second
    return seconds / (24 * 3600)
    ### END SOLUTION


# %% grade_id="check.cost.days" points=2
check("cost.days", days)

# %% [markdown]
# ### 24.3 Tonnes · difficulty 2/5 · importance 5/5 · 8 min
#
# What does a run emit? As LLaMA's paper has it: each GPU draws its most (`watts`) for all its
# hours, the data centre draws `pue` times as much, and each kWh from the grid emits `grid` kg of
# CO2 equivalents. Return tonnes.
#
# <details><summary>Hint 1</summary>A watt for an hour is a watt-hour. How many are a
# kWh?</details>
# <details><summary>Hint 2</summary>1,000 kg are a tonne. LLaMA 65B: 1,022,362 hours at 400 W, PUE
# 1.1 and 0.385 kg give 173 tonnes.</details>


# %% grade_id="cost.tonnes"
def tonnes(gpu_hours: float, watts: float, pue: float, grid: float) -> float:
    """Tonnes of CO2 equivalents.

    gpu_hours: hours times GPUs.
    watts: of one GPU.
    pue: what the data centre draws for each watt of its computers, at least 1.
    grid: kg of CO2 equivalents a kWh.
    """
    ### BEGIN SOLUTION
    kwh = gpu_hours * watts / 1000 * pue
    kg = kwh * grid
    return kg / 1000
    ### END SOLUTION


# %% grade_id="check.cost.tonnes" points=2
check("cost.tonnes", tonnes)

# %% [markdown]
# ### 24.4 Audit · difficulty 3/5 · importance 4/5 · 12 min
#
# Which rows of a model card cannot be right? Each row is a dictionary with `"name"`,
# `"gpu_hours"` and `"tonnes"`, as printed. Work the tonnes out by the formula, and return the
# names, in their order, of the rows whose printed number is *more than* the share `tolerance` away
# from it, above or below. Away is measured as a share of the formula's number.
#
# You may use your `tonnes` of 24.3, or write the formula again.
#
# <details><summary>Hint 1</summary>Printed 12.9 where the formula says 2,000: the distance is
# 1,987, and its share of 2,000 is 0.99.</details>
# <details><summary>Hint 2</summary>A distance has no sign: `abs`. Multiplying by the formula's
# number instead of dividing is safer: a row of 0 hours emits 0.</details>


# %% grade_id="cost.wrong_rows"
def wrong_rows(
    rows: list[dict], watts: float, pue: float, grid: float, tolerance: float
) -> list[str]:
    """Names of the rows whose printed tonnes are off by more than a share of what they should be.

    rows: each {"name": str, "gpu_hours": float, "tonnes": float}.
    tolerance: such as 0.02; a row that is off by just so much is still right.
    """
    ### BEGIN SOLUTION
    names = []
    for row in rows:
        expected = row["gpu_hours"] * watts / 1000 * pue * grid / 1000
        distance = abs(row["tonnes"] - expected)
        if distance > tolerance * expected:
            names.append(row["name"])
    return names
    ### END SOLUTION


# %% grade_id="check.cost.wrong_rows" points=3
check("cost.wrong_rows", wrong_rows)

# %% [markdown]
# ### 24.5 Break even · difficulty 3/5 · importance 5/5 · 10 min
#
# Two models are as good as each other. The small one has fewer parameters and was trained on more
# tokens. After how many tokens of answers have both taken the same work, training and answering
# together? Training takes 6 FLOPs for each parameter and token, answering 2.
#
# Where the small one was cheaper from the start, return 0.
#
# <details><summary>Hint 1</summary>Write the whole work of each as training + answering ·
# tokens, and set them equal.</details>
# <details><summary>Hint 2</summary>How much more did the small one take to train? How much less
# does it take for each token of an answer? Divide.</details>


# %% grade_id="cost.break_even"
def break_even(n_small: float, d_small: float, n_large: float, d_large: float) -> float:
    """Tokens of answers after which the small model has paid off; 0 if it has from the start.

    n_small, n_large: parameters, n_small < n_large.
    d_small, d_large: tokens that each was trained on.
    """
    ### BEGIN SOLUTION
    more_to_train = 6 * (n_small * d_small - n_large * d_large)
    less_to_answer = 2 * (n_large - n_small)
    return max(0.0, more_to_train / less_to_answer)
    ### END SOLUTION


# %% grade_id="check.cost.break_even" points=3
check("cost.break_even", break_even)

# %% [markdown]
# Done? Unfold `llama_edu/footprint` and compare: it has the same formulas, and the tables of all
# papers beside them.
#
# Lesson 25 puts a model to work. `llama-edu progress` shows how far you are.
