"""How vocabulary files spell bytes: one printable character for each, so that JSON can hold them.

Source: `bytes_to_unicode` in GPT-2's encoder.py (Radford et al., 2019).
"""

from collections.abc import Collection, Iterable, Mapping


def _make_alphabet() -> list[str]:
    printable = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), 256)} - {0xAD}  # soft hyphen
    others = iter(range(256, 512))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


BYTE_TO_CHARACTER = _make_alphabet()
CHARACTER_TO_BYTE = {character: byte for byte, character in enumerate(BYTE_TO_CHARACTER)}


def to_bytes(token: str) -> bytes:
    """The bytes that a token of a vocabulary file stands for: "Ġthe" -> b" the".

    Raises:
        ValueError: if it holds a character outside the alphabet.
    """
    try:
        return bytes([CHARACTER_TO_BYTE[character] for character in token])
    except KeyError as error:
        raise ValueError(f"token {token!r} holds {error}, which stands for no byte") from None


def to_characters(token: bytes) -> str:
    """The spelling of a token in a vocabulary file: b" the" -> "Ġthe"."""
    return "".join([BYTE_TO_CHARACTER[byte] for byte in token])


def spell_vocab(
    vocab: Mapping[str, int], whole: Collection[str], merges: Iterable[tuple[bytes, bytes]]
) -> dict[bytes, int]:
    """The bytes of each token of a vocabulary file that text is made of -> its id.

    Args:
        vocab: the spelling of each token -> its id.
        whole: tokens that are found whole in text, which are left out: but not bytes, nor those
            that merges make or need as well.
        merges: as the file has them.

    Raises:
        ValueError: if a token holds a character outside the alphabet, and is not a whole one.
    """
    merged = {to_characters(token) for a, b in merges for token in (a, b, a + b)} if whole else ()
    return {
        to_bytes(token): i
        for token, i in vocab.items()
        if token and (token not in whole or len(token) == 1 or token in merged)
    }


def read_merge(merge: str | list[str]) -> tuple[bytes, bytes]:
    """A merge as files hold it, "Ġt he" or ["Ġt", "he"] -> (b" t", b"he").

    Raises:
        ValueError: if it is not a pair.
    """
    parts = merge.split(" ") if isinstance(merge, str) else merge
    if len(parts) != 2:
        raise ValueError(f"merge {merge!r} must be two tokens")
    return to_bytes(parts[0]), to_bytes(parts[1])
