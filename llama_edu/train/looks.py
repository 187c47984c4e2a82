"""How a run looks at itself: the loss on text that it is not trained on, and samples."""

from collections.abc import Sequence

import torch
from torch import nn

from llama_edu.data.batches import Batch, Batches, TokenFile
from llama_edu.generate.decode import generate
from llama_edu.model.llama import Llama
from llama_edu.train.processes import Processes


def held_out_batches(
    file: TokenFile, n_tokens: int, batch_size: int = 8, n_batches: int = 16,
    keeps_apart: bool = True,
) -> list[Batch]:  # fmt: skip
    """Windows spread over a file, the same at every call.

    Args:
        file: of text that is not trained on.
        n_tokens: length T of each.
        batch_size: windows a batch, or as many as there are.
        n_batches: at most so many.
        keeps_apart: as in `Batches`.

    Raises:
        ValueError: if the file holds no whole window.
    """
    n_windows = (len(file) - 1) // n_tokens
    batch_size = max(min(batch_size, n_windows), 1)
    batches = Batches(file, batch_size, n_tokens, keeps_apart=keeps_apart)
    return [batches.next() for _ in range(min(n_batches, batches.per_epoch))]


@torch.no_grad()
def mean_loss(
    loss, model: nn.Module, batches: Sequence, processes: Processes | None = None
) -> float:
    """Mean loss over batches, in nats a token.

    Args:
        loss: (model, batch) -> sum and number of targets.
        model: one of ours.
        batches: to be read; on the model's device, or with a `to(device)`.
        processes: that share them out.

    Raises:
        ValueError: if no target counts.
    """
    processes = processes or Processes()
    device = next(model.parameters()).device
    sums = torch.zeros(2, device=device)
    for batch, counts in processes.own(batches):
        total, n = loss(model, batch if device.type == "cpu" else batch.to(device))
        sums += counts * torch.stack((total, n.to(total.dtype)))
    total, n_tokens = processes.total(sums).tolist()
    if n_tokens == 0:
        raise ValueError("the held-out batches hold no target that counts")
    return total / n_tokens


def sample(model: Llama, tokenizer, prompt: str, n_tokens: int) -> str:
    """What a model writes after a prompt: the same dice at every call, and no other's touched."""
    device = model.embedding.weight.device
    ids = tokenizer.encode(prompt) or [tokenizer.bos_id or 0]
    n_new = min(n_tokens, model.config.max_seq_len - len(ids))
    dice = torch.Generator(device).manual_seed(0)
    (answer,) = generate(model, [ids], n_new, temperature=0.8, top_p=0.95, generator=dice)
    return tokenizer.decode(answer)
