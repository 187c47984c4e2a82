"""What a run was shown, written down so that it can be asked later what went wrong."""

import zlib
from collections.abc import Sequence

from llama_edu.train.loss import IGNORED

N_STEPS, N_ROWS = 8, 4  # kept whole, from the start of a run; every other step leaves its mark only


def mark(parts: Sequence) -> dict[str, object]:
    """Two numbers for the batches of a step, on the CPU: the same batch has the same mark.

    Returns:
        "batch": a CRC of all inputs, in hexadecimal; "n_targets": targets that should count.
    """
    crc, n_targets = 0, 0
    for batch in parts:
        crc = zlib.crc32(batch.inputs.cpu().contiguous().numpy(), crc)
        n_targets += int((batch.targets != IGNORED).sum())
    return {"batch": f"{crc:08x}", "n_targets": n_targets}


def rows(parts: Sequence) -> dict[str, list[list[int]]]:
    """The first rows of a step's first batch: "inputs" and "targets", as the loss will see them."""
    return {name: getattr(parts[0], name)[:N_ROWS].tolist() for name in ("inputs", "targets")}
