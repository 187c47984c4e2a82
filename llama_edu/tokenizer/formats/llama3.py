"""Llama 3's tokenizer.model as Meta publishes it, and what its folders leave to the code.

Source: meta-llama/llama-models, models/llama3/tokenizer.py; for the template, the prompt format
of the Llama 3 model cards.
"""

import base64
from pathlib import Path
from typing import Any

from llama_edu.tokenizer.formats.special_tokens import read_special_tokens
from llama_edu.tokenizer.pretokenize import LLAMA3

SPECIAL_TOKENS = [
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|reserved_special_token_0|>",
    "<|reserved_special_token_1|>",
    "<|finetune_right_pad_id|>",
    "<|step_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eom_id|>",  # end of a message, the turn goes on
    "<|eot_id|>",  # end of a turn
    "<|python_tag|>",
    "<|image|>",
    *(f"<|reserved_special_token_{i}|>" for i in range(2, 246)),  # 256 in all
]

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
    "{{ message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)


def is_tiktoken_file(path: str | Path) -> bool:
    """Whether a file begins with a token in base64, a space and a rank, as Llama 3's does."""
    with Path(path).open("rb") as file:
        return _parse_line(file.readline(1000)) is not None


def read_tiktoken(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `BPETokenizer` from Meta's Llama 3 tokenizer.model.

    Raises:
        ValueError: naming the first line that is not a token in base64, a space and a rank; or if
            ranks are missing or stand twice.
    """
    vocab, number = {}, 0
    for number, line in enumerate(Path(path).read_bytes().splitlines(), start=1):
        entry = _parse_line(line)
        if entry is None:
            raise ValueError(f"{path}, line {number} must be 'base64 rank', got {line[:80]!r}")
        vocab[entry[0]] = entry[1]
    if sorted(vocab.values()) != list(range(max(number, 1))):  # control tokens follow the last
        raise ValueError(
            f"{path}: ranks must run from 0 to {number - 1}, once each; fetch it again"
        )
    special = {token: len(vocab) + i for i, token in enumerate(SPECIAL_TOKENS)}
    folder = read_special_tokens(Path(path).parent, special)  # Hugging Face's files, if any
    return {
        "vocab": vocab,
        "merges": None,
        "pattern": LLAMA3,
        "special_tokens": special,
        "ignore_merges": True,
        "bos_id": special["<|begin_of_text|>"],
        "eos_id": special["<|end_of_text|>"],
        "stop_ids": folder.stop_ids,
        "add_bos": True,
        "chat_template": folder.chat_template or CHAT_TEMPLATE,
        "named_tokens": folder.named_tokens,
        "n_ids": folder.n_ids,
    }


def _parse_line(line: bytes) -> tuple[bytes, int] | None:
    try:
        token, rank = line.split()
        token, rank = base64.b64decode(token, validate=True), int(rank)
        return (token, rank) if token and 0 <= rank < 2**32 else None
    except ValueError:  # not two parts, not base64, or not a number
        return None
