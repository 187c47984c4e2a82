"""Feed-forward layers: SwiGLU as in LLaMA (Shazeer, 2020), ReLU as in the 2017 Transformer."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.config import ModelConfig
from llama_edu.model.linear import Linear


class FeedForward(nn.Module):
    """down(silu(gate(x)) * up(x)), each token for itself.

    Meta's checkpoints call them w1 (gate), w2 (down) and w3 (up).

    Args:
        config: width D = d_model, hidden width F = d_ff.

    Source: arXiv:2002.05202, eq. 6; arXiv:2302.13971, sec. 2.2.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        # One product instead of two reads x once: F rows of gate, then F rows of up.
        self.gate_up_proj = Linear(config.d_model, 2 * config.d_ff)
        self.down_proj = Linear(config.d_ff, config.d_model)

    def forward(self, x: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch D"]:
        gate, up = self.gate_up_proj(x).chunk(2, dim=-1)
        return self.down_proj(F.silu(gate) * up)


class ReluFeedForward(nn.Module):
    """max(0, x W1 + b1) W2 + b2, each token for itself: the 2017 Transformer's.

    Args:
        d_model: width D.
        d_ff: hidden width F; 4 D in the paper.

    Source: arXiv:1706.03762, eq. 2. LLaMA has SwiGLU in its place.
    """

    def __init__(self, d_model: int, d_ff: int):
        super().__init__()
        self.up_proj = nn.Linear(d_model, d_ff)
        self.down_proj = nn.Linear(d_ff, d_model)

    def forward(self, x: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch D"]:
        return self.down_proj(F.relu(self.up_proj(x)))
