"""Let a model write: greedy or sampled, one text or many, streamed token by token or as text."""

from llama_edu.generate.decode import generate, stream
from llama_edu.generate.text import stream_text

__all__ = ["generate", "stream", "stream_text"]
