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

        try:
            kind = GGMLQuantizationType(self.kind)
            block_numbers, block_bytes = GGML_QUANT_SIZES[kind]
            n_bytes = math.prod(self.shape) // block_numbers * block_bytes
            packed = np.memmap(self.path, mode="r", offset=self.offset, shape=(n_bytes,))
            rows = packed.view(np.ndarray).reshape(*self.shape[:-1], -1)
            return np.array(dequantize(rows, kind), dtype=np.float32).reshape(self.shape)
        except NotImplementedError:
            raise ValueError(
                f"{self.path}: {self.name} is of type {kind.name}, which cannot be expanded"
            ) from None
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{self.path}: {self.name} cannot be read: {error}") from None


def read_gguf(path: str | Path) -> tuple[dict[str, Any], dict[str, GGUFTensor]]:
    """Read the head of a GGUF file.

    Args:
        path: a GGUF file of version 2 or 3, little-endian.

    Returns:
        Every metadata key with its value, arrays as lists; and every tensor by its name, its
        numbers still in the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is not GGUF, of another version, or cut short.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no GGUF file {path}")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ValueError(f"{path} is not a GGUF file: it must begin with the bytes 'GGUF'")
        try:
            version, n_tensors, n_keys = _unpack(file, "IQQ")
            if version not in (2, 3):
                raise ValueError(f"{path} has GGUF version {version}, must be 2 or 3")
            metadata = {
                _read(file, STRING): _read(file, *_unpack(file, "I")) for _ in range(n_keys)
            }
            heads = [_read_tensor_head(file) for _ in range(n_tensors)]
        except (struct.error, KeyError, OverflowError, MemoryError, RecursionError,
                UnicodeDecodeError):  # fmt: skip
            raise ValueError(f"{path} is damaged: its head cannot be read") from None
        alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment <= 0:
            raise ValueError(
                f"{path}: general.alignment must be a positive number of bytes, got {alignment!r}"
            )
        data_start = -(-file.tell() // alignment) * alignment
    tensors = {
        name: GGUFTensor(path, name, shape, kind, data_start + offset)
        for name, shape, kind, offset in heads
    }
    return metadata, tensors


def _read_tensor_head(file: BinaryIO) -> tuple[str, tuple[int, ...], int, int]:
    name, (n_dims,) = _read(file, STRING), _unpack(file, "I")
    *sizes, kind, offset = _unpack(file, f"{n_dims}QIQ")
    return name, tuple(reversed(sizes)), kind, offset


def _unpack(file: BinaryIO, layout: str) -> tuple:
    layout = f"<{layout}"
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _read(file: BinaryIO, kind: int) -> Any:
    if kind == STRING:
        return file.read(*_unpack(file, "Q")).decode("utf-8")
    if kind != ARRAY:
        value = _unpack(file, SCALARS[kind])[0]
        # 0.001 and not 0.0010000000474974513: the shortest number that float32 makes this of.
        return float(str(np.float32(value))) if kind == FLOAT32 else value
    item_kind, length = _unpack(file, "IQ")
    if item_kind in SCALARS:
        return list(_unpack(file, f"{length}{SCALARS[item_kind]}"))
    return [_read(file, item_kind) for _ in range(length)]
