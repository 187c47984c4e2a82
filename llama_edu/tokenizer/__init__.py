"""Text to token ids and back: byte-level BPE of our own, and SentencePiece."""

from llama_edu.tokenizer.load import load_tokenizer

__all__ = ["load_tokenizer"]
