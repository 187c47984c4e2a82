"""The model that a tuning begins with, made ready to be talked to."""

from dataclasses import replace
from pathlib import Path

import torch

from llama_edu.finetune.instruct.templates import SHORT
from llama_edu.model.llama import Llama
from llama_edu.pretrained import Pretrained
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.formats.tokenizer_json import read_tokenizer_json
from llama_edu.weights import save_hf

WINDOW = 512  # tokens that a conversation may have at least
TURNS = ("<|eot_id|>", "<|user|>", "<|assistant|>")
BEGINS = ("<|begin_of_text|>", "<|endoftext|>")  # what opens a text, the first that there is


def write_start(pretrained: Pretrained, folder: Path, talks: bool) -> list[str]:
    """Write the model and its tokenizer into a folder, for a conversation if it is to talk.

    A model without a chat template gets the short one, and three tokens for it whose embeddings
    begin as the mean of all. One that reads fewer than 512 tokens will read so many: positions
    turn and are looked up in no table.

    Args:
        pretrained: in fp32.
        folder: made if need be.
        talks: whether it is trained on conversations.

    Returns:
        What was changed, a line each.

    Raises:
        ValueError: if its tokenizer is none that takes new tokens.
    """
    model, tokenizer, said = pretrained.model, pretrained.tokenizer, []
    tokenizer.save(folder)
    if talks and tokenizer.chat_template is None:
        if not isinstance(tokenizer, BPETokenizer):
            raise ValueError(
                "the model has no chat template, and its SentencePiece tokenizer takes no new "
                "tokens: begin with a model that chats, or one with a byte-level tokenizer"
            )
        tokenizer = with_turns(tokenizer, folder)
        tokenizer.save(folder)
        said.append(f"the model gets a chat template and {len(TURNS)} tokens for it")
    if talks and model.config.max_seq_len < WINDOW:
        said.append(f"the model read {model.config.max_seq_len} tokens at once, now {WINDOW}")
    save_hf(widened(model, tokenizer.vocab_size, WINDOW if talks else 0), folder)
    return said


def with_turns(tokenizer: BPETokenizer, folder: Path) -> BPETokenizer:
    """A tokenizer that knows turns besides, and the short template.

    Args:
        tokenizer: without a template.
        folder: where it is saved.
    """
    values, special = read_tokenizer_json(folder), dict(tokenizer.special_tokens)
    first = next((token for token in BEGINS if token in special), BEGINS[0])
    for token in (first, *TURNS):
        special.setdefault(token, max(tokenizer.vocab_size - 1, *special.values(), 0) + 1)
    return BPETokenizer(
        **values
        | {
            "special_tokens": special, "chat_template": SHORT,
            "bos_id": special[first], "eos_id": special[TURNS[0]],
        }
    )  # fmt: skip


def widened(model: Llama, vocab_size: int, window: int) -> Llama:
    """The same model with rows for more tokens, and a longer window; itself if it has both.

    Args:
        model: left as it is.
        vocab_size: at least so many rows.
        window: at least so many tokens.
    """
    config = model.config
    wider = replace(
        config, vocab_size=max(vocab_size, config.vocab_size),
        max_seq_len=max(window, config.max_seq_len),
    )  # fmt: skip
    if wider == config:
        return model
    other = Llama(wider)
    with torch.no_grad():
        own = dict(model.named_parameters())
        for name, weight in other.named_parameters():
            known = own[name]
            weight[: len(known)] = known
            if len(weight) > len(known):  # embedding and output
                weight[len(known) :] = known.mean(dim=0)
    return other
