"""Write a placeholder in the place of personal data."""

from collections import Counter
from collections.abc import Iterable

from llama_edu.data.pii.find import KINDS, find_pii

# Words that a reader understands and a model can learn as such; none is itself personal data.
PLACEHOLDERS = {
    "EMAIL": "[e-mail address]",
    "PHONE": "[phone number]",
    "CARD": "[card number]",
    "IBAN": "[bank account]",
    "CN_ID": "[identity number]",
    "SSN": "[social security number]",
    "IP": "[IP address]",
}


def scrub(text: str, kinds: Iterable[str] = KINDS) -> tuple[str, Counter[str]]:
    """Replace personal data; give the text and how many of each kind were replaced.

    scrub("Mail a@example.com.") -> ("Mail [e-mail address].", Counter({"EMAIL": 1}))

    A second call changes nothing.

    Raises:
        ValueError: if a kind is unknown.
    """
    found = find_pii(text, kinds)
    parts, end = [], 0
    for piece in found:
        parts += [text[end : piece.start], PLACEHOLDERS[piece.kind]]
        end = piece.end
    return "".join(parts) + text[end:], Counter(piece.kind for piece in found)
