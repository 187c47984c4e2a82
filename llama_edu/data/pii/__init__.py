"""Personal data: find it by its form and its checksum, and write a placeholder in its place."""

from llama_edu.data.pii.find import Found, find_pii
from llama_edu.data.pii.scrub import scrub

__all__ = ["Found", "find_pii", "scrub"]
