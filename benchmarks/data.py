"""Near-copies beside datasketch, and how fast each step of a corpus build is."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.race import Contender, Row, race
from benchmarks.report import Table
from benchmarks.workload import Workload
from llama_edu.data.clean import clean, strip_html, strip_wikitext
from llama_edu.data.dedup import (
    MinHasher,
    candidate_pairs,
    character_shingles,
    drop_near_duplicates,
)
from llama_edu.data.dedup.exact import content_hash, line_hashes
from llama_edu.data.dedup.shingles import normalise
from llama_edu.data.documents import read_documents
from llama_edu.data.filter import Page, identify_language, judge, rules_for
from llama_edu.data.pii import scrub
from llama_edu.data.pipeline import Settings, build
from llama_edu.data.sources import SourceError

MAX_ROUNDS = 3
PIECE_CHARS, N_PIECES = 5_000, 400
N_CHARACTERS, N_HASHES, N_BANDS = 7, 256, 64
SHARES = {"enwiki": 4, "shakespeare": 6, "bible": 10, "sotu": 8, "sanguo": 5}  # every nth document
STEP = "step"
ODD_CHARS, ODD_COPIES = (10_000, 100_000), (1_000, 10_000)
ODD: dict[str, tuple[Callable, str]] = {
    "wikitext, [//": (strip_wikitext, "[//"),
    "wikitext, == and spaces": (strip_wikitext, "==   "),
    "wikitext, {{a|": (strip_wikitext, "{{a|"),
    'HTML, <form><a b="': (strip_html, '<form><a b="'),
    "telephone numbers on one line": (scrub, "(212) 555-1234 "),
}


def tables(
    workload: Workload,
    progress: Callable[[str], None] = print,
    documents: Sequence[tuple[str, str]] | None = None,
) -> Iterator[Table]:
    """A table about near-copies, one about the steps, one about processes, one about odd texts.

    Args:
        workload: only its `rounds` are read.
        progress: told what is going on.
        documents: (text, markup); some of each archive, which are fetched if need be, if None.
    """
    try:
        documents = documents or _documents()
    except SourceError as error:
        reason = f"everybody: the text cannot be had: {error}"
        yield Table("data", "Data", "s", ("datasketch", STEP), [], absent=[reason])
        return
    rounds = min(workload.rounds, MAX_ROUNDS)
    yield near_copies([text for text, _ in documents], rounds, progress)
    yield steps(documents, rounds, progress)
    yield processes(documents, rounds, progress)
    yield odd_texts(rounds, progress)


def near_copies(texts: Sequence[str], rounds: int, progress: Callable[[str], None]) -> Table:
    """From text to candidate pairs, with the same shingles, hashes and bands for everybody."""
    pieces = [t[i : i + PIECE_CHARS] for t in texts for i in range(0, len(t), PIECE_CHARS)]
    pieces = pieces[:: max(1, len(pieces) // N_PIECES)][:N_PIECES]
    contenders = [
        Contender("llama_edu", "from text", lambda: lambda: len(our_pairs(pieces)), side="ours"),
        Contender(
            "datasketch", "from text", lambda: lambda: len(their_pairs(shingle_texts(pieces))),
            needs="datasketch", install="pip install datasketch",
        ),
        Contender(
            "datasketch", "from hashes", lambda: datasketch_from_hashes(pieces),
            needs="datasketch", install="pip install datasketch",
        ),
    ]  # fmt: skip
    found = race(contenders, rounds, progress=progress)
    table = Table("data near-copies", "Near-copies by MinHash", "s", ("datasketch", "from text"),
                  found.rows, found.absent, kind="begins")  # fmt: skip
    n_chars = sum(map(len, pieces))
    _add_speed(table.rows, n_chars)
    for row in table.rows:
        row.columns["pairs"] = f"{row.result:,}"
    table.notes = [
        f"{len(pieces)} pieces, {n_chars / 1e6:.2f} million characters, shingles of "
        f"{N_CHARACTERS} characters, {N_HASHES} hashes in {N_BANDS} bands; one thread. The last "
        "row is given the shingles as our 64-bit hashes and makes signatures and pairs only. The "
        "hash functions differ, and so does, by chance, which pairs are found."
    ]
    return table


def our_pairs(pieces: Sequence[str]) -> np.ndarray:
    """Ours: text to pairs."""
    sets = (character_shingles(piece, N_CHARACTERS) for piece in pieces)
    return candidate_pairs(MinHasher(N_HASHES).signatures(sets), N_BANDS)


def shingle_texts(pieces: Sequence[str]) -> Iterator[list[bytes]]:
    """The shingles as datasketch takes them."""
    for piece in pieces:
        text = normalise(piece)
        grams = {text[i : i + N_CHARACTERS] for i in range(len(text) - N_CHARACTERS + 1)}
        yield [gram.encode() for gram in grams]


def datasketch_from_hashes(pieces: Sequence[str]) -> Callable[[], int]:
    """Signatures and pairs of datasketch, from shingles that were hashed off the clock."""
    sets = [(character_shingles(piece, N_CHARACTERS) >> np.uint64(32)).tolist() for piece in pieces]
    return lambda: len(their_pairs(sets, hashfunc=lambda number: number))


def their_pairs(sets, **options) -> set[tuple[int, int]]:
    """datasketch: sets of shingles to pairs."""
    from datasketch import MinHash, MinHashLSH

    index, pairs = MinHashLSH(num_perm=N_HASHES, params=(N_BANDS, N_HASHES // N_BANDS)), set()
    for number, shingles in enumerate(sets):
        sketch = MinHash(num_perm=N_HASHES, **options)
        sketch.update_batch(shingles)
        pairs |= {(other, number) for other in index.query(sketch)}
        index.insert(number, sketch)
    return pairs


def steps(documents, rounds: int, progress: Callable[[str], None]) -> Table:
    """Each step of a build alone, on the same documents."""
    texts = [clean(text, markup) for text, markup in documents]
    languages = [identify_language(text) for text in texts]
    hasher = MinHasher(N_HASHES)
    jobs = {
        "clean": lambda: [clean(text, markup) for text, markup in documents],
        "language": lambda: [identify_language(text) for text in texts],
        "rules": lambda: [
            judge(Page(text, language), rules_for(language))
            for text, language in zip(texts, languages, strict=True)
        ],
        "personal data": lambda: [scrub(text) for text in texts],
        "copies": lambda: [(content_hash(text), line_hashes(text)) for text in texts],
        "near-copies": lambda: [
            hasher.signature(character_shingles(text, N_CHARACTERS)) for text in texts
        ],
    }
    contenders = [
        Contender(name, STEP, lambda job=job: lambda: len(job()), side="ours")
        for name, job in jobs.items()
    ]
    found = race(contenders, rounds, progress=progress)
    _add_speed(found.rows, sum(map(len, texts)))
    notes = [
        f"{len(texts)} documents, {sum(map(len, texts)) / 1e6:.2f} million characters after "
        "cleaning, of all archives; one thread."
    ]
    return Table("data steps", "Steps of a corpus build", "s", ("clean", STEP), found.rows,
                 found.absent, notes, kind="")  # fmt: skip


def processes(documents, rounds: int, progress: Callable[[str], None]) -> Table:
    """A whole build, from a file of JSONL to the report, in one process and in two."""
    n_chars = sum(len(text) for text, _ in documents)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "documents.jsonl"
        lines = (
            json.dumps({"id": str(i), "text": text, "markup": markup})
            for i, (text, markup) in enumerate(documents)
        )
        source.write_text("\n".join(lines) + "\n", encoding="utf-8")
        settings = Settings(sources=(str(source),), shard_chars=max(1, n_chars // 12))
        numbers = count()

        def building(n_jobs: int) -> Callable[[], int]:
            def run() -> int:
                report = build(Path(folder) / str(next(numbers)), settings, n_jobs)
                return report.train["documents"] + report.test["documents"]

            return run

        contenders = [
            Contender(
                "llama_edu", f"{n} process{'es' * (n > 1)}", lambda n=n: building(n), side="ours"
            )
            for n in (1, 2)
        ]
        found = race(contenders, rounds, progress=progress)
    _add_speed(found.rows, n_chars)
    notes = [f"{n_chars / 1e6:.2f} million characters as they came; starting processes included."]
    return Table("data build", "A corpus build", "s", ("llama_edu", "1 process"), found.rows,
                 found.absent, notes, kind="in")  # fmt: skip


def odd_texts(rounds: int, progress: Callable[[str], None]) -> Table:
    """Texts that nobody writes and somebody has: ten times as much must take ten times as long."""
    jobs: dict[tuple[str, str], Callable[[], int]] = {}
    for name, (job, sign) in ODD.items():
        for n_chars in ODD_CHARS:
            text = sign * (n_chars // len(sign))
            jobs[name, f"{n_chars // 1000} kB"] = lambda job=job, text=text: len(job(text))
    generator = np.random.default_rng(0)
    for n in ODD_COPIES:
        signatures = np.tile(generator.integers(0, 2**32, N_HASHES, dtype=np.uint32), (n, 1))
        is_other = generator.random(signatures.shape) < 0.05
        signatures[is_other] = generator.integers(0, 2**32, is_other.sum(), dtype=np.uint32)
        jobs["near-copies of one text", f"{n:,}"] = lambda s=signatures: len(
            drop_near_duplicates(s, N_BANDS, 0.5)
        )
    contenders = [
        Contender(name, size, lambda job=job: job, side="ours")
        for (name, size), job in jobs.items()
    ]
    found = race(contenders, rounds, progress=progress)
    notes = ["Each text is one sign again and again; one thread."]
    return Table("data odd", "Odd texts", "s", ("near-copies of one text", "1,000"), found.rows,
                 found.absent, notes, kind="")  # fmt: skip


def _add_speed(rows: Sequence[Row], n_chars: int) -> None:
    for row in rows:
        row.columns = {"million characters/s": f"{n_chars / row.median / 1e6:.2f}"}


def _documents() -> list[tuple[str, str]]:
    return [
        (document.text, document.markup)
        for source, nth in SHARES.items()
        for document in list(read_documents(source))[::nth]
    ]
