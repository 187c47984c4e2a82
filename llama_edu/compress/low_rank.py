"""Low rank: one matrix as the product of two thin ones, and what that costs.

Shapes: F numbers out, D in, r the rank, N tokens.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from llama_edu.model.linear import Linear


def factor(
    weight: Float[Tensor, "F D"], rank: int
) -> tuple[Float[Tensor, "F r"], Float[Tensor, "r D"]]:
    """The two thin matrices whose product is nearest to a weight.

    Nearest in the sum of squares and in the largest singular value, both: what is missing is the
    singular values that were left out (Eckart and Young, 1936).

    Args:
        weight: W.
        rank: r, 1 to min(F, D).

    Returns:
        left (F, r) and right (r, D).

    Raises:
        ValueError: if the rank is out of range.
    """
    _check(rank, weight)
    u, s, v = torch.linalg.svd(_wide(weight), full_matrices=False)
    return (u[:, :rank] * s[:rank]).to(weight.dtype), v[:rank].to(weight.dtype)


def factor_outputs(
    weight: Float[Tensor, "F D"], inputs: Float[Tensor, "N D"], rank: int
) -> tuple[Float[Tensor, "F r"], Float[Tensor, "r D"]]:
    """The two thin matrices whose *outputs* are nearest to a layer's, on some of its inputs.

    The r directions that hold most of the outputs y = W x are kept (their principal components),
    and W is projected on them. The weight is met less well than by `factor`, the outputs better.

    Args:
        weight: W.
        inputs: what the layer read on some text, N > r of them.
        rank: r, 1 to min(F, D).

    Returns:
        left (F, r) and right (r, D).

    Raises:
        ValueError: if the rank is out of range.
    """
    _check(rank, weight)
    w, x = _wide(weight), _wide(inputs)
    outputs = x @ w.T
    # The largest eigenvectors of the outputs' second moment; eigh gives the smallest first.
    directions = torch.linalg.eigh(outputs.T @ outputs).eigenvectors[:, -rank:].flip(1)
    return directions.to(weight.dtype), (directions.T @ w).to(weight.dtype)


def rank_of_energy(weight: Float[Tensor, "F D"], share: float) -> int:
    """How many ranks hold so much of the sum of squares: 0.9 of a random square matrix needs half.

    Args:
        weight: W, or outputs (N, F), or any matrix.
        share: above 0, at most 1.

    Raises:
        ValueError: if the share is out of range.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share={share} must be above 0 and at most 1")
    energy = torch.linalg.svdvals(_wide(weight)).square()
    kept = energy.cumsum(0) / energy.sum()
    return int((kept < share - 1e-12).sum()) + 1


def break_even_rank(d_out: int, d_in: int) -> float:
    """The rank at which two thin matrices have as many numbers as the one: F D / (F + D).

    2,048 for 4,096 by 4,096: a matrix must lose half of its ranks before anything is saved.
    """
    return d_out * d_in / (d_out + d_in)


class LowRankLinear(nn.Module):
    """A linear layer in two steps, D -> r -> F.

    Args:
        left: (F, r).
        right: (r, D).
    """

    def __init__(self, left: Float[Tensor, "F r"], right: Float[Tensor, "r D"]):
        super().__init__()
        self.down, self.up = Linear(right.shape[1], len(right)), Linear(len(right), len(left))
        self.down.weight, self.up.weight = nn.Parameter(right), nn.Parameter(left)

    @property
    def weight(self) -> Float[Tensor, "F D"]:
        """The one matrix that it stands for."""
        return self.up.weight @ self.down.weight

    def forward(self, x: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch F"]:
        return self.up(self.down(x))


class FactorizedEmbedding(nn.Module):
    """A table of short rows, and one matrix that makes them as wide as the model.

    V E + E D numbers in place of V D: 67,764,224 in place of 525,336,576 for Llama 3's vocabulary
    of 128,256, D = 4,096 and E = 512. No LLaMA has it; Llama 3.2 ties its table to the output.

    Args:
        vocab_size: V.
        d_short: E.
        d_model: D.

    Source: arXiv:1909.11942, sec. 3.1.
    """

    def __init__(self, vocab_size: int, d_short: int, d_model: int):
        super().__init__()
        self.table = nn.Embedding(vocab_size, d_short)
        self.widen = Linear(d_short, d_model)

    def forward(self, tokens: Int[Tensor, "*batch"]) -> Float[Tensor, "*batch D"]:
        return self.widen(self.table(tokens))


def _check(rank: int, weight: Tensor) -> None:
    if not 1 <= rank <= min(weight.shape):
        raise ValueError(f"rank={rank} must be from 1 to {min(weight.shape)}")


def _wide(x: Tensor) -> Tensor:
    """In fp64: singular values of fp32 lose half of their digits to squares."""
    return x.detach().double()
