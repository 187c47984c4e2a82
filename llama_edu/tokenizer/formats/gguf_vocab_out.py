"""The vocabulary of a tokenizer, as a GGUF file carries it."""

from typing import Any

from llama_edu.tokenizer.byte_alphabet import to_characters
from llama_edu.tokenizer.formats.gguf_vocab import (
    CONTROL,
    NORMAL,
    PREFIX,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    placeholder,
)
from llama_edu.tokenizer.formats.sentencepiece_model import parse_model
from llama_edu.tokenizer.formats.written import WrittenBPE, WrittenModel
from llama_edu.tokenizer.pretokenize import gguf_name_of


def gguf_vocab_of(tokenizer: WrittenBPE | WrittenModel, n_rows: int) -> dict[str, Any]:
    """The metadata that a GGUF file needs of a tokenizer.

    Args:
        tokenizer: byte-level BPE or SentencePiece's kind.
        n_rows: of the model's embedding; ids without a token get a placeholder, which is never
            chosen.

    Raises:
        ValueError: if the format has no name for the way it cuts text into chunks.
    """
    if eaten := [t for t, flags in tokenizer.flags.items() if any(flags[:3])]:
        raise ValueError(f"a GGUF file cannot say how the token {eaten[0]!r} takes spaces with it")
    is_bpe = hasattr(tokenizer, "patterns")
    found = _byte_level_vocab(tokenizer) if is_bpe else _pieces_vocab(tokenizer)
    tokens = [(placeholder(i), 0.0, UNUSED) for i in range(n_rows)]
    for i, token in found.pop("by_id").items():
        tokens[i] = token
    texts, scores, kinds = map(list, zip(*tokens, strict=True))
    vocab = found | {"tokens": texts, "token_type": kinds, "add_bos_token": tokenizer.add_bos}
    if not is_bpe:
        vocab["scores"] = scores
    others = [i for i in tokenizer.stop_ids if i != tokenizer.eos_id]
    ends = {"bos": tokenizer.bos_id, "eos": tokenizer.eos_id, "eot": next(iter(others), None)}
    vocab |= {f"{name}_token_id": i for name, i in ends.items() if i is not None}
    metadata = {PREFIX + key: value for key, value in vocab.items()}
    template = tokenizer.chat_template
    return metadata | ({"tokenizer.chat_template": template} if template else {})


def _byte_level_vocab(tokenizer: WrittenBPE) -> dict[str, Any]:
    spelling = {i: to_characters(token) for token, i in tokenizer.vocab.items()}
    by_id = {i: (text, 0.0, NORMAL) for i, text in spelling.items()}
    by_id |= {i: (text, 0.0, USER_DEFINED) for text, i in tokenizer.added_tokens.items()}
    by_id |= {i: (text, 0.0, CONTROL) for text, i in tokenizer.special_tokens.items()}
    by_rank = sorted(tokenizer.merges.items(), key=lambda item: item[1])
    return {
        "model": "gpt2",
        "pre": gguf_name_of(tokenizer.patterns),
        "merges": [f"{spelling[a]} {spelling[b]}" for (a, b), _ in by_rank],
        "by_id": by_id,
    }


def _pieces_vocab(tokenizer: WrittenModel) -> dict[str, Any]:
    pieces, _ = parse_model(tokenizer.model)
    by_id = {i: tuple(piece) for i, piece in enumerate(pieces)}
    by_id |= {i: (text, 0.0, USER_DEFINED) for text, i in tokenizer.added_tokens.items()}
    for text, i in tokenizer.special_tokens.items():
        kind = UNKNOWN if i in by_id and by_id[i][2] == UNKNOWN else CONTROL
        by_id[i] = (text, by_id[i][1] if i in by_id else 0.0, kind)
    unknown = next((i for i, token in by_id.items() if token[2] == UNKNOWN), 0)
    return {
        "model": "llama",
        "unknown_token_id": unknown,
        "add_space_prefix": tokenizer.spaces.where != "never",
        "by_id": by_id,
    }
