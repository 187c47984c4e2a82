"""Training a vocabulary and encoding books with it, everybody on one thread."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

from benchmarks.race import Contender, race
from benchmarks.report import Table
from benchmarks.workload import Workload
from llama_edu.data.sources import SourceError, pull
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.pretokenize import LLAMA3
from llama_edu.tokenizer.sentencepiece_bpe import SentencePieceBPE

VOCAB_SIZES = (4_096, 32_000)
MAX_ROUNDS = 5
BYTES, CHARACTERS = "bytes", "characters"  # what is merged, in the place of a precision
MUST_AGREE = (BYTES, CHARACTERS)


def train_key(vocab_size: int) -> str:
    """The key of the table about vocabularies of this size."""
    return f"tokenizer train {vocab_size:,}"


def tables(
    workload: Workload,
    progress: Callable[[str], None] = print,
    texts: Sequence[str] | None = None,
    vocab_sizes: Sequence[int] = VOCAB_SIZES,
) -> Iterator[Table]:
    """A table for each size of vocabulary, and one about encoding.

    Args:
        workload: only its `rounds` are read.
        progress: told what is going on.
        texts: whole documents; Shakespeare, which is fetched if need be, if None.
        vocab_sizes: the last is that of the vocabulary to encode with.
    """
    os.environ |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
    try:
        texts = texts or _shakespeare()
        model = (pull("mistral-tokenizer") / "tokenizer.model.v1").read_bytes()
    except SourceError as error:
        reason = f"everybody: the text cannot be had: {error}"
        yield Table("tokenizer", "Tokenizers", "s", ("tokenizers", BYTES), [], absent=[reason])
        return
    rounds, megabytes = min(workload.rounds, MAX_ROUNDS), sum(map(_n_bytes, texts)) / 1e6
    text_note = f"{len(texts)} documents, {megabytes:.2f} MB; one thread."
    for size in vocab_sizes:
        title = f"Training a vocabulary of {size:,}"
        table = Table(train_key(size), title, "s", ("tokenizers", BYTES), [], kind="merges")
        found = race(training_contenders(texts, size), rounds, progress=progress)
        table.rows, table.absent = found.rows, found.absent
        for row in table.rows:
            row.columns = {"tokens": f"{row.result:,}", "MB/s": f"{megabytes / row.median:.2f}"}
        table.notes = [text_note]
        yield table
    table = Table("tokenizer encode", "Encoding", "s", ("tokenizers", BYTES), [], kind="merges")
    with tempfile.TemporaryDirectory() as folder:
        BPETokenizer.train(texts, vocab_sizes[-1], min_count=1).save(folder)
        contenders = encoding_contenders(texts, Path(folder), model)
        found = race(contenders, rounds, must_agree=MUST_AGREE, progress=progress)
    table.rows, table.absent = found.rows, found.absent
    for row in table.rows:
        n_tokens = sum(map(len, row.result))
        row.columns = {"tokens": f"{n_tokens:,}", "MB/s": f"{megabytes / row.median:.2f}"}
    table.notes = [
        f"{text_note} A fresh tokenizer for each run, made off the clock: no cache is warm. Those "
        f"that merge bytes share the vocabulary of {vocab_sizes[-1]:,} trained above, those that "
        "merge characters Mistral's of 32,000; all ids are equal.",
    ]
    yield table


def training_contenders(texts: Sequence[str], vocab_size: int) -> list[Contender]:
    """Everybody who learns a vocabulary; the result is the number of tokens."""
    return [
        Contender(
            "llama_edu", BYTES,
            lambda: lambda: BPETokenizer.train(texts, vocab_size, min_count=1).vocab_size,
            side="ours",
        ),
        Contender(
            "tokenizers", BYTES, lambda: train_tokenizers(texts, vocab_size),
            needs="tokenizers", install="pip install tokenizers",
        ),
        Contender(
            "rustbpe", BYTES, lambda: train_rustbpe(texts, vocab_size),
            needs="rustbpe", install="pip install rustbpe",
        ),
        Contender(
            "llama_edu", CHARACTERS,
            lambda: lambda: SentencePieceBPE.train(texts, vocab_size).vocab_size, side="ours",
        ),
        Contender("sentencepiece", CHARACTERS, lambda: train_sentencepiece(texts, vocab_size)),
    ]  # fmt: skip


def encoding_contenders(texts: Sequence[str], folder: Path, model: bytes) -> list[Contender]:
    """Everybody who encodes; the result is the list of ids of each text.

    Args:
        texts: whole documents.
        folder: holds the tokenizer.json of those that merge bytes.
        model: the SentencePiece model of those that merge characters.
    """

    def each(encode: Callable[[str], list[int]]) -> Callable[[], list[list[int]]]:
        return lambda: [encode(text) for text in texts]

    return [
        Contender(
            "llama_edu", BYTES, lambda: each(BPETokenizer.load(folder).encode), side="ours",
            is_fresh=True,
        ),
        Contender(
            "tokenizers", BYTES, lambda: each(load_tokenizers(folder)), needs="tokenizers",
            install="pip install tokenizers", is_fresh=True,
        ),
        Contender(
            "tiktoken", BYTES, lambda: each(load_tiktoken(folder)), needs="tiktoken",
            install="pip install tiktoken", is_fresh=True,
        ),
        Contender(
            "llama_edu", CHARACTERS, lambda: each(SentencePieceBPE(model).encode), side="ours",
            is_fresh=True,
        ),
        Contender(
            "sentencepiece", CHARACTERS, lambda: each(load_sentencepiece(model)), is_fresh=True
        ),
    ]  # fmt: skip


def train_tokenizers(texts: Sequence[str], vocab_size: int) -> Callable[[], int]:
    """The tokenizers library, with our chunks and alphabet."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    chunks = pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated")
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)

    def run() -> int:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([chunks, to_bytes])
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer)
        return tokenizer.get_vocab_size()

    return run


def train_rustbpe(texts: Sequence[str], vocab_size: int) -> Callable[[], int]:
    """rustbpe, with our chunks."""
    import rustbpe

    def run() -> int:
        tokenizer = rustbpe.Tokenizer()
        tokenizer.train_from_iterator(texts, vocab_size, pattern=LLAMA3)
        return tokenizer.vocab_size

    return run


def train_sentencepiece(texts: Sequence[str], vocab_size: int) -> Callable[[], int]:
    """The SentencePiece library, with LLaMA's settings; it takes lines."""
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    def run() -> int:
        model = BytesIO()
        SentencePieceTrainer.train(
            sentence_iterator=(line for text in texts for line in text.splitlines()),
            model_writer=model,
            model_type="bpe",
            vocab_size=vocab_size,
            byte_fallback=True,
            split_digits=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            allow_whitespace_only_pieces=True,
            num_threads=1,
            minloglevel=2,
        )
        return SentencePieceProcessor(model_proto=model.getvalue()).vocab_size()

    return run


def load_tokenizers(folder: Path) -> Callable[[str], list[int]]:
    """The tokenizers library, reading what we wrote."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def load_tiktoken(folder: Path) -> Callable[[str], list[int]]:
    """tiktoken, which merges by the ids of the tokens."""
    import tiktoken

    vocab = BPETokenizer.load(folder).vocab
    return tiktoken.Encoding(
        "ours", pat_str=LLAMA3, mergeable_ranks=vocab, special_tokens={}
    ).encode_ordinary


def load_sentencepiece(model: bytes) -> Callable[[str], list[int]]:
    """The SentencePiece library."""
    from sentencepiece import SentencePieceProcessor

    return SentencePieceProcessor(model_proto=model).encode


def _shakespeare() -> list[str]:
    return [
        path.read_text(encoding="utf-8") for path in sorted(pull("shakespeare").glob("*_gut.txt"))
    ]


def _n_bytes(text: str) -> int:
    return len(text.encode("utf-8"))
