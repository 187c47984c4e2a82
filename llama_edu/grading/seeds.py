"""Secret seeds: one for a whole class, and none can be told from a number made from it."""

import hashlib
import secrets

MAX_SEED = 1 << 62


def new_seed() -> int:
    """A seed that nobody can guess."""
    return secrets.randbelow(MAX_SEED)


def case_seed(seed: int, question: str) -> int:
    """The seed of a question's cases: whoever found out one would not know another."""
    return _derived("cases", seed, question)


def call_seed(seed: int, question: str) -> int:
    """The seed of an answer's own random numbers: it is handed in, so it must not tell `seed`."""
    return _derived("call", seed, question)


def _derived(use: str, seed: int, question: str) -> int:
    digest = hashlib.sha256(f"llama_edu {use} {seed} {question}".encode()).digest()
    return int.from_bytes(digest[:6], "big")
