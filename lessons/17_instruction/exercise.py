# %% [markdown]
# # Exercise 17 · Instruction tuning: template, targets, packing, score
#
# **What you need:** the lesson [notebooks/17_instruction](../notebooks/17_instruction.ipynb).
#
# **What you will be able to do:** write every piece that stands between a list of questions with
# answers and a tuned model: the text, the targets, a mean, the rows of a batch, a mask, a score.
#
# **Time:** about 55 minutes: 17.1 The template 9 · 17.2 Which tokens count 9 · 17.3 The sample
# mean 11 · 17.4 First fit 12 · 17.5 The document mask 7 · 17.6 Exact match 7.
#
# Write each function where it says `YOUR CODE HERE`, and run the cell below it. It tells you
# whether the function is right, and if not, which mistake it makes. Try as often as you like.
#
# In the docstrings B counts texts, T tokens, V the tokens of the vocabulary.

# %%
import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.course import check

# %% [markdown]
# ### 17.1 The template · difficulty 2/5 · importance 5/5 · 9 min
#
# Write a conversation as Llama 3 reads it: `<|begin_of_text|>` once; then for each message a
# header, `<|start_header_id|>`, the role, `<|end_header_id|>` and two line ends; then the content,
# without white space around it, and `<|eot_id|>`. If the model is to answer next, the assistant's
# header stands at the end, two line ends and all.
#
# <details><summary>Hint 1</summary>Begin with a text, and add to it in a loop over the messages.
# What stands once, and what stands for each message?</details>
# <details><summary>Hint 2</summary>`text.strip()` takes white space away at both ends. A line end
# is written `"\n"`.</details>


# %% grade_id="instruction.render"
def render(messages: list[dict], is_open: bool) -> str:
    """The text of a conversation in Llama 3's template.

    Each message has "role" and "content". is_open: whether the assistant's answer comes next.
    """
    ### BEGIN SOLUTION
    text = "<|begin_of_text|>"
    for message in messages:
        text += "<|start_header_id|>" + message["role"] + "<|end_header_id|>\n\n"
        text += message["content"].strip() + "<|eot_id|>"
    if is_open:
        text += "<|start_header_id|>assistant<|end_header_id|>" + "\n" * 2
    return text
    ### END SOLUTION


# %% grade_id="check.instruction.render" points=2
check("instruction.render", render)

# %% [markdown]
# ### 17.2 Which tokens count · difficulty 2/5 · importance 5/5 · 9 min
#
# The inputs of a model are all tokens of a conversation but the last. The target of each input is
# the token that follows it, if that token belongs to an answer, and −100 if not.
#
# <details><summary>Hint 1</summary>Write the two rows of a small example below each other, as in
# the lesson. Which flag decides about the target at place 0: that of token 0, or that of token
# 1?</details>
# <details><summary>Hint 2</summary>`zip(ids[1:], is_answer[1:])` gives each following token with
# its own flag.</details>


# %% grade_id="instruction.make_targets"
def make_targets(ids: list[int], is_answer: list[bool]) -> list[int]:
    """The target of each of the inputs `ids[:-1]`, -100 where it does not count.

    ids: of a conversation. is_answer: True for each token of an answer, its end of turn included.
    """
    ### BEGIN SOLUTION
    following, counts = ids[1:], is_answer[1:]
    return [i if c else -100 for i, c in zip(following, counts, strict=True)]
    ### END SOLUTION


# %% grade_id="check.instruction.make_targets" points=2
check("instruction.make_targets", make_targets)

# %% [markdown]
# ### 17.3 The sample mean · difficulty 3/5 · importance 3/5 · 11 min
#
# The mean loss of each text, over its targets that count; then the mean of these over the texts. A
# text without any target that counts takes no part.
#
# `F.cross_entropy(logits, targets, reduction="none")` wants the logits as (B, V, T). It gives (B,
# T): the loss of each place, and 0 where the target is −100.
#
# <details><summary>Hint 1</summary>For each text you need a sum of losses and the number of its
# targets that count. Its mean is the one divided by the other.</details>
# <details><summary>Hint 2</summary>0 / 0 is NaN, and a mean with NaN in it is NaN. Choose the texts
# with `means[counts > 0]` before the last mean.</details>


# %% grade_id="instruction.sample_mean"
def sample_mean(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean over texts of each text's mean loss, in nats.

    logits (B, T, V), targets (B, T), -100 where a target does not count.
    """
    ### BEGIN SOLUTION
    losses = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    counts = (targets != -100).sum(-1)
    means = losses.sum(-1) / counts
    return means[counts > 0].mean()
    ### END SOLUTION


# %% grade_id="check.instruction.sample_mean" points=3
check("instruction.sample_mean", sample_mean)

# %% [markdown]
# ### 17.4 First fit · difficulty 3/5 · importance 3/5 · 12 min
#
# Pack examples into rows: take them by length, the longest first, and of two equally long ones the
# earlier first. Put each into the first row that still has room for it; where none has, begin a new
# row at the end.
#
# <details><summary>Hint 1</summary>You go through *places* in `lengths`, not lengths:
# `sorted(range(len(lengths)), key=...)` gives them in any order that you can say.</details>
# <details><summary>Hint 2</summary>`for … : … break … else: …`: the `else` of a loop runs if no
# `break` did. What is in a row so far is `sum(lengths[j] for j in row)`.</details>


# %% grade_id="instruction.first_fit"
def first_fit(lengths: list[int], capacity: int) -> list[list[int]]:
    """For each row, the places in `lengths` of the examples that lie in it, in the order put there.

    lengths: of the examples, none above capacity, the number of tokens that a row holds.
    """
    ### BEGIN SOLUTION
    rows = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        for row in rows:
            if sum(lengths[j] for j in row) + lengths[i] <= capacity:
                row.append(i)
                break
        else:
            rows.append([i])
    return rows
    ### END SOLUTION


# %% grade_id="check.instruction.first_fit" points=3
check("instruction.first_fit", first_fit)

# %% [markdown]
# ### 17.5 The document mask · difficulty 2/5 · importance 4/5 · 7 min
#
# In a packed row, a token may look at itself and at what came before it, in its own example alone.
# `documents` says for each token which example it belongs to. Padding has −1 and may look at
# padding: a row of nothing would be NaN in the softmax.
#
# <details><summary>Hint 1</summary>Two tokens belong together if their numbers are equal. For all
# pairs at once: a column (B, T, 1) compared with a row (B, 1, T).</details>
# <details><summary>Hint 2</summary>`tril()` keeps what is on and below the diagonal of each of the
# B squares, and makes the rest False.</details>


# %% grade_id="instruction.document_mask"
def document_mask(documents: Tensor) -> Tensor:
    """True where a token may look.

    documents (B, T), whole numbers -> (B, T, T): the row is the token that looks.
    """
    ### BEGIN SOLUTION
    is_same = documents[:, :, None] == documents[:, None, :]
    return is_same.tril()
    ### END SOLUTION


# %% grade_id="check.instruction.document_mask" points=2
check("instruction.document_mask", document_mask)

# %% [markdown]
# ### 17.6 Exact match · difficulty 2/5 · importance 4/5 · 7 min
#
# Greedy decoding writes an answer exactly if and only if, at every place whose target counts, the
# likeliest token is the target. Up to the first mistake, what it reads is what it would have
# written: so one pass over question and right answer tells what decoding would do.
#
# <details><summary>Hint 1</summary>A place is fine if the likeliest token is the target, or if the
# target does not count.</details>
# <details><summary>Hint 2</summary>`|` is *or* for tensors of truth values; put each comparison in
# parentheses. `all(-1)` asks whether a whole row is True.</details>


# %% grade_id="instruction.is_right"
def is_right(logits: Tensor, targets: Tensor) -> Tensor:
    """Whether greedy decoding would write each answer exactly.

    logits (B, T, V), targets (B, T), -100 where a target does not count -> (B,), True or False.
    """
    ### BEGIN SOLUTION
    likeliest = logits.argmax(-1)
    return ((likeliest == targets) | (targets == -100)).all(-1)
    ### END SOLUTION


# %% grade_id="check.instruction.is_right" points=2
check("instruction.is_right", is_right)

# %% [markdown]
# Done? These six functions are the package's `llama_edu.finetune.instruct` in small. Compare yours
# with `chat_example` and `first_fit` there. With your own questions and answers in a file
# `pairs.jsonl`, a line each, `read_pairs` in its `pairs` is where to go on.
#
# Next is [lesson 18](../notebooks/18_multitask.ipynb), on training for several tasks at once.
# `llama-edu progress` shows how far you are.
