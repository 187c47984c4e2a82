"""Lines: their edges, the space between them, and those that come again and again."""

import re
from collections import Counter

SPACES = re.compile(r"[^\S\n]+")  # tab, no-break and ideographic space, but no newline
EMPTY_LINES = re.compile(r"\n{3,}")


def tidy_lines(text: str) -> str:
    """Trim every line, write each run of spaces as one, allow one empty line at most."""
    lines = (SPACES.sub(" ", line).strip() for line in text.splitlines())
    return EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def drop_repeated_lines(text: str, min_chars: int = 30, max_copies: int = 2) -> str:
    """Keep the first copies of a long line that one document repeats: menus, footers, scraping.

    Args:
        text: a document.
        min_chars: shorter lines are left alone: "Exeunt." and a speaker's name come a hundred
            times in a play and belong there.
        max_copies: how many copies stay, >= 1; a refrain comes twice.

    Raises:
        ValueError: if `max_copies` is not positive.
    """
    if max_copies < 1:
        raise ValueError(f"max_copies must be at least 1, got {max_copies}")
    seen, kept = Counter(), []
    for line in text.split("\n"):
        key = line.strip()
        seen[key] += 1
        if len(key) < min_chars or seen[key] <= max_copies:
            kept.append(line)
    return "\n".join(kept)
