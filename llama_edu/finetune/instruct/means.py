"""Two means of a batch of answers: every token counts alike, or every answer does."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.finetune.instruct.packing import ChatBatch
from llama_edu.train.loss import IGNORED


def sample_mean_loss(
    model: nn.Module, batch: ChatBatch
) -> tuple[Float[Tensor, ""], Int[Tensor, ""]]:
    """The mean loss of each example, summed over examples, and how many they are.

    `next_token_loss` gives the mean over tokens: there an answer of 30 tokens weighs thirty times
    one of a single token. Here both weigh the same.

    Args:
        model: a `Llama`.
        batch: its examples told apart by `documents`.
    """
    logits = model(batch.inputs, mask=batch.mask())
    losses = F.cross_entropy(
        logits.flatten(0, -2).float(), batch.targets.flatten(), reduction="none"
    )
    counts = (batch.targets != IGNORED).flatten()
    n_documents = int(batch.documents.max()) + 1
    rows = torch.arange(len(batch.documents), device=losses.device)[:, None] * n_documents
    examples = (rows + batch.documents).flatten()[counts]
    n_examples = len(batch.documents) * n_documents
    total = losses.new_zeros(n_examples).index_add(0, examples, losses[counts])
    n_tokens = torch.bincount(examples, minlength=n_examples)
    return (total / n_tokens.clamp(min=1)).sum(), (n_tokens > 0).sum()
