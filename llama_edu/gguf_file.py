"""Read GGUF, the one-file format of llama.cpp: what the model is, its vocabulary, its tensors.

The gguf package reads it too, but makes several NumPy arrays of every string: seconds for the
98,000 strings of a small vocabulary, against a tenth of a second here. What that package alone
knows, the layout of some thirty quantized types, is left to it.

Source: the GGUF specification, ggml-org/ggml, docs/gguf.md.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from llama_edu.reading import other_kind, reading

MAGIC = (b"gguf",)
FLOAT32, STRING, ARRAY = 6, 8, 9
SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
DEFAULT_ALIGNMENT = 32  # bytes


@dataclass(frozen=True)
class GGUFTensor:
    """Where a tensor lies in its file, and how its numbers are packed.

    Args:
        path: the file.
        name: of the tensor.
        shape: slowest dimension first, as PyTorch counts; the file counts the other way.
        kind: number of the packing, as in the gguf package's GGMLQuantizationType.
        offset: of its first byte in the file.
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int

    def load(self) -> np.ndarray:
        """Expand the tensor to float32.

        Raises:
            ValueError: if the gguf package cannot expand its kind, or the file is cut short.
        """
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize

        with reading(self.path, *MAGIC):
            if self.kind not in set(GGMLQuantizationType):
                raise ValueError(f"{self.name} is packed in a way unknown here, number {self.kind}")
            kind = GGMLQuantizationType(self.kind)
            block_numbers, block_bytes = GGML_QUANT_SIZES[kind]
            n_bytes = math.prod(self.shape) // block_numbers * block_bytes
            if self.offset + n_bytes > self.path.stat().st_size:
                raise ValueError(f"{self.name} cannot be read: it runs over the end of the file")
            packed = np.memmap(self.path, mode="r", offset=self.offset, shape=(n_bytes,))
            rows = packed.view(np.ndarray).reshape(*self.shape[:-1], -1)
            try:
                expanded = dequantize(rows, kind)
            except NotImplementedError:
                raise ValueError(
                    f"{self.name} is of type {kind.name}, which cannot be expanded"
                ) from None
            return np.array(expanded, dtype=np.float32).reshape(self.shape)


def read_gguf(path: str | Path) -> tuple[dict[str, Any], dict[str, GGUFTensor]]:
    """Read the head of a GGUF file.

    Args:
        path: a GGUF file of version 2 or 3, little-endian.

    Returns:
        Every metadata key with its value, arrays as lists; and every tensor by its name, its
        numbers still in the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is not GGUF, of another version or byte order, or cut short.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no GGUF file {path}")
    with reading(path, *MAGIC), path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ValueError(
                f"{path} is not a GGUF file: it must begin with the bytes 'GGUF'"
                + (f"; it {what}" if (what := other_kind(path)) else "")
            )
        try:
            metadata, heads = _read_head(file)
        except (struct.error, KeyError, OverflowError, MemoryError, RecursionError, EOFError,
                UnicodeDecodeError):  # fmt: skip
            raise ValueError(
                f"{path} is damaged: its head cannot be read; fetch it again"
            ) from None
        alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
        if type(alignment) is not int or not 0 < alignment < 2**32:
            raise ValueError(
                f"general.alignment must be a positive number of bytes, got {alignment!r}"
            )
        data_start = -(-file.tell() // alignment) * alignment
    tensors = {
        name: GGUFTensor(path, name, shape, kind, data_start + offset)
        for name, shape, kind, offset in heads
    }
    return metadata, tensors


def is_gguf(path: str | Path) -> bool:
    """Whether there is a file that begins as a GGUF file does, whatever its name."""
    path = Path(path)
    if not path.is_file():
        return False
    with reading(path), path.open("rb") as file:
        return file.read(4) == b"GGUF"


def split_part(metadata: dict[str, Any]) -> str | None:
    """What a file is that holds a part of a model, and what to do; None if it holds a whole one."""
    n_parts, number = metadata.get("split.count", 0), metadata.get("split.no", 0)
    if n_parts in (0, 1):
        return None
    return (
        f"is part {number + 1 if type(number) is int else number} of {n_parts}: join them with "
        "llama.cpp's `llama-gguf-split --merge FIRST OUT`, or fetch a whole file"
    )


def _read_head(file: BinaryIO) -> tuple[dict[str, Any], list[tuple]]:
    (version,) = _unpack(file, "I")
    if version >> 24 in (2, 3) and not version & 0xFFFF:
        raise ValueError(
            f"the file is big-endian, so that it has GGUF version {version}, must be 2 or 3: "
            "fetch a little-endian one, or turn it with gguf's gguf_convert_endian.py"
        )
    if version not in (2, 3):
        raise ValueError(f"the file has GGUF version {version}, must be 2 or 3: convert it again")
    n_tensors, n_keys = _unpack(file, "QQ")
    metadata = {_read(file, STRING): _read(file, *_unpack(file, "I")) for _ in range(n_keys)}
    return metadata, [_read_tensor_head(file) for _ in range(n_tensors)]


def _read_tensor_head(file: BinaryIO) -> tuple[str, tuple[int, ...], int, int]:
    name, (n_dims,) = _read(file, STRING), _unpack(file, "I")
    *sizes, kind, offset = _unpack(file, f"{n_dims}QIQ")
    return name, tuple(reversed(sizes)), kind, offset


def _unpack(file: BinaryIO, layout: str) -> tuple:
    layout = f"<{layout}"
    return struct.unpack(layout, _take(file, struct.calcsize(layout)))


def _take(file: BinaryIO, n_bytes: int) -> bytes:
    """So many bytes; a damaged length must not ask for more memory than the file is long."""
    taken = file.read(min(n_bytes, 1 << 20))
    while len(taken) < n_bytes and (more := file.read(min(n_bytes - len(taken), 1 << 26))):
        taken += more
    if len(taken) < n_bytes:
        raise EOFError
    return taken


def _read(file: BinaryIO, kind: int) -> Any:
    if kind == STRING:
        return _take(file, *_unpack(file, "Q")).decode("utf-8")
    if kind != ARRAY:
        value = _unpack(file, SCALARS[kind])[0]
        # 0.001 and not 0.0010000000474974513: the shortest number that float32 makes this of.
        return float(str(np.float32(value))) if kind == FLOAT32 else value
    item_kind, length = _unpack(file, "IQ")
    if item_kind in SCALARS:
        return list(_unpack(file, f"{length}{SCALARS[item_kind]}"))
    return [_read(file, item_kind) for _ in range(length)]
