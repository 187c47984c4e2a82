"""read_gguf: reads what llama.cpp's own package writes, and refuses whatever is damaged."""

from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGML_QUANT_SIZES, GGUFReader
from gguf import GGMLQuantizationType as Kind
from hypothesis import given, settings
from hypothesis import strategies as st

from llama_edu.gguf_file import read_gguf
from tests.damage import damaged


def can_expand(kind: Kind) -> bool:
    try:
        gguf.dequantize(np.zeros((1, GGML_QUANT_SIZES[kind][1]), dtype=np.uint8), kind)
    except NotImplementedError:
        return False
    return True


EXPANDED = [kind for kind in GGML_QUANT_SIZES if can_expand(kind)]


def write(path: Path, tensors: dict[str, tuple[np.ndarray, Kind]], alignment: int = 32) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    if alignment != 32:
        writer.add_custom_alignment(alignment)
    writer.add_string("text", "naïve 中文 🦙")
    for kind in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"):
        extreme = np.iinfo(kind).min or np.iinfo(kind).max
        getattr(writer, f"add_{kind}")(kind, int(extreme))
    writer.add_float32("float32", 0.5)
    writer.add_float64("float64", 1 / 3)
    writer.add_bool("bool", True)
    writer.add_array("numbers", [1, -2, 3])
    writer.add_array("scores", [0.25, -1.5])
    writer.add_array("words", ["a", "", "Ġb"])
    for name, (packed, kind) in tensors.items():
        writer.add_tensor(name, packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> bytes:
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    return write(path, {"rows": (rows, Kind.F32), "row": (rows[0], Kind.F32)}).read_bytes()


@pytest.mark.parametrize("alignment", [32, 64])
def test_metadata_and_tensors_come_back(tmp_path, alignment):
    three_d = np.random.default_rng(0).normal(size=(2, 3, 5)).astype(np.float32)
    halves = np.array([1.5, -2.0], dtype=np.float16)
    tensors = {"three_d": (three_d, Kind.F32), "halves": (halves, Kind.F16)}
    metadata, read = read_gguf(write(tmp_path / "m.gguf", tensors, alignment))
    assert metadata["text"] == "naïve 中文 🦙"
    assert metadata["bool"] is True
    assert (metadata["uint64"], metadata["int64"], metadata["int8"]) == (2**64 - 1, -(2**63), -128)
    assert (metadata["float32"], metadata["float64"]) == (0.5, 1 / 3)
    assert metadata["numbers"] == [1, -2, 3]
    assert metadata["scores"] == [0.25, -1.5]
    assert metadata["words"] == ["a", "", "Ġb"]
    assert list(read) == ["three_d", "halves"]
    assert np.array_equal(read["three_d"].load(), three_d)
    assert read["halves"].load().dtype == np.float32
    assert read["halves"].load().tolist() == [1.5, -2.0]


def test_metadata_is_what_the_gguf_package_reads(tmp_path):
    path = write(tmp_path / "m.gguf", {})
    theirs = {
        name: field.contents()
        for name, field in GGUFReader(path).fields.items()
        if not name.startswith("GGUF.")
    }
    assert len(theirs) > 12
    assert read_gguf(path)[0] == theirs


@pytest.mark.parametrize("kind", EXPANDED, ids=lambda kind: kind.name)
def test_every_packing_is_expanded_as_the_gguf_package_does(tmp_path, kind):
    n_rows, n_blocks = 3, 2
    block_numbers, block_bytes = GGML_QUANT_SIZES[kind]
    generator = np.random.default_rng(kind)
    packed = generator.integers(256, size=(n_rows, n_blocks * block_bytes), dtype=np.uint8)
    path = write(tmp_path / "m.gguf", {"first": (np.ones(7, np.float32), Kind.F32),
                                       "packed": (packed, kind)})  # fmt: skip
    tensor = read_gguf(path)[1]["packed"]
    assert tensor.shape == (n_rows, n_blocks * block_numbers)
    with np.errstate(all="ignore"):  # random bytes are some infinities too
        expected = gguf.dequantize(packed, kind)
        assert np.array_equal(tensor.load(), expected, equal_nan=True)


def test_many_packings_are_known():
    assert {"Q4_0", "Q4_1", "Q8_0", "Q4_K", "Q6_K", "IQ4_XS", "BF16"} <= {k.name for k in EXPANDED}


@pytest.mark.parametrize("kind", [Kind.I32, Kind.F64], ids=lambda kind: kind.name)
def test_packing_that_cannot_be_expanded_is_named(tmp_path, kind):
    numbers = np.ones(4, dtype=np.int32 if kind == Kind.I32 else np.float64)
    path = write(tmp_path / "m.gguf", {"t": (numbers, kind)})
    with pytest.raises(ValueError, match=rf"t is of type {kind.name}, which cannot be expanded"):
        read_gguf(path)[1]["t"].load()


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no GGUF file .*absent\.gguf"):
        read_gguf(tmp_path / "absent.gguf")


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"", "is not a GGUF file: it must begin with the bytes 'GGUF'"),
        (b"GGML\x03\0\0\0", "is not a GGUF file"),
        (b"GGUF\x01\0\0\0", "has GGUF version 1, must be 2 or 3"),
        (b"GGUF\0\0\0\x03", "has GGUF version 50331648, must be 2 or 3"),  # big-endian
    ],
)
def test_other_files_are_refused(tmp_path, start, message):
    path = tmp_path / "m.gguf"
    path.write_bytes(start and start + bytes(16))
    with pytest.raises(ValueError, match=message):
        read_gguf(path)


def load_all(path: Path) -> None:
    for tensor in read_gguf(path)[1].values():
        tensor.load()


def test_a_file_cut_anywhere_is_refused(small, tmp_path):
    path = tmp_path / "m.gguf"
    end = small.rindex(np.float32(2).tobytes()) + 4  # of the last tensor; then only padding
    for length in range(end):
        path.write_bytes(small[:length])
        with pytest.raises(ValueError, match=r"m\.gguf"):
            load_all(path)


@pytest.mark.parametrize("value", [0, -8])
def test_impossible_alignment_is_named(tmp_path, value):
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama")
    writer.add_int32("general.alignment", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(ValueError, match=rf"general\.alignment must be .* got {value}"):
        read_gguf(tmp_path / "m.gguf")


@settings(max_examples=300, deadline=None)
@given(drawn=st.data())
def test_a_damaged_file_is_read_or_refused_but_never_crashes(small, tmp_path_factory, drawn):
    path = tmp_path_factory.getbasetemp() / "damaged.gguf"
    path.write_bytes(drawn.draw(damaged(small)))
    try:
        load_all(path)
    except ValueError as error:
        assert "damaged.gguf" in str(error)
