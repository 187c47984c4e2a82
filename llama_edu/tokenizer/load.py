"""Find and read the tokenizer of a model, whatever form it comes in."""

from pathlib import Path

from llama_edu.gguf_file import MAGIC, is_gguf, read_gguf
from llama_edu.reading import as_path, broken_link, reading
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.formats.llama3 import is_tiktoken_file
from llama_edu.tokenizer.formats.spaces import is_sentencepiece_style
from llama_edu.tokenizer.formats.tokenizer_json import read_spec
from llama_edu.tokenizer.spm import SentencePieceTokenizer


def load_tokenizer(path: str | Path) -> BPETokenizer | SentencePieceTokenizer:
    """The tokenizer at `path`.

    Args:
        path: a GGUF file, a tokenizer.json, a tokenizer.model (SentencePiece's, or Llama 3's as
            Meta publishes it), or a folder with one of the last two. Where a folder has a
            tokenizer.json of SentencePiece's kind and the tokenizer.model it was converted from,
            the latter is read.

    Raises:
        ValueError: if nothing of the kind is there, with what was found instead.
    """
    path = as_path(path)
    if path.is_dir():
        return _load_folder(path)
    if not path.exists():
        raise ValueError(f"{path} does not exist, so there is no tokenizer to read")
    with reading(path, *MAGIC):
        if path.suffix == ".gguf" or is_gguf(path):
            kind = read_gguf(path)[0].get("tokenizer.ggml.model")
            reader = SentencePieceTokenizer if kind == "llama" else BPETokenizer
            return reader.from_gguf(path)
        if path.suffix == ".json":
            return _load_json(path)
        if is_tiktoken_file(path):
            return BPETokenizer.from_tiktoken(path)
        return SentencePieceTokenizer.load(path)


def _load_folder(folder: Path) -> BPETokenizer | SentencePieceTokenizer:
    json_path, model_path = folder / "tokenizer.json", folder / "tokenizer.model"
    if json_path.is_file() and not (_is_sentencepiece_json(json_path) and model_path.is_file()):
        return _load_json(json_path)
    if not model_path.is_file():
        entries = sorted(folder.iterdir())
        found = ", ".join(f"{entry.name}{broken_link(entry)}" for entry in entries) or "nothing"
        raise ValueError(f"{folder} has neither tokenizer.json nor tokenizer.model; found: {found}")
    with reading(model_path):
        if is_tiktoken_file(model_path):
            return BPETokenizer.from_tiktoken(model_path)
        return SentencePieceTokenizer.load(folder)


def _load_json(path: Path) -> BPETokenizer | SentencePieceTokenizer:
    reader = SentencePieceTokenizer if _is_sentencepiece_json(path) else BPETokenizer
    return reader.from_tokenizer_json(path)


def _is_sentencepiece_json(path: Path) -> bool:
    with reading(path):
        return is_sentencepiece_style(read_spec(path))
