"""Synonyms from WordNet's own files, the pinned archive "wordnet"."""

from collections.abc import Iterator
from pathlib import Path

PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")


class WordNet:
    """Words that share a meaning.

    Args:
        folder: `pull("wordnet") / "dict"`, with index.noun, data.noun and so on.

    Source: Miller, "WordNet: a lexical database for English", CACM 38(11), 1995.
    """

    def __init__(self, folder: Path):
        entries: dict[str, list[tuple[int, list[tuple[str, ...]]]]] = {}
        for part in PARTS_OF_SPEECH:
            words_at = dict(_synsets(folder / f"data.{part}"))
            for lemma, n_tagged, offsets in _entries(folder / f"index.{part}"):
                synsets = [words_at[offset] for offset in offsets]
                entries.setdefault(lemma, []).append((n_tagged, synsets))
        self.senses = {
            lemma: [s for _, synsets in sorted(parts, key=lambda part: -part[0]) for s in synsets]
            for lemma, parts in entries.items()
        }

    def synonyms(self, word: str, n_senses: int = 1) -> list[str]:
        """Single words that share one of a word's first senses, the word itself left out.

        The senses of a part of speech stand in the order of their frequency, and first the part of
        speech most of whose senses occur in a text that WordNet's makers labelled: "quiet" is an
        adjective first. One sense is asked by default, for a word does not say which is meant:
        with all of them "bank" may become "cant".

        Args:
            word: a base form; WordNet has no entry for "kings".
            n_senses: how many senses to take.
        """
        found = [
            other for synset in self.senses.get(word.lower(), [])[:n_senses] for other in synset
        ]
        return [other for other in dict.fromkeys(found) if other.lower() != word.lower()]


def _synsets(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Offset and single words of each line: `offset file type n_words(hex) word id word id …`."""
    for fields in _rows(path):
        words = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
        bare = (word.partition("(")[0] for word in words)  # galore(ip): stands behind its noun
        yield fields[0], tuple(w for w in bare if w.isalpha() and w.islower())  # no names


def _entries(path: Path) -> Iterator[tuple[str, int, list[str]]]:
    """Lemma, n_tagged, offsets: `lemma pos n_senses n_pointers … n_senses n_tagged offset …`."""
    for fields in _rows(path):
        n_senses = int(fields[2])
        yield fields[0], int(fields[-n_senses - 1]), fields[-n_senses:]


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if not line.startswith("  "):  # the license
                yield line.partition("|")[0].split()
