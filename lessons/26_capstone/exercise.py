# %% [markdown]
# # Exercise 26 · Capstone: the joints of a run
#
# **What you need:** the lesson [notebooks/26_capstone](../notebooks/26_capstone.ipynb).
#
# **What you will be able to do:** write what stands between the pieces: a split that stays, a plan
# that fits the time, a mark to beat, which checkpoint to keep, a conversation that fits, and a
# check of what a model card claims.
#
# **Time:** about 60 minutes: 26.1 Which side 12 · 26.2 The plan 10 · 26.3 A mark to beat 12 ·
# 26.4 Which checkpoint 10 · 26.5 What the model still hears 9 · 26.6 Claims and evidence 7.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.

# %%
import math
from collections import Counter
from itertools import pairwise

from llama_edu.course import check

# %% [markdown]
# ### 26.1 Which side · difficulty 3/5 · importance 5/5 · 12 min
#
# A document is held out if its hash is a multiple of n: no list to keep, and the same text is on
# the same side next year. But near copies have other hashes. So documents that are linked by pairs
# of near copies, directly or through others, form a **group**, and the smallest hash of the group
# decides for all of it.
#
# <details><summary>Hint 1</summary>Give each document a number that begins as its own hash. For
# each pair, both get the smaller of their two numbers.</details>
# <details><summary>Hint 2</summary>One walk over the pairs is not enough: in a chain the smallest
# has to travel from link to link. How many walks are always enough?</details>


# %% grade_id="capstone.held_out"
def held_out(hashes: list[int], pairs: list[tuple[int, int]], n: int) -> list[bool]:
    """For each document, whether it is held out.

    hashes: of the documents, whole numbers. pairs: places (i, j) of near copies, in any order. n: a
    group is held out if its smallest hash is a multiple of n.

    held_out([7, 4, 9], [(0, 1)], 2) -> [True, True, False]
    """
    ### BEGIN SOLUTION
    lowest = list(hashes)
    for _ in hashes:
        for i, j in pairs:
            lowest[i] = lowest[j] = min(lowest[i], lowest[j])
    return [number % n == 0 for number in lowest]
    ### END SOLUTION


# %% grade_id="check.capstone.held_out" points=3
check("capstone.held_out", held_out)

# %% [markdown]
# ### 26.2 The plan · difficulty 3/5 · importance 5/5 · 10 min
#
# You have so many seconds. For some sizes of model you have measured how many tokens a second they
# read in training. Choose the largest model that can read enough tokens in that time, so many for
# each of its parameters; where none can, take the smallest. And say how many whole steps it gets.
#
# <details><summary>Hint 1</summary>A model reads speed times seconds tokens. Which sizes reach what
# they need? Collect those, then look at how many they are.</details>
# <details><summary>Hint 2</summary>`max` and `min` of a list of pairs go by the first of each
# pair, the size. `//` leaves out what is no whole step; `int` makes a whole number.</details>


# %% grade_id="capstone.plan"
def plan(
    speeds: list[tuple[int, float]], seconds: float, batch_tokens: int, per_parameter: float
) -> tuple[int, int]:
    """Parameters of the model to train, and the number of its steps.

    speeds: (parameters, tokens a second) of each size, in any order.
    seconds: to train. batch_tokens: read in each step.
    per_parameter: tokens that a model has to read for each parameter, at least.

    plan([(100, 50.0), (400, 20.0)], 60.0, 256, 5.0) -> (100, 11)
    """
    ### BEGIN SOLUTION
    enough = [(size, speed) for size, speed in speeds if speed * seconds >= per_parameter * size]
    size, speed = max(enough) if enough else min(speeds)
    n_steps = speed * seconds // batch_tokens
    return size, int(n_steps)
    ### END SOLUTION


# %% grade_id="check.capstone.plan" points=3
check("capstone.plan", plan)

# %% [markdown]
# ### 26.3 A mark to beat · difficulty 3/5 · importance 4/5 · 12 min
#
# A **bigram model** predicts a byte from the one before it, by counting in the training text. With
# **add-k smoothing**, pairs that never came get a small probability as well:
#
# $$P(b \mid a) = \frac{n(ab) + k}{n(a) + 256\,k}$$
#
# Here $n(ab)$ is how often the byte $b$ follows $a$, and $n(a)$ how often any byte follows $a$. The
# first byte of the held-out text has nothing before it: all 256 bytes are equally likely.
#
# <details><summary>Hint 1</summary>`text.encode()` gives bytes, `pairwise` their neighbours, and
# `Counter` counts them. A byte follows each byte but the last of the text.</details>
# <details><summary>Hint 2</summary>An event of probability p costs -log2 p bits. What does the
# first byte cost? Divide the sum by the number of all bytes.</details>


# %% grade_id="capstone.bigram_bits"
def bigram_bits(training: str, held_out: str, k: float) -> float:
    """Bits for each byte of the held-out text, in UTF-8.

    training: counted in. held_out: at least one character. k: above 0.
    """
    ### BEGIN SOLUTION
    seen, new = training.encode(), held_out.encode()
    n_pairs, n_first = Counter(pairwise(seen)), Counter(seen[:-1])
    bits = 8.0
    for a, b in pairwise(new):
        p = (n_pairs[a, b] + k) / (n_first[a] + 256 * k)
        bits -= math.log2(p)
    return bits / len(new)
    ### END SOLUTION


# %% grade_id="check.capstone.bigram_bits" points=3
check("capstone.bigram_bits", bigram_bits)

# %% [markdown]
# ### 26.4 Which checkpoint · difficulty 3/5 · importance 4/5 · 10 min
#
# From time to time a run looks at held-out text and saves a checkpoint. **Early stopping** with a
# **patience** of p ends the run at the look at which the best loss so far is p looks old. Only a
# lower loss is better; of equal ones the earlier stays the best.
#
# <details><summary>Hint 1</summary>Go through the looks in order and keep the *place* of the best
# loss. How old is it at each look?</details>
# <details><summary>Hint 2</summary>What comes after the end of the run has never happened: it must
# not be looked at, even if it is lower. `break` leaves a loop.</details>


# %% grade_id="capstone.keep"
def keep(losses: list[float], patience: int) -> tuple[int, int]:
    """Places of the look whose checkpoint is kept, and of the last look of the run.

    losses: on held-out text at each look, at least one. patience: in looks, at least 1.

    keep([3.0, 2.5, 2.6, 2.7, 2.4], 2) -> (1, 3)
    """
    ### BEGIN SOLUTION
    best = 0
    for look, loss in enumerate(losses):
        if loss < losses[best]:
            best = look
        if look - best == patience:
            break
    return best, look
    ### END SOLUTION


# %% grade_id="check.capstone.keep" points=2
check("capstone.keep", keep)

# %% [markdown]
# ### 26.5 What the model still hears · difficulty 3/5 · importance 4/5 · 9 min
#
# A conversation has outgrown the context. Leave out the oldest question together with its answer,
# and again, until the rest fits. The system's message, if there is one, stands first and stays; so
# does the last question, even if it does not fit alone.
#
# <details><summary>Hint 1</summary>What stays is the beginning (one message or none) and an end.
# Only the place where the end begins moves, by two at a time.</details>
# <details><summary>Hint 2</summary>After the system's message, questions and answers alternate, and
# a question is last. So the place may not go beyond `len(talk) - 1`.</details>


# %% grade_id="capstone.trim"
def trim(talk: list[dict], n_tokens: list[int], budget: int) -> list[dict]:
    """The messages that are kept, in their order.

    talk: messages, each with "role" (system, user or assistant) and "content"; the last is the
    user's. n_tokens: of each message. budget: tokens that may be kept at most.
    """
    ### BEGIN SOLUTION
    first = 1 if talk[0]["role"] == "system" else 0
    start = first
    while sum(n_tokens[:first]) + sum(n_tokens[start:]) > budget and start < len(talk) - 1:
        start += 2
    return talk[:first] + talk[start:]
    ### END SOLUTION


# %% grade_id="check.capstone.trim" points=3
check("capstone.trim", trim)

# %% [markdown]
# ### 26.6 Claims and evidence · difficulty 2/5 · importance 4/5 · 7 min
#
# A model card says "at least 0.8 exact match". Measured were 41 of 50, and the interval goes from
# 0.69 to 0.90: the claim is not proven. A claim holds only if the *whole* interval agrees with it,
# its ends included. What was never measured is not proven either.
#
# <details><summary>Hint 1</summary>For "at least", which end of the interval is the one that may
# break the claim? And for "at most"?</details>
# <details><summary>Hint 2</summary>`metrics.get(name, (-math.inf, math.inf))` is an interval that
# proves nothing where there is none.</details>


# %% grade_id="capstone.unproven"
def unproven(claims: list[tuple], metrics: dict[str, tuple[float, float]]) -> list[str]:
    """Names of what is claimed without proof, in the order of the claims.

    claims: (name, "at least" or "at most", value). metrics: name -> interval, (low, high).

    unproven([("accuracy", "at least", 0.8)], {"accuracy": (0.69, 0.90)}) -> ["accuracy"]
    """
    ### BEGIN SOLUTION
    names = []
    for name, bound, value in claims:
        low, high = metrics.get(name, (-math.inf, math.inf))
        holds = low >= value if bound == "at least" else high <= value
        if not holds:
            names.append(name)
    return names
    ### END SOLUTION


# %% grade_id="check.capstone.unproven" points=2
check("capstone.unproven", unproven)

# %% [markdown]
# Done? Then you have written all that a small LLaMA needs, and what holds it together. Run the
# lesson once more from the top: its first lines say how much of the machine is yours.
#
# This was the last exercise. `docs/contest.md` in the course's repository tells where to go on:
# whose model predicts unread text best, after five minutes on two cores? `llama-edu progress` shows
# what is left.
