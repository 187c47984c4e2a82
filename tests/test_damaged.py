"""A damaged file is read or refused in one line that names it: no trace, no hang, whatever it is.

By default some hundred files of each kind; `-m slow` tries two thousand.
"""

import json
import time
import warnings

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from llama_edu.pretrained import Pretrained
from llama_edu.tokenizer import load_tokenizer
from llama_edu.tokenizer.formats.sentencepiece_model import build_model, parse_model
from llama_edu.weights import load_gguf, load_hf, load_meta
from tests import checkpoints
from tests.damage import as_json, damaged, mistyped

FEW, MANY = 40, 2_000
MOST_SECONDS = 20  # for one small file, on a machine that does other things as well
HELLO = [{"role": "user", "content": "the cat"}]


def talk(path):
    """Read a tokenizer, and use what came of it."""
    tokenizer = load_tokenizer(path)
    ids = Pretrained(None, tokenizer, tokenizer.stop_ids).text_ids("the cat</s> sat <new>")
    tokenizer.encode("the cat</s> sat <new>", special=True)
    tokenizer.decode(ids)
    if tokenizer.chat_template is not None:
        Pretrained(None, tokenizer, tokenizer.stop_ids).chat_ids(HELLO)


def json_file(name):
    def strategy(folder):
        data = (folder / name).read_bytes()
        values = mistyped(json.loads(data)).map(as_json)
        return values | values | damaged(data, 400)

    return strategy


def safetensors_file(folder):
    data = (folder / "model.safetensors").read_bytes()
    n = int.from_bytes(data[:8], "little")
    head, body = json.loads(data[8 : 8 + n]), data[8 + n :]

    def whole(value):
        text = as_json(value)
        return len(text).to_bytes(8, "little") + text + body

    return mistyped(head).map(whole) | damaged(data, 8 + n)


def pth_file(folder):
    path = folder / "consolidated.00.pth"
    tensors, data = checkpoints.meta_tensors(), path.read_bytes()
    odd = st.sampled_from([
        *(torch.zeros(size) for size in [(), (0,), (3,), (300, 16), (16, 300), (2, 3, 4)]),
        torch.zeros(300, 16, dtype=torch.int8), torch.zeros(300, 16, dtype=torch.complex64),
        torch.zeros(300, 16).to_sparse(), torch.tensor(True), None, 3, "x", [1], {"a": 1}, b"x",
    ])  # fmt: skip

    def save(value, legacy):
        torch.save(value, path, _use_new_zipfile_serialization=not legacy)
        return path.read_bytes()

    names = st.sampled_from([*tensors, "model", 3])
    whole = st.builds(lambda name, value: tensors | {name: value}, names, odd)
    less = st.sampled_from(list(tensors)).map(
        lambda name: {key: value for key, value in tensors.items() if key != name}
    )
    values = whole | less | odd | st.just({"model": tensors}) | st.just(list(tensors.values()))
    old = save(tensors, True)
    saved = st.builds(save, values, st.booleans())
    return saved | damaged(data, 2_000) | damaged(old, 2_000)


def gguf_file(tokenizer):
    def strategy(folder):
        metadata = checkpoints.gguf_metadata(tokenizer())
        data = checkpoints.gguf_bytes(metadata)
        return mistyped(metadata).map(checkpoints.gguf_bytes) | damaged(data, len(data) - 30_000)

    return strategy


def sentencepiece_file(folder):
    pieces, _ = parse_model((folder / "tokenizer.model").read_bytes())
    texts = st.sampled_from(["", "a", "▁", "the", "<0x0A>", "<unk>", "<s>", "▁▁a"])
    row = st.tuples(texts | st.text(max_size=3), st.floats(width=32), st.integers(0, 9))
    rows = st.lists(row, max_size=4)

    def build(at, new, drop, add_prefix):
        kept = [*pieces[:at], *new, *pieces[at + drop :]]
        kept = [(text.encode("utf-8", "replace").decode(), s, kind) for text, s, kind in kept]
        return build_model(kept, add_prefix=add_prefix)

    place = st.integers(0, len(pieces))
    built = st.builds(build, place, rows, st.integers(0, 3), st.booleans())
    return built | damaged((folder / "tokenizer.model").read_bytes(), 6_000)


def write_gguf(tokenizer):
    def write(folder):
        folder.mkdir(parents=True, exist_ok=True)
        data = checkpoints.gguf_bytes(checkpoints.gguf_metadata(tokenizer()))
        (folder / "model.gguf").write_bytes(data)
        return folder

    return write


def gguf_path(read):
    return lambda folder: read(folder / "model.gguf")


def write_shards(folder):
    checkpoints.write_hf(folder)
    (folder / "model.safetensors").rename(folder / "part.safetensors")
    with safe_open(folder / "part.safetensors", "pt") as part:
        index = {"weight_map": dict.fromkeys(part.keys(), "part.safetensors")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


BYTES, PIECES = checkpoints.byte_level, checkpoints.pieces
# what -> who writes the folder, which file is damaged, how, who reads
CASES = {
    "safetensors": (checkpoints.write_hf, "model.safetensors", safetensors_file, load_hf),
    "model.safetensors.index.json": (
        write_shards, "model.safetensors.index.json", json_file("model.safetensors.index.json"),
        load_hf,
    ),
    "config.json": (checkpoints.write_hf, "config.json", json_file("config.json"), load_hf),
    "config.json beside a tokenizer": (
        checkpoints.write_hf, "config.json", json_file("config.json"), talk,
    ),
    "params.json": (checkpoints.write_meta, "params.json", json_file("params.json"), load_meta),
    "pth": (checkpoints.write_meta, "consolidated.00.pth", pth_file, load_meta),
    "gguf": (write_gguf(BYTES), "model.gguf", gguf_file(BYTES), gguf_path(load_gguf)),
    "gguf of bytes": (write_gguf(BYTES), "model.gguf", gguf_file(BYTES), gguf_path(talk)),
    "gguf of pieces": (write_gguf(PIECES), "model.gguf", gguf_file(PIECES), gguf_path(talk)),
    "tokenizer.json": (checkpoints.write_hf, "tokenizer.json", json_file("tokenizer.json"), talk),
    "tokenizer.json of pieces": (
        checkpoints.write_spm_json, "tokenizer.json", json_file("tokenizer.json"), talk,
    ),
    "tokenizer_config.json": (
        checkpoints.write_hf, "tokenizer_config.json", json_file("tokenizer_config.json"), talk,
    ),
    "tokenizer_config.json beside pieces": (
        checkpoints.write_spm, "tokenizer_config.json", json_file("tokenizer_config.json"), talk,
    ),
    "special_tokens_map.json": (
        checkpoints.write_spm, "special_tokens_map.json", json_file("special_tokens_map.json"),
        talk,
    ),
    "generation_config.json": (
        checkpoints.write_spm, "generation_config.json", json_file("generation_config.json"), talk,
    ),
    "added_tokens.json": (
        checkpoints.write_spm, "added_tokens.json", json_file("added_tokens.json"), talk,
    ),
    "tokenizer.model": (checkpoints.write_spm, "tokenizer.model", sentencepiece_file, talk),
}  # fmt: skip


def try_damaged(case, folder, n_examples):
    write, name, strategy, read = CASES[case]
    write(folder)
    read(folder)  # what is whole is read
    whole = (folder / name).read_bytes()
    try_all = settings(
        max_examples=n_examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip

    @try_all
    @given(strategy(folder))
    def check(data):
        (folder / name).write_bytes(data)
        started = time.monotonic()
        try:
            with warnings.catch_warnings(action="ignore"):
                read(folder)
        except (ValueError, FileNotFoundError) as error:  # an index may name a file that is not
            assert str(folder) in str(error) or "chat template" in str(error)
            assert "\n" not in str(error).replace(repr(str(error)), "")
        assert time.monotonic() - started < MOST_SECONDS

    try:
        check()
    finally:
        (folder / name).write_bytes(whole)


@pytest.mark.parametrize("case", CASES)
def test_a_damaged_file_is_read_or_refused_in_one_line(case, tmp_path):
    try_damaged(case, tmp_path, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_two_thousand_damaged_files_are_read_or_refused_in_one_line(case, tmp_path):
    try_damaged(case, tmp_path, MANY)
