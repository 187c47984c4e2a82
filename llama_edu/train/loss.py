"""Cross-entropy over a vocabulary, without ever holding all of its scores.

The scores of a batch are its largest tensor by far: 8 x 1,024 tokens in a vocabulary of 128,256 are
4.2 GB in fp32, and their gradient as much again. Here they are made, used and dropped some rows at
a time, with the gradient that will be asked for taken at once.
"""

from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from llama_edu.data.batches import Batch

IGNORED = -100  # a target that does not count, as in torch
CHUNK_NUMBERS = 1 << 22  # scores held at a time: 16 MB in fp32, which a CPU's cache holds
GPU_CHUNK_NUMBERS = 1 << 27  # a GPU needs a larger product to be busy


def token_loss(
    logits: Float[Tensor, "*batch V"], targets: Int[Tensor, "*batch"]
) -> tuple[Float[Tensor, ""], Int[Tensor, ""]]:
    """The cross-entropy of all tokens that count, summed, and how many they are.

    A sum, because parts of a batch hold different numbers of tokens: the mean over all of them is
    the sum of the sums divided by the sum of the numbers, and not the mean of the means.

    Args:
        logits: scores of every token of the vocabulary.
        targets: ids; -100 does not count.

    Returns:
        Sum in nats, in fp32, and the number of targets that count.
    """
    loss = F.cross_entropy(
        logits.flatten(0, -2).float(), targets.flatten(), ignore_index=IGNORED, reduction="sum"
    )
    return loss, (targets != IGNORED).sum()


def output_loss(
    hidden: Float[Tensor, "*batch D"],
    output_weight: Float[Tensor, "V D"],
    targets: Int[Tensor, "*batch"],
) -> tuple[Float[Tensor, ""], Int[Tensor, ""]]:
    """`token_loss` of the logits that hidden vectors give, a few rows at a time.

    Args:
        hidden: what goes into the output layer, normed.
        output_weight: of the output layer; it may be finer than `hidden`, and its gradient is.
        targets: ids; -100 does not count.

    Returns:
        As `token_loss`; the same gradients, but for the order of sums.
    """
    rows, wanted = hidden.flatten(0, -2), targets.flatten()
    if not torch.is_grad_enabled():  # which an autograd Function is not told
        rows, output_weight = rows.detach(), output_weight.detach()
    return _OutputLoss.apply(rows, output_weight, wanted), (wanted != IGNORED).sum()


def next_token_loss(
    model: nn.Module, batch: Batch, dtype: torch.dtype | None = None
) -> tuple[Float[Tensor, ""], Int[Tensor, ""]]:
    """How far a model is from each next token of a batch: what pretraining makes small.

    Args:
        model: a `Llama`, or one inside DDP or FSDP.
        batch: has `inputs` and `targets` (B, T), -100 where a target does not count, and `mask()`,
            None or True where an input may look.
        dtype: to compute in, e.g. bf16 over fp32 weights; that of the weights if None.

    Returns:
        As `token_loss`.
    """
    loss = partial(output_loss, targets=batch.targets)
    return model(batch.inputs, mask=batch.mask(), dtype=dtype, loss=loss)


class _OutputLoss(torch.autograd.Function):
    """With p the softmax of a row's scores, their gradient is p, less 1 at the target."""

    @staticmethod
    def forward(ctx, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        needs_hidden, needs_weight, _ = ctx.needs_input_grad
        narrow = weight.to(hidden.dtype)
        grad_hidden = torch.empty_like(hidden) if needs_hidden else None
        grad_weight = torch.zeros_like(weight) if needs_weight else None
        loss = torch.zeros((), device=hidden.device)
        n_numbers = CHUNK_NUMBERS if hidden.device.type == "cpu" else GPU_CHUNK_NUMBERS
        n_rows = max(n_numbers // len(weight), 1)
        for first in range(0, len(hidden), n_rows):
            rows = slice(first, first + n_rows)
            scores, wanted = (hidden[rows] @ narrow.mT).float(), targets[rows]
            counts = wanted != IGNORED
            loss += F.cross_entropy(scores, wanted, ignore_index=IGNORED, reduction="sum")
            if not (needs_hidden or needs_weight):
                continue
            grad = scores.softmax(dim=-1)
            grad[torch.arange(len(grad), device=grad.device), wanted.where(counts, 0)] -= 1
            grad = (grad * counts[:, None]).to(hidden.dtype)
            if needs_hidden:
                grad_hidden[rows] = grad @ narrow
            if needs_weight:
                grad_weight += grad.mT @ hidden[rows]
        ctx.save_for_backward(grad_hidden, grad_weight)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx, upstream: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        grads = (None if g is None else g * upstream.to(g.dtype) for g in ctx.saved_tensors)
        return *grads, None
