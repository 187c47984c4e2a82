# %% [markdown]
# # Exercise 08 · The 2017 Transformer, piece by piece
#
# **What you need:** [lesson 08](../notebooks/08_transformer.ipynb), and heads and masks from lesson
# 05.
#
# **What you will be able to do:** prepare texts for an encoder and a decoder, let one look at the
# other, train them without counting padding, and have them write.
#
# **Time:** about 60 minutes: 8.1 8 · 8.2 10 · 8.3 15 · 8.4 9 · 8.5 10 · 8.6 8.
#
# Write each function where it says `YOUR CODE HERE`, then run the cell below it: it tells you
# whether it is right, and if not, which mistake it makes. Try as often as you like.

# %%
import math

import torch
from torch import Tensor

from llama_edu.course import check

# %% [markdown]
# ### 8.1 One place late · difficulty 2/5 · importance 5/5 · 8 min
#
# Teacher forcing: the decoder is given the true target so far and must say what comes next. Make
# both from the targets: what it is given begins with the start token; what it must say ends with
# the end token. Fill both up with padding on the right, to the length of the longest.
#
# <details><summary>Hint 1</summary>For the target [5, 6] it is given [start, 5, 6] and must say
# [5, 6, end]. Both are one longer than the target.</details>
# <details><summary>Hint 2</summary>`[pad] * n` is a list of n paddings, and a list is added to
# another with +. How many does each target lack?</details>


# %% grade_id="transformer.teacher_forcing"
def teacher_forcing(
    targets: list[list[int]], start: int, end: int, pad: int
) -> tuple[Tensor, Tensor]:
    """What the decoder is given and what it must say, each (B, T), T the longest target plus 1.

    teacher_forcing([[5, 6], [7]], 1, 2, 0) -> [[1, 5, 6], [1, 7, 0]], [[5, 6, 2], [7, 2, 0]]
    """
    ### BEGIN SOLUTION
    longest = max(len(target) for target in targets)
    given, expected = [], []
    for target in targets:
        padding = [pad] * (longest - len(target))
        given.append([start, *target, *padding])
        expected.append([*target, end, *padding])
    return torch.tensor(given), torch.tensor(expected)
    ### END SOLUTION


# %% grade_id="check.transformer.teacher_forcing" points=2
check("transformer.teacher_forcing", teacher_forcing)

# %% [markdown]
# ### 8.2 Who may look at whom in the target · difficulty 3/5 · importance 5/5 · 10 min
#
# In the decoder's self-attention a token may look at itself and at what came before, but not at
# padding. Padding itself may look at itself too, wherever it stands: a row that sees nothing
# would be NaN.
#
# <details><summary>Hint 1</summary>Three masks are put together: what is not later (T, T); which
# of those *looked at*, the columns, are no padding (B, 1, 1, T); the diagonal (T, T). `tril` and
# `torch.eye` help.</details>
# <details><summary>Hint 2</summary>`&` is *and*, `|` is *or*; write parentheses, to be sure which
# comes first. `x[:, None, None, :]` puts dimensions of length 1 in.</details>


# %% grade_id="transformer.target_mask"
def target_mask(target: Tensor, pad: int) -> Tensor:
    """target (B, T) ids -> boolean (B, 1, T, T), True where the token of a row may look.

    target_mask(tensor([[1, 5, 0]]), 0) -> [[[[True, False, False],
                                              [True, True,  False],
                                              [True, True,  True]]]]
    """
    ### BEGIN SOLUTION
    n = target.shape[1]
    not_later = torch.ones(n, n).tril().bool()
    is_token = (target != pad)[:, None, None, :]
    itself = torch.eye(n).bool()
    return not_later & is_token | itself
    ### END SOLUTION


# %% grade_id="check.transformer.target_mask" points=2
check("transformer.target_mask", target_mask)

# %% [markdown]
# ### 8.3 Cross-attention · difficulty 4/5 · importance 5/5 · 15 min
#
# The target x asks, the memory of the encoder is asked. Make q, k and v with the learned matrices
# (y = x @ w), cut each into heads, attend in each head, and set the heads of a token side by side
# again. The matrix `w_o` comes last. No padding of the source is looked at.
#
# Heads are cut as in lesson 05: head 0 gets the first d = D / H numbers of every token.
#
# <details><summary>Hint 1</summary>`y.unflatten(-1, (n_heads, -1)).transpose(1, 2)` cuts y
# (B, T, D) into heads (B, H, T, d); `.transpose(1, 2).flatten(2)` undoes it.</details>
# <details><summary>Hint 2</summary>The scores are (B, H, T, S), as in lesson 05. Before the
# softmax, fill with -inf where `padding`, brought to (B, 1, 1, S), is True.</details>


# %% grade_id="transformer.cross_attention"
def cross_attention(
    x: Tensor, memory: Tensor, weights: dict[str, Tensor], n_heads: int, padding: Tensor
) -> Tensor:
    """What each token of the target takes from the source.

    x (B, T, D) target, memory (B, S, D) source, weights "w_q", "w_k", "w_v", "w_o" each (D, D),
    n_heads H, padding (B, S) True where a source token is padding; one at least is not -> (B, T, D)
    """

    ### BEGIN SOLUTION
    def heads(y: Tensor) -> Tensor:
        return y.unflatten(-1, (n_heads, -1)).transpose(1, 2)

    q = heads(x @ weights["w_q"])
    k = heads(memory @ weights["w_k"])
    v = heads(memory @ weights["w_v"])
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    hidden = padding[:, None, None, :]
    shares = scores.masked_fill(hidden, -math.inf).softmax(-1)
    mixed = (shares @ v).transpose(1, 2).flatten(2)
    return mixed @ weights["w_o"]
    ### END SOLUTION


# %% grade_id="check.transformer.cross_attention" points=4
check("transformer.cross_attention", cross_attention)

# %% [markdown]
# ### 8.4 A sublayer, post-norm · difficulty 2/5 · importance 4/5 · 9 min
#
# The last sublayer of every layer, whole: feed-forward $\max(0, xW_1 + b_1)W_2 + b_2$, the residual
# connection, and after it LayerNorm:
#
# $$ \mathrm{gain} \cdot \frac{y - \mathrm{mean}(y)}{\sqrt{\mathrm{var}(y) + \mathrm{eps}}}
# + \mathrm{bias} $$
#
# Mean and variance are taken over the D numbers of each token; the variance is the mean of the
# squared distances from the mean (divided by D).
#
# <details><summary>Hint 1</summary>Three lines: the feed-forward network of x; x plus that; the
# norm of the sum.</details>
# <details><summary>Hint 2</summary>`y.mean(-1, keepdim=True)` and `y.var(-1, correction=0,
# keepdim=True)`: torch's own `var` divides by D - 1 if nothing is said.</details>


# %% grade_id="transformer.feed_forward_sublayer"
def feed_forward_sublayer(x: Tensor, weights: dict[str, Tensor], eps: float) -> Tensor:
    """LayerNorm(x + feed-forward(x)), post-norm, each token for itself.

    x (B, T, D), weights "w_1" (D, F), "b_1" (F,), "w_2" (F, D), "b_2" (D,), "gain" and "bias" (D,),
    eps added to the variance -> (B, T, D)
    """
    ### BEGIN SOLUTION
    hidden = (x @ weights["w_1"] + weights["b_1"]).relu()
    y = x + hidden @ weights["w_2"] + weights["b_2"]
    centred = y - y.mean(-1, keepdim=True)
    variance = y.var(-1, correction=0, keepdim=True)
    return weights["gain"] * centred / (variance + eps).sqrt() + weights["bias"]
    ### END SOLUTION


# %% grade_id="check.transformer.feed_forward_sublayer" points=2
check("transformer.feed_forward_sublayer", feed_forward_sublayer)

# %% [markdown]
# ### 8.5 A loss that padding does not count in · difficulty 3/5 · importance 5/5 · 10 min
#
# The loss of one place is minus the logarithm of the probability that the model gave to the
# expected token; log-probabilities are `logits.log_softmax(-1)`. Return its mean over all places of
# the batch where a token is expected, and no padding. (Write it yourself: not with
# `cross_entropy` or `nll_loss`.)
#
# <details><summary>Hint 1</summary>`x.gather(-1, expected[..., None])[..., 0]` takes from each row
# of V numbers the one that `expected` names: (B, T, V) becomes (B, T).</details>
# <details><summary>Hint 2</summary>`losses[expected != pad]` keeps the places that count, of all
# texts, in one row. What is the mean of a row?</details>


# %% grade_id="transformer.masked_loss"
def masked_loss(logits: Tensor, expected: Tensor, pad: int) -> Tensor:
    """Mean loss in nats a token, padding left out.

    logits (B, T, V), expected (B, T) ids, `pad` where there is nothing to say -> a tensor of one
    number, shape ()
    """
    ### BEGIN SOLUTION
    log_probabilities = logits.log_softmax(-1)
    losses = -log_probabilities.gather(-1, expected[..., None])[..., 0]
    return losses[expected != pad].mean()
    ### END SOLUTION


# %% grade_id="check.transformer.masked_loss" points=3
check("transformer.masked_loss", masked_loss)

# %% [markdown]
# ### 8.6 Greedy decoding · difficulty 3/5 · importance 4/5 · 8 min
#
# Write the likeliest token each time, until the end token or until `max_new_tokens` are written.
# Instead of a trained model take a table that anyone can follow: `logits[last]` scores every
# token that may follow the token `last`. The first `last` is the start token.
#
# <details><summary>Hint 1</summary>Keep the last token in a variable. Each round looks up its row,
# takes the `argmax`, and either ends or appends.</details>
# <details><summary>Hint 2</summary>`int(logits[last].argmax())` is a plain number. Look whether it
# is the end before you append it. `for _ in range(n)` goes round n times at most.</details>


# %% grade_id="transformer.greedy"
def greedy(logits: Tensor, start: int, end: int, max_new_tokens: int) -> list[int]:
    """The tokens written, without the start token and without the end token.

    logits (V, V): row `last` scores what follows `last`. The end token is no token written, but
    ends the text; at most max_new_tokens are written.
    """
    ### BEGIN SOLUTION
    last, written = start, []
    for _ in range(max_new_tokens):
        last = int(logits[last].argmax())
        if last == end:
            break
        written.append(last)
    return written
    ### END SOLUTION


# %% grade_id="check.transformer.greedy" points=2
check("transformer.greedy", greedy)

# %% [markdown]
# Done? Now unfold the package's own attention in the lesson and compare it with your 8.3. Next is
# [lesson 09](../notebooks/09_llama.ipynb), a LLaMA as a whole.
#
# `llama-edu progress` shows how far you are.
