"""Secret seeds: one for a whole class, and none can be told from a number made from it."""

import hashlib
import secrets

MAX_SEED = 1 << 62


def new_seed() -> int:
    """A seed that nobody can guess."""
    return secrets.randbelow(MAX_SEED)


def call_seed(seed: int, question: str) -> int:
    """The seed of an answer's own random numbers: it is handed in, so it must not tell `seed`."""
    digest = hashlib.sha256(f"llama_edu call {seed} {question}".encode()).digest()
    return int.from_bytes(digest[:6], "big")
