"""A GPT-2-shaped model as small trainers write it: the peer that is no LLaMA.

Learned positions, LayerNorm, GELU, one fused query-key-value product, PyTorch's fused attention.
Its feed-forward layer has two matrices of width 4 D where LLaMA's has three of width 8/3 D, so
that both models have the same number of weights and multiplications.

Source: Radford et al. 2019 (GPT-2).
"""

import math

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.config import ModelConfig


class NanoBlock(nn.Module):
    """Attention, then a GELU feed-forward layer, each on a LayerNormed copy of the stream."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        d_model = config.d_model
        self.n_heads = config.n_heads
        self.attention_norm = nn.LayerNorm(d_model, bias=False)
        self.qkv_proj = nn.Linear(d_model, 3 * d_model, bias=False)
        self.o_proj = nn.Linear(d_model, d_model, bias=False)
        self.ffn_norm = nn.LayerNorm(d_model, bias=False)
        self.up_proj = nn.Linear(d_model, 4 * d_model, bias=False)
        self.down_proj = nn.Linear(4 * d_model, d_model, bias=False)

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        heads = self.qkv_proj(self.attention_norm(x)).unflatten(-1, (3, self.n_heads, -1))
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # each (B, H, T, d)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o_proj(mixed.transpose(1, 2).flatten(2))
        return x + self.down_proj(F.gelu(self.up_proj(self.ffn_norm(x))))


class NanoGPT(nn.Module):
    """Token and position embeddings, blocks, a last norm, and the embedding again as output.

    Args:
        config: `vocab_size`, `d_model`, `n_layers`, `n_heads` and `max_seq_len` are read.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = nn.Embedding(config.max_seq_len, config.d_model)
        self.blocks = nn.ModuleList(NanoBlock(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model, bias=False)
        self.output = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.output.weight = self.embedding.weight
        for name, weight in self.named_parameters():
            if weight.ndim > 1:
                writes_to_stream = name.endswith(("o_proj.weight", "down_proj.weight"))
                depth = 2 * config.n_layers if writes_to_stream else 1
                nn.init.normal_(weight, std=0.02 / math.sqrt(depth))

    def forward(self, tokens: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        x = self.embedding(tokens) + self.positions.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.output(self.norm(x))
