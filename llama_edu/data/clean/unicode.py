"""Repair characters: text that was decoded wrongly, and what no reader can see."""

import re

# Ends of pages, lines and records: a reader sees them as an end of the line.
BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Controls but tab and newline; soft hyphen, zero-width space, byte order mark: none shows, all
# split words. The joiners U+200C and U+200D stay: Persian is spelled with them, emoji are built.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1e\x7f-\x9f\u00ad\u200b\u2060\ufeff]")


def repair_unicode(text: str) -> str:
    """Undo mojibake, drop invisible characters, and compose accents (NFC).

    repair_unicode("sÃ¼Ã\\x9f â€” ok") -> "süß — ok"

    Curly quotes and full-width signs stay: ftfy would by itself write ，as a comma and “ as ",
    which is a help in English and damage in Chinese. NFC, not NFKC: 10² must not become 102.

    Source: Speer, ftfy (Zenodo, 2019).
    """
    lines = BREAKS.sub("\n", text.replace("\x1f", " ")).splitlines(keepends=True)
    # Most lines of English are plain ASCII, where there is nothing to undo; ftfy takes its time.
    return drop_invisible("".join(line if line.isascii() else _repair(line) for line in lines))


def drop_invisible(text: str) -> str:
    """Drop what no reader sees, and write other ends of lines as newlines."""
    return INVISIBLE.sub("", BREAKS.sub("\n", text.replace("\x1f", " ")))


def _repair(line: str) -> str:
    import ftfy  # 0.1 s

    return ftfy.fix_text(
        line,
        unescape_html=False,  # entities belong to markup: &lt; may be meant as written
        uncurl_quotes=False,
        fix_character_width=False,
        fix_latin_ligatures=True,
        normalization="NFC",
    )
