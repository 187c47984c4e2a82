"""What a model must beat: packing programs and counted n-grams, in bits per byte."""

import gzip
import lzma

from llama_edu.evaluate.ngram import fit_ngram

PACKERS = {
    "gzip -9": lambda data: gzip.compress(data, compresslevel=9, mtime=0),
    "xz -9": lambda data: lzma.compress(data, preset=9),
}


def packed_bits_per_byte(text: str, packer: str = "gzip -9", context: str = "") -> float:
    """Bits of a text's packed file for each byte of its UTF-8.

    Without a context the packer knows nothing but the text, and the head of the file counts. With
    one it is what the file of both together has more than the file of the context: a packer that
    has read the training text, as a model has. gzip looks back 32 KiB only, so no longer context
    helps it; xz looks back 64 MiB.

    Args:
        text: not empty.
        packer: "gzip -9" or "xz -9".
        context: read before the text.

    Raises:
        ValueError: if the text is empty or there is no such packer.
    """
    if not text:
        raise ValueError("text must hold at least one character")
    if packer not in PACKERS:
        raise ValueError(f"packer must be one of {', '.join(PACKERS)}, got {packer!r}")
    pack = PACKERS[packer]
    n_bytes = len(pack((context + text).encode())) - (len(pack(context.encode())) if context else 0)
    return 8 * n_bytes / len(text.encode())


def baselines(training: str, held_out: str) -> dict[str, float]:
    """Bits per byte of a held-out text by what is no neural network.

    Args:
        training: what a model may learn from.
        held_out: what it is judged by, not empty.

    Returns:
        "gzip -9" and "xz -9" of the held-out text alone, and the n-gram model of the training
        text, named by its order: "6-gram of bytes". Packers that have read the training text too
        are slower (xz takes 3 s a megabyte) and weaker than the n-grams.

    Raises:
        ValueError: if the held-out text is empty, or the training text too short for n-grams.
    """
    found = {packer: packed_bits_per_byte(held_out, packer) for packer in PACKERS}
    ngram = fit_ngram(training)
    return found | {f"{ngram.order}-gram of bytes": ngram.bits_per_byte(held_out)}
