# %% [markdown]
# # Exercise 25 · What stands round a model
#
# **What you need:** the lesson [notebooks/25_applications](../notebooks/25_applications.ipynb).
#
# **What you will be able to do:** write the pieces of an assistant that are not its model: a
# search, a prompt's budget, a call that is found, a sum that is worked out, a stream that is read.
#
# **Time:** about 55 minutes: 25.1 BM25 15 · 25.2 The budget 7 · 25.3 The call 10 · 25.4 The
# sum 13 · 25.5 The stream 10.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes.

# %%
import ast
import math
from operator import add, mul, sub, truediv

from llama_edu.course import check

# %% [markdown]
# ### 25.1 BM25 · difficulty 3/5 · importance 5/5 · 15 min
#
# Score each passage by the words that it shares with the query. For each word $w$ of the query add
#
# $$\text{idf}(w) \cdot \frac{f \, (k_1 + 1)}{f + k_1 (1 - b + b \cdot n / \bar n)}, \qquad
# \text{idf}(w) = \ln \left( 1 + \frac{N - N_w + 0.5}{N_w + 0.5} \right)$$
#
# where $f$ counts $w$ in the passage, $n$ the words of the passage, $\bar n$ is the mean of $n$
# over all passages, $N$ counts the passages, and $N_w$ those that hold $w$. A word that the query
# has twice is added twice.
#
# <details><summary>Hint 1</summary>Three loops: over the passages, over the words of the query,
# and, for N_w, over the passages once more. What does not change with the passage?</details>
# <details><summary>Hint 2</summary>`passage.count(word)` is f, and
# `sum(word in p for p in passages)` is N_w: each passage counts once, however often it has the
# word.</details>


# %% grade_id="applications.bm25"
def bm25(query: list[str], passages: list[list[str]], k1: float, b: float) -> list[float]:
    """The score of each passage.

    query: its words. passages: the words of each, none empty. k1: above 0. b: from 0 to 1.
    """
    ### BEGIN SOLUTION
    n_passages, scores = len(passages), []
    mean = sum(len(p) for p in passages) / n_passages
    for passage in passages:
        length = 1 - b + b * len(passage) / mean
        score = 0.0
        for word in query:
            f = passage.count(word)
            n_holding = sum(word in p for p in passages)
            idf = math.log(1 + (n_passages - n_holding + 0.5) / (n_holding + 0.5))
            score += idf * f * (k1 + 1) / (f + k1 * length)
        scores.append(score)
    return scores
    ### END SOLUTION


# %% grade_id="check.applications.bm25" points=3
check("applications.bm25", bm25)

# %% [markdown]
# ### 25.2 The budget · difficulty 1/5 · importance 4/5 · 7 min
#
# Passages come in the order of their scores, the best first. Take each in turn, if it still fits
# into what is left of the budget. One that is too long is passed over; shorter ones after it may
# yet fit.
#
# <details><summary>Hint 1</summary>You need one number that falls with each passage you
# take.</details>
# <details><summary>Hint 2</summary>`for i, length in enumerate(lengths)` gives the place and the
# length together. A passage that fills the rest exactly fits.</details>


# %% grade_id="applications.fill_budget"
def fill_budget(lengths: list[int], budget: int) -> list[int]:
    """The places in `lengths` of the passages that are taken, in their order.

    lengths: in tokens, of the passages, the best first. budget: tokens for all of them together.
    """
    ### BEGIN SOLUTION
    taken, left = [], budget
    for i, length in enumerate(lengths):
        if length <= left:
            taken.append(i)
            left = left - length
    return taken
    ### END SOLUTION


# %% grade_id="check.applications.fill_budget" points=2
check("applications.fill_budget", fill_budget)

# %% [markdown]
# ### 25.3 The call · difficulty 2/5 · importance 4/5 · 10 min
#
# A model writes `Let me see: CALC((2 + 3) * 4).` Return what stands between the parenthesis after
# the first `CALC(` and the one that closes it: `(2 + 3) * 4`. Parentheses may stand inside. Where
# there is no such call, or it is never closed, return `""`.
#
# <details><summary>Hint 1</summary>`text.find("CALC(")` is the place of the first, or -1. From
# there, count how many parentheses are open.</details>
# <details><summary>Hint 2</summary>Start with one open parenthesis. Each `(` opens one more, each
# `)` closes one; the call ends where none is open.</details>


# %% grade_id="applications.find_call"
def find_call(text: str) -> str:
    """What stands in the parentheses of the first CALC(...) of a text, "" if there is none."""
    ### BEGIN SOLUTION
    place = text.find("CALC(")
    if place < 0:
        return ""
    start, n_open = place + len("CALC("), 1
    for end in range(start, len(text)):
        if text[end] == "(":
            n_open = n_open + 1
        elif text[end] == ")":
            n_open = n_open - 1
        if n_open == 0:
            return text[start:end]
    return ""
    ### END SOLUTION


# %% grade_id="check.applications.find_call" points=2
check("applications.find_call", find_call)

# %% [markdown]
# ### 25.4 The sum · difficulty 4/5 · importance 4/5 · 13 min
#
# Work out what a model wrote, and run nothing of it. `ast.parse(expression, mode="eval").body` is
# the expression as a tree:
#
# - a number is an `ast.Constant` with its `value`;
# - `a + b` is an `ast.BinOp` with `left`, `op` (here an `ast.Add`) and `right`;
# - `-a` is an `ast.UnaryOp` whose `op` is an `ast.USub`, with its `operand`.
#
# Allow whole and decimal numbers, `+ - * /` and the minus in front. Anything else (names, texts,
# `True`, powers, a division by 0, what is no Python) gives None.
#
# <details><summary>Hint 1</summary>Write a function inside that works out one node, and calls
# itself for the nodes below. It raises a ValueError at what is not allowed.</details>
# <details><summary>Hint 2</summary>`{ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}`
# has a function for each `type(node.op)`. Catch SyntaxError, ValueError and ZeroDivisionError in
# one place. `isinstance(True, int)` holds; `type(True) in (int, float)` does not.</details>


# %% grade_id="applications.calculate"
def calculate(expression: str) -> float | None:
    """The value of a sum as a float, None if it is not one. `eval` would run whatever it is."""
    ### BEGIN SOLUTION
    known = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}

    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.BinOp) and type(node.op) in known:
            return known[type(node.op)](value(node.left), value(node.right))
        raise ValueError("not allowed")

    try:
        return float(value(ast.parse(expression, mode="eval").body))
    except (SyntaxError, ValueError, ZeroDivisionError):
        return None
    ### END SOLUTION


# %% grade_id="check.applications.calculate" points=3
check("applications.calculate", calculate)

# %% [markdown]
# ### 25.5 The stream · difficulty 3/5 · importance 4/5 · 10 min
#
# A server sends events: `data: `, the data, and two line ends, `"\n\n"`. The network cuts the
# stream into chunks wherever it likes, in the middle of a word or between the two line ends. Return
# the data of all events before the event `[DONE]`, which ends the stream. An event that was cut off
# is left out. The data may begin or end with a space, which belongs to it.
#
# <details><summary>Hint 1</summary>Keep what is not yet a whole event, and put the next chunk
# behind it. `*whole, held = text.split("\n\n")` gives the whole events and the rest.</details>
# <details><summary>Hint 2</summary>`removeprefix("data: ")` takes that text away once, at the
# start. `lstrip` takes away *any* of these letters.</details>


# %% grade_id="applications.read_events"
def read_events(chunks: list[str]) -> list[str]:
    """The data of each whole event before [DONE], in their order."""
    ### BEGIN SOLUTION
    events, held = [], ""
    for chunk in chunks:
        *whole, held = (held + chunk).split("\n\n")
        for event in whole:
            data = event.removeprefix("data: ")
            if data == "[DONE]":
                return events
            events.append(data)
    return events
    ### END SOLUTION


# %% grade_id="check.applications.read_events" points=3
check("applications.read_events", read_events)

# %% [markdown]
# Done? Compare with `llama_edu/assistant.py` and `llama_edu/serve/events.py`, and let a browser ask
# your own model: `llama-edu serve --model RUN`.
#
# Next is [lesson 26](../notebooks/26_capstone.ipynb), which puts the whole course into one run.
# `llama-edu progress` shows how far you are.
