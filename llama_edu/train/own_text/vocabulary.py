"""How many tokens a text deserves, and the tokenizer that has them."""

from collections.abc import Sequence
from pathlib import Path

from llama_edu.data.batches import TokenFile, write_tokens
from llama_edu.tokenizer.bpe import BPETokenizer

END = "<|endoftext|>"
# Bytes of training text from which on a vocabulary has so many tokens.
SIZES = {0: 512, 200_000: 1024, 1_000_000: 2048, 4_000_000: 4096, 200_000_000: 8192}
MAX_LEARNED_CHARS = 20_000_000  # the commonest pairs of more are the same


def choose_size(n_bytes: int, is_chinese: bool) -> tuple[int, str]:
    """The size of vocabulary for a text, and why, in words.

    More tokens make a text shorter, so that a model reads more of it a second; but each token is
    then seen more seldom, and its embedding learns less. Chinese has more characters than English
    has letters: twice as many tokens.

    Args:
        n_bytes: of the training text, in UTF-8.
        is_chinese: whether it is in a script without spaces between words.
    """
    size = max(size for least, size in SIZES.items() if n_bytes >= least)
    why = f"for {n_bytes / 1e6:.1f} MB: more would be seen too seldom to be learned"
    if is_chinese:
        return 2 * size, f"{why}; twice as many as for letters, since characters are many"
    return size, why


def learn_tokenizer(texts: Sequence[str], vocab_size: int) -> BPETokenizer:
    """Train a byte-level BPE, which can write any text; documents end in a token of their own."""
    chosen, n_chars = [], 0
    for text in texts:
        chosen.append(text[: MAX_LEARNED_CHARS - n_chars])
        n_chars += len(chosen[-1])
    return BPETokenizer.train(chosen, vocab_size, special_tokens=[END])


def write_token_file(path: Path, texts: Sequence[str], tokenizer: BPETokenizer) -> TokenFile:
    """Write texts as one row of tokens, an end between one and the next.

    It is one document to the trainer: a window that holds the end of one text and the beginning of
    another needs no mask, because a model learns that what stands before an end does not count.
    """
    end = tokenizer.special_tokens[END]
    row = [i for text in texts for i in (*tokenizer.encode(text), end)]
    return write_tokens(path, [row], tokenizer.vocab_size)
