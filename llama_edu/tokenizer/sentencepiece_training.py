"""Train a SentencePiece-style vocabulary as the library does, piece for piece.

Text becomes lines, a line becomes words that begin with "▁", and characters merge inside a word.
What may not become a piece: digits with anything else, letters of two scripts, a "▁" inside.

Source: google/sentencepiece, src/trainer_interface.cc and src/bpe_model_trainer.cc.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import regex

from llama_edu.tokenizer.bpe_training import each_text
from llama_edu.tokenizer.gguf_vocab import BYTE, CONTROL, NORMAL, UNKNOWN
from llama_edu.tokenizer.merge_training import Report, learn_merges
from llama_edu.tokenizer.sentencepiece_model import Piece

SPACE = "▁"
WORD = re.compile(f"{SPACE}*[^{SPACE}]+|{SPACE}+")
DIGITS = frozenset("0123456789０１２３４５６７８９")

# Japanese writes one word in three scripts, which count as one. Scripts that are not named here
# count as one too, unlike in the library.
JAPANESE = r"\p{Han}\p{Hiragana}\p{Katakana}ー"
SCRIPTS = re.findall(
    r"\w+",
    "Latin Common Inherited Greek Cyrillic Armenian Hebrew Arabic Syriac Thaana Devanagari Bengali "
    "Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar "
    "Georgian Hangul Ethiopic Cherokee Canadian_Aboriginal Runic Khmer Mongolian Bopomofo Yi "
    "Gothic Coptic Tifinagh Nko Balinese Javanese Braille",
)
ANY_SCRIPT = regex.compile(
    "|".join([f"([{JAPANESE}])", *(rf"(\p{{Script={name}}})" for name in SCRIPTS)])
)
INHERITED = SCRIPTS.index("Inherited") + 2  # groups count from 1


def each_line(texts: Iterable[str]) -> Iterator[str]:
    """The lines of the texts that hold anything; so a line break is never part of a piece."""
    for text in each_text(texts):
        yield from filter(None, re.split(r"\r?\n", text))


def learn_pieces(
    texts: Iterable[str],
    vocab_size: int,
    character_coverage: float,
    max_piece_length: int,
    report: Report,
) -> list[Piece]:
    """Learn the pieces of a vocabulary; `SentencePieceBPE.train` says what the arguments are."""
    words: Counter[str] = Counter()
    for line in each_line(texts):
        words.update(WORD.findall(SPACE + line.replace(" ", SPACE)))
    characters = _covered(words, character_coverage)
    fixed = [Piece("<unk>", 0.0, UNKNOWN), Piece("<s>", 0.0, CONTROL), Piece("</s>", 0.0, CONTROL)]
    fixed += [Piece(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]
    n_merges = vocab_size - len(fixed) - len(characters)
    if n_merges < 0:
        raise ValueError(
            f"vocab_size={vocab_size} must be at least {vocab_size - n_merges}: 3 control tokens, "
            f"256 bytes and the {len(characters)} characters that cover {character_coverage} of "
            "the texts"
        )
    merges = learn_merges(
        _spell(words, characters),
        characters,
        n_merges,
        tie_break=_shorter_first(max_piece_length),
        report=report,
    )
    learned = [left + right for left, right in merges] + characters
    return fixed + [Piece(text, -float(i), NORMAL) for i, text in enumerate(learned)]


def is_piece(text: str, max_length: int = 16) -> bool:
    """Whether a text may become a piece: short, of one script, digits alone, "▁" only in front.

    is_piece("▁the") -> True; is_piece("12"), is_piece("a,"), is_piece("a▁b") -> False
    """
    if len(text) > max_length:
        return False
    letters = text.lstrip(SPACE)
    is_apart = SPACE in letters or (len(text) > 1 and not DIGITS.isdisjoint(letters))
    scripts = {script for c in letters if (script := _script(c)) != INHERITED}
    return not is_apart and len(scripts) <= 1 and (len(text) - len(letters) <= 1 or not letters)


@cache
def _script(character: str) -> int | None:
    found = ANY_SCRIPT.match(character)
    return found and found.lastindex


def _shorter_first(max_length: int) -> Callable[[str, str], tuple[int, str] | None]:
    """The library's tie rule: the shorter piece goes first, then the one with smaller letters."""

    def tie_break(left: str, right: str) -> tuple[int, str] | None:
        piece = left + right
        return (len(piece), piece) if is_piece(piece, max_length) else None

    return tie_break


def _covered(words: Counter[str], coverage: float) -> list[str]:
    """The commonest characters that make up so much of the text, the commonest first."""
    counts: Counter[str] = Counter()
    for word, n in words.items():
        for character in word:
            counts[character] += n
    total, so_far, covered = counts.total(), 0, []
    for character, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if so_far / total >= coverage:
            break
        covered.append(character)
        so_far += n
    return covered


def _spell(words: Counter[str], characters: list[str]) -> Counter[str]:
    """The words with `chr(i)` for the i-th character, cut where a character is not covered."""
    letters = {ord(character): chr(i) for i, character in enumerate(characters)}
    uncovered = {ord(c) for c in set().union(*words)} - letters.keys()
    cuts = dict.fromkeys(uncovered, " ")  # no word holds a space
    spelled: Counter[str] = Counter()
    for word, n in words.items():
        for part in word.translate(cuts).split(" "):
            spelled[part.translate(letters)] += n
    return spelled
