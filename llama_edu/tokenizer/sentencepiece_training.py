"""Train a SentencePiece-style vocabulary as the library does, piece for piece.

Text becomes lines, a line becomes words that begin with "▁", and characters merge inside a word.
What may not become a piece: digits with anything else, letters of two scripts, a "▁" inside.

Source: google/sentencepiece, src/trainer_interface.cc and src/bpe_model_trainer.cc.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import regex

from llama_edu.tokenizer.bpe_training import check_size, each_text
from llama_edu.tokenizer.formats.gguf_vocab import BYTE, CONTROL, NORMAL, UNKNOWN
from llama_edu.tokenizer.formats.sentencepiece_model import Piece
from llama_edu.tokenizer.merge_training import Report, learn_merges

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
OTHER_SCRIPT = 0


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
    check_size(vocab_size)
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


def may_merge(left: str, right: str, max_length: int = 16) -> bool:
    """Whether two pieces may become one: short, of one script, no digits, "▁" only in front.

    may_merge("▁", "the") -> True; may_merge("1", "2"), may_merge("a", ",") -> False
    """
    if len(left) + len(right) > max_length or left[-1] in DIGITS or right[0] in DIGITS:
        return False
    if right[0] == SPACE:
        return not (left + right).strip(SPACE)
    if left[-1] == SPACE and len(left) > 1:
        return False
    scripts = _script(left), _script(right)
    return None in scripts or scripts[0] == scripts[1]


@lru_cache(maxsize=1 << 16)
def _script(piece: str) -> int | None:
    """A number for the script of a piece; None if it has only spaces and inherited marks."""
    for character in piece.lstrip(SPACE):
        found = ANY_SCRIPT.match(character)
        if not found or found.lastindex != INHERITED:
            return found.lastindex if found else OTHER_SCRIPT
    return None


def _shorter_first(max_length: int) -> Callable[[str, str], tuple[int, str] | None]:
    """The library's tie rule: the shorter piece goes first, then the one with smaller letters."""

    def tie_break(left: str, right: str) -> tuple[int, str] | None:
        if not may_merge(left, right, max_length):
            return None
        return len(left) + len(right), left + right

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
