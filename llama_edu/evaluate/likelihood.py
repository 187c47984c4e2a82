"""How well a model predicts a text: perplexity, and bits per byte, which needs no tokenizer."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.spm import SentencePieceTokenizer

Tokenizer = BPETokenizer | SentencePieceTokenizer
MOST_TOKENS = 1024  # read at once unless told: the scores of more take memory by the gigabyte


def windows(n_tokens: int, window: int, stride: int) -> list[tuple[int, int, int]]:
    """Where to cut a text so that every token but the first is predicted just once.

    Each (start, new, end) says: read from token `start`; predict `new` to `end - 1`, those that no
    window before has predicted. What lies between `start` and `new` is context alone. Windows begin
    `stride` tokens apart, and the last one ends with the text, so it may overlap more.

    windows(10, 4, 2) -> [(0, 1, 5), (2, 5, 7), (4, 7, 9), (5, 9, 10)]

    Args:
        n_tokens: of the text, two at least.
        window: tokens that a model reads at once; it predicts the one after each.
        stride: from 1 to `window`.

    Raises:
        ValueError: if a number is out of range.
    """
    if n_tokens < 2:
        raise ValueError(f"a text must hold at least 2 tokens, got {n_tokens}")
    if not 1 <= stride <= window:
        raise ValueError(f"stride must be from 1 to window={window}, got {stride}")
    last = max(0, n_tokens - 1 - window)  # where the window begins that ends with the text
    cuts, new = [], 1
    for start in [*range(0, last, stride), last]:
        end = min(start + window + 1, n_tokens)
        cuts.append((start, new, end))
        new = end
    return cuts


@torch.no_grad()
def token_losses(
    model: Llama, ids: Sequence[int], window: int | None = None, stride: int | None = None
) -> Float[Tensor, " n_tokens-1"]:
    """-ln P of every token but the first, in nats, each counted once.

    A long text is read in `windows`. Each token is predicted from at least `window - stride + 1`
    tokens before it and at most `window`, or from all there are. A larger stride is faster and
    gives less context, so that losses come out a little higher.

    Args:
        model: a decoder, in eval mode.
        ids: of one text, two at least.
        window: tokens read at once; the model's `max_seq_len`, 1,024 at most, if None.
        stride: from 1 to `window`; half of the window if None.

    Raises:
        ValueError: if there are fewer than two ids, or window or stride is out of range.
    """
    most = model.config.max_seq_len
    window = min(most, MOST_TOKENS) if window is None else window
    stride = max(1, window // 2) if stride is None else stride
    if not 1 <= window <= most:
        raise ValueError(f"window must be from 1 to max_seq_len={most}, got {window}")
    tokens = torch.tensor([ids], device=model.embedding.weight.device)
    losses = []
    for start, new, end in windows(len(ids), window, stride):
        logits = model(tokens[:, start : end - 1])[0, new - 1 - start :]
        losses.append(F.cross_entropy(logits.float(), tokens[0, new:end], reduction="none"))
    return torch.cat(losses)


def perplexity(
    model: Llama, ids: Sequence[int], window: int | None = None, stride: int | None = None
) -> float:
    """exp of the mean of `token_losses`: 1 for a model that is always certain and right.

    A model that wavers between k equally likely tokens has perplexity k. It compares models of one
    tokenizer only: another one cuts the same text into more or fewer tokens.

    Arguments and errors are those of `token_losses`.
    """
    return math.exp(token_losses(model, ids, window, stride).double().mean().item())


def bits_per_byte(
    model: Llama,
    tokenizer: Tokenizer,
    text: str,
    window: int | None = None,
    stride: int | None = None,
) -> float:
    """Bits that a text costs under a model, for each byte of its UTF-8; the fewer the better.

    The sum of `token_losses` divided by ln 2 and by the number of bytes, so that models of
    different tokenizers can be compared, and files too: a packed file of n bytes costs 8 n bits.
    The first token, which nothing precedes, costs log2 V bits (V tokens, all equally likely),
    unless the tokenizer opens every text with a token of its own.

    Args:
        model: a decoder, in eval mode.
        tokenizer: the model's own; it must keep every byte of the text.
        text: one text, not empty.
        window: as in `token_losses`; windows are of tokens, so what context a byte has depends on
            the tokenizer.
        stride: as in `token_losses`.

    Raises:
        ValueError: as `token_losses`, and if the text is empty or the tokenizer loses a part of it.
    """
    ids = tokenizer.encode(text)
    if not ids:
        raise ValueError("text must hold at least one character")
    if tokenizer.decode(ids) != text:
        raise ValueError("the tokenizer loses a part of this text: its bits would be too few")
    nats = 0.0
    if tokenizer.add_bos:
        ids = [tokenizer.bos_id, *ids]
    else:
        nats += math.log(model.config.vocab_size)
    if len(ids) > 1:
        nats += token_losses(model, ids, window, stride).double().sum().item()
    return nats / math.log(2) / len(text.encode())
