"""The 2017 Transformer: an encoder reads one text, a decoder writes another (Vaswani et al.).

Shapes: B texts, S source tokens, T target tokens, D model width, H heads, V target vocabulary.
No LLaMA is built so: each is a decoder alone, without cross-attention.
"""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from llama_edu.model import masks
from llama_edu.model.attention import explicit_attention
from llama_edu.model.ffn import ReluFeedForward
from llama_edu.model.norm import LayerNorm
from llama_edu.model.positions import sinusoids


class MultiHeadAttention(nn.Module):
    """H attentions side by side; queries from one text, keys and values from the same or another.

    Args:
        d_model: width D, a multiple of n_heads.
        n_heads: heads H, each D / H wide.

    Source: arXiv:1706.03762, sec. 3.2.2. Its formula has no biases; PyTorch's module has, and so
    has this.
    """

    def __init__(self, d_model: int, n_heads: int):
        super().__init__()
        if d_model % n_heads:
            raise ValueError(f"d_model={d_model} must be a multiple of n_heads={n_heads}")
        self.n_heads = n_heads
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.o_proj = nn.Linear(d_model, d_model)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        memory: Float[Tensor, "B S D"],
        mask: Bool[Tensor, "*mask #T S"],
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B H T S"]]:
        """What each token of x takes from memory, and how much weight it gave to each.

        Args:
            x: asks.
            memory: is asked; x itself in self-attention.
            mask: True where a token of x may look.
        """
        q, k, v = self.q_proj(x), self.k_proj(memory), self.v_proj(memory)
        heads = (y.unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for y in (q, k, v))
        mixed, weights = explicit_attention(*heads, mask)
        return self.o_proj(mixed.transpose(1, 2).flatten(2)), weights


class Residual(nn.Module):
    """A sublayer's way into the stream: norm after the sum as published, or before the sublayer.

    post-norm: norm(x + sublayer(x)); pre-norm: x + sublayer(norm(x)), as LLaMA has it.
    """

    def __init__(self, d_model: int, pre_norm: bool, dropout: float):
        super().__init__()
        self.norm, self.pre_norm = LayerNorm(d_model), pre_norm
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "B T D"], sublayer) -> Float[Tensor, "B T D"]:
        if self.pre_norm:
            return x + self.dropout(sublayer(self.norm(x)))
        return self.norm(x + self.dropout(sublayer(x)))


class EncoderLayer(nn.Module):
    """Two sublayers: self-attention over the whole source, feed-forward."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int, pre_norm: bool, dropout: float):
        super().__init__()
        self.attention = MultiHeadAttention(d_model, n_heads)
        self.ffn = ReluFeedForward(d_model, d_ff)
        self.residuals = nn.ModuleList(Residual(d_model, pre_norm, dropout) for _ in range(2))

    def forward(self, x: Float[Tensor, "B S D"], mask: Tensor) -> Float[Tensor, "B S D"]:
        x = self.residuals[0](x, lambda y: self.attention(y, y, mask)[0])
        return self.residuals[1](x, self.ffn)


class DecoderLayer(nn.Module):
    """Three sublayers: causal self-attention, cross-attention to the source, feed-forward."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int, pre_norm: bool, dropout: float):
        super().__init__()
        self.attention = MultiHeadAttention(d_model, n_heads)
        self.cross_attention = MultiHeadAttention(d_model, n_heads)
        self.ffn = ReluFeedForward(d_model, d_ff)
        self.residuals = nn.ModuleList(Residual(d_model, pre_norm, dropout) for _ in range(3))

    def forward(
        self, x: Float[Tensor, "B T D"], memory: Float[Tensor, "B S D"], mask: Tensor, seen: Tensor
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B H T S"]]:
        """The target one layer on, and the weights of the cross-attention.

        Args:
            x: the target so far.
            memory: the encoder's output.
            mask: who may look at whom in the target.
            seen: which source tokens are no padding.
        """
        weights = []

        def cross(y: Tensor) -> Tensor:
            mixed, given = self.cross_attention(y, memory, seen)
            weights.append(given)
            return mixed

        x = self.residuals[0](x, lambda y: self.attention(y, y, mask)[0])
        x = self.residuals[1](x, cross)
        return self.residuals[2](x, self.ffn), weights[0]


class Transformer(nn.Module):
    """Encoder and decoder, equally deep; the output layer is the target embedding, turned.

    Args:
        source_vocab_size: number of source ids.
        target_vocab_size: number of target ids V.
        d_model: width D, even.
        n_heads: heads H, a divisor of D.
        d_ff: hidden width of the feed-forward layers.
        n_layers: layers of the encoder, and as many of the decoder.
        pre_norm: norm before each sublayer and once at the end, instead of after each.
        dropout: share of the numbers that training zeroes, after the embeddings and sublayers.

    Raises:
        ValueError: if D is odd or no multiple of H.

    Source: arXiv:1706.03762, fig. 1 and sec. 3; embeddings times sqrt(D), sec. 3.4.
    """

    def __init__(
        self,
        source_vocab_size: int,
        target_vocab_size: int,
        d_model: int,
        n_heads: int,
        d_ff: int,
        n_layers: int,
        pre_norm: bool = False,
        dropout: float = 0.0,
    ):
        super().__init__()
        shape = (d_model, n_heads, d_ff, pre_norm, dropout)
        self.source_embedding = nn.Embedding(source_vocab_size, d_model)
        self.target_embedding = nn.Embedding(target_vocab_size, d_model)
        self.encoder = nn.ModuleList(EncoderLayer(*shape) for _ in range(n_layers))
        self.decoder = nn.ModuleList(DecoderLayer(*shape) for _ in range(n_layers))
        # Post-norm ends in a norm already; the stream of pre-norm has none yet.
        self.encoder_norm = LayerNorm(d_model) if pre_norm else nn.Identity()
        self.decoder_norm = LayerNorm(d_model) if pre_norm else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        sinusoids(1, d_model)  # says now what is wrong with an odd width
        for name, weight in self.named_parameters():
            if weight.ndim > 1:
                nn.init.xavier_uniform_(weight)
            elif name.endswith("proj.bias"):
                nn.init.zeros_(weight)
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=d_model**-0.5)

    def forward(
        self,
        source: Int[Tensor, "B S"],
        target: Int[Tensor, "B T"],
        source_padding: Bool[Tensor, "B S"] | None = None,
        target_padding: Bool[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B T V"]:
        """Logits of the target token that follows each of `target`.

        Args:
            source: ids of the text to read.
            target: ids written so far, a start token first.
            source_padding: True where a source token only fills up; nothing looks at it.
            target_padding: the same for the target.

        Raises:
            ValueError: if a source is nothing but padding.
        """
        memory = self.encode(source, source_padding)
        x, _ = self.decode(memory, target, source_padding, target_padding)
        return x @ self.target_embedding.weight.mT

    def encode(
        self, source: Int[Tensor, "B S"], padding: Bool[Tensor, "B S"] | None = None
    ) -> Float[Tensor, "B S D"]:
        """What the decoder looks at: a vector for each source token, both sides seen."""
        if padding is not None and padding.all(dim=1).any():
            row = padding.all(dim=1).nonzero()[0].item()
            raise ValueError(f"source_padding must leave a token in every row, got none in {row}")
        x, seen = self._embed(self.source_embedding, source), _seen(padding, source)
        for layer in self.encoder:
            x = layer(x, seen)
        return self.encoder_norm(x)

    def decode(
        self,
        memory: Float[Tensor, "B S D"],
        target: Int[Tensor, "B T"],
        source_padding: Bool[Tensor, "B S"] | None = None,
        target_padding: Bool[Tensor, "B T"] | None = None,
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "layers B H T S"]]:
        """The decoder's last vectors, and where each layer's cross-attention looked."""
        n = target.shape[1]
        here = torch.eye(n, dtype=torch.bool, device=target.device)
        # Padding sees itself: a row that sees nothing has no softmax.
        mask = masks.causal(n, n, device=target.device) & _seen(target_padding, target) | here
        x, alignments = self._embed(self.target_embedding, target), []
        for layer in self.decoder:
            x, weights = layer(x, memory, mask, _seen(source_padding, memory))
            alignments.append(weights)
        return self.decoder_norm(x), torch.stack(alignments)

    @torch.no_grad()
    def write(
        self,
        source: Int[Tensor, "B S"],
        start: int,
        end: int,
        max_new_tokens: int,
        source_padding: Bool[Tensor, "B S"] | None = None,
    ) -> list[list[int]]:
        """Greedy decoding: the likeliest token each time, until `end`.

        Args:
            source: ids of the texts to read.
            start: id that every target begins with; it is left out of the result.
            end: id that ends a target; left out too.
            max_new_tokens: most tokens to write, `end` counted.
            source_padding: True where a source token only fills up.

        Returns:
            For each source the ids that were written.
        """
        memory = self.encode(source, source_padding)
        target = torch.full((len(source), 1), start, device=source.device)
        for _ in range(max_new_tokens):
            x, _ = self.decode(memory, target, source_padding)
            new = (x[:, -1:] @ self.target_embedding.weight.mT).argmax(-1)
            target = torch.cat((target, new), dim=1)
            if (target == end).any(dim=1).all():
                break
        texts = (row[1:] for row in target.tolist())
        return [row[: row.index(end)] if end in row else row for row in texts]

    def _embed(self, embedding: nn.Embedding, tokens: Int[Tensor, "B T"]) -> Tensor:
        x = embedding(tokens) * math.sqrt(embedding.embedding_dim)
        positions = sinusoids(tokens.shape[1], embedding.embedding_dim).to(x)
        return self.dropout(x + positions)


def _seen(padding: Tensor | None, like: Tensor) -> Bool[Tensor, "B 1 1 S"]:
    """True where there is a token and not padding."""
    if padding is None:
        padding = torch.zeros(like.shape[:2], dtype=torch.bool, device=like.device)
    return ~padding[:, None, None, :]
