"""A model behind HTTP, in the protocol that every tool speaks: OpenAI's completions."""

from llama_edu.serve.events import read_events
from llama_edu.serve.running import Running, serve

__all__ = ["Running", "read_events", "serve"]
