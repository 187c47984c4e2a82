"""What a tiny model is helped with by hand, each of it disclosed: words, start, and an account.

Without help a model of less than a million parameters stays for long at guessing among the places
that a story names. Three hints take it further: a tokenizer that knows the world's words, weights
that already copy at the start, and targets for the hidden states from the world's account.
"""

from collections.abc import Callable
from itertools import accumulate, chain, pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.data.stories import NAMES, PLACES, THINGS, Story
from llama_edu.finetune.instruct.examples import Example
from llama_edu.finetune.instruct.packing import ChatBatch
from llama_edu.finetune.instruct.world import Task, account
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED, token_loss

# Text breaks at the world's words, and nowhere else: what stands between two of them may be one
# token.
WORLD_WORDS = rf"(?<!\p{{L}})(?:{'|'.join((*NAMES, *PLACES, *THINGS))})(?!\p{{L}})"


def start_copying(model: Llama) -> None:
    """Weights with which a token looks at its like from the first step on, and copies it.

    Keys start as the queries are, so that like fits like, and the output as 0.2 times the values
    turned back; the feed-forward layers start silent.

    Source: mimetic initialisation, arXiv:2305.09828, in kind; the numbers are ours.
    """
    with torch.no_grad():
        nn.init.normal_(model.embedding.weight, std=0.1)
        for block in model.blocks:
            attention = block.attention
            width = attention.n_kv_heads * attention.d_head
            q, k, v = attention.qkv_proj.weight.split([attention.o_proj.in_features, width, width])
            nn.init.normal_(q, std=0.1)
            nn.init.normal_(v, std=0.1)
            group, d = attention.n_heads // attention.n_kv_heads, attention.d_head
            k.copy_(q.unflatten(0, (-1, d))[::group].flatten(0, 1))
            values = v.unflatten(0, (-1, d)).repeat_interleave(group, dim=0)
            attention.o_proj.weight.copy_(0.2 * values.flatten(0, 1).T)
            block.ffn.down_proj.weight.zero_()


def with_account(example: Example, ids: dict[str, int], story: Story, some: list[Task]) -> Example:
    """Add what the world's account says of each word in an example, as targets of two layers.

    The first: each word of the world -> the one before it in its sentence. The second: a name or
    thing -> the place where it is by then, and in a question what is asked for -> the answer's
    first token.

    Args:
        example: of `conversation(story, some)`, or of the story alone.
        ids: word of the world -> its only token.
        story: whose account is told.
        some: the tasks, in the order of the conversation; none for the story alone.
    """
    words = {token: word for word, token in ids.items()}
    is_answer = [
        bool(some) and t > 0 and example.targets[t - 1] != IGNORED for t in range(len(example))
    ]
    n_answered = [*accumulate(a and not b for a, b in pairwise([*is_answer, False]))]
    named = [t for t, i in enumerate(example.inputs) if i in words and not is_answer[t]]
    told = list(account(story))
    before, place = ([IGNORED] * len(example) for _ in range(2))
    for t, (earlier, where) in zip(named, told, strict=False):
        before[t], place[t] = (ids.get(word, IGNORED) for word in (earlier, where))
    for t in named[len(told) :]:
        task = some[n_answered[t]]
        if words[example.inputs[t]] == task.subject:
            place[t] = next(i for i in example.targets[t:] if i != IGNORED)
    return Example(example.inputs, example.targets, (before, place))


class AccountLoss:
    """The loss of answers, a little of the other tokens, and the account's while it has weight.

    Args:
        other: weight of the mean loss of the tokens that are no targets.
        hint_weight: number of a batch -> weight of the mean loss of each layer's hints.
    """

    def __init__(
        self, other: float = 0.1, hint_weight: Callable[[int], float] = lambda number: 1.0
    ):
        self.other, self.hint_weight = other, hint_weight

    def __call__(self, model: Llama, batch: ChatBatch) -> tuple[Float[Tensor, ""], Int[Tensor, ""]]:
        """Sum in nats and number of targets, as every loss of the trainer."""
        states: list[Tensor] = []
        hooks = [b.register_forward_hook(lambda _m, _i, x: states.append(x)) for b in model.blocks]
        try:
            logits = model(batch.inputs, mask=batch.mask())
        finally:
            for hook in hooks:
                hook.remove()
        # One softmax for both kinds of targets: it is the dearest step of so small a model.
        counts, others = batch.targets != IGNORED, _others(batch)
        wanted = batch.targets.where(counts, others)
        losses = F.cross_entropy(
            logits.flatten(0, 1).float(), wanted.flatten(), ignore_index=IGNORED, reduction="none"
        )
        total, n_targets = (losses * counts.flatten()).sum(), counts.sum()
        mean = total / n_targets.clamp(min=1)
        n_others = (others != IGNORED).sum().clamp(min=1)
        mean = mean + self.other * (losses.sum() - total) / n_others
        if weight := self.hint_weight(batch.number):
            for state, wanted in zip(states, batch.hints, strict=False):
                counts = wanted != IGNORED
                scores = model.output(model.norm(state[counts]))
                mean = mean + weight * _mean_loss(scores, wanted[counts])
        return mean * n_targets, n_targets


def _others(batch: ChatBatch) -> Tensor:
    """The next token wherever it is no target, in the same example."""
    following = torch.full_like(batch.inputs, IGNORED)
    following[:, :-1] = batch.inputs[:, 1:]
    goes_on = torch.zeros_like(batch.inputs, dtype=torch.bool)
    goes_on[:, :-1] = batch.documents[:, 1:] == batch.documents[:, :-1]
    goes_on &= (batch.documents >= 0) & (batch.targets == IGNORED)
    return following.where(goes_on, IGNORED)


def _mean_loss(logits: Tensor, targets: Tensor) -> Tensor:
    total, n = token_loss(logits, targets)
    return total / n.clamp(min=1)


def world_ids(tokenizer) -> dict[str, int]:
    """Each word of the world and its token.

    Raises:
        ValueError: if a word is more than one token.
    """
    ids = {}
    for word in chain(NAMES, PLACES, THINGS):
        found = tokenizer.encode(word)
        if len(found) != 1:
            raise ValueError(f"the word {word!r} is {len(found)} tokens, it must be one")
        ids[word] = found[0]
    return ids
