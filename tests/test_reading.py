"""What is wrong with a foreign file is one line: the file, what is wrong, and what to do."""

import io
import json
import os
import pickle

import pytest
import torch

from llama_edu.pretrained import load_pretrained
from llama_edu.reading import Settings, as_path, other_kind, read_object, reading
from llama_edu.tokenizer import load_tokenizer
from llama_edu.weights import load_gguf, load_hf, load_meta
from tests import checkpoints

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 269060552\n"
OTHERS = {
    "nothing": (b"", "is empty: fetch the file again"),
    "zeros": (bytes(4096), "holds zeros alone"),
    "git-lfs": (LFS, "is a git-lfs pointer and not the file: run `git lfs pull`"),
    "a page": (b"\n<!DOCTYPE html>\n<html>", "is a web page: fetch the file itself"),
    "an old page": (b"<HTML><head>", "is a web page"),
    "XML": (b"<?xml version='1.0'?><Error><Code>AccessDenied", "is an XML page"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0", "is compressed by gzip: unpack it"),
    "zstd": (b"\x28\xb5\x2f\xfd\x24", "is compressed by zstd: unpack it"),
    "xz": (b"\xfd7zXZ\0\0\4", "is compressed by xz: unpack it"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
    "GGML": (b"tjgg\3\0\0\0" + bytes(40), "is a GGJT file, older than GGUF"),
    "NumPy": (b"\x93NUMPY\1\0v\0", "is a NumPy array"),
}
# who writes a folder -> its files, and who reads them
READERS = {
    "model.safetensors": (checkpoints.write_hf, load_hf),
    "config.json": (checkpoints.write_hf, load_hf),
    "tokenizer.json": (checkpoints.write_hf, load_tokenizer),
    "tokenizer_config.json": (checkpoints.write_hf, load_tokenizer),
    "generation_config.json": (checkpoints.write_hf, load_tokenizer),
    "consolidated.00.pth": (checkpoints.write_meta, load_meta),
    "params.json": (checkpoints.write_meta, load_meta),
    "tokenizer.model": (checkpoints.write_meta, load_tokenizer),
    "special_tokens_map.json": (checkpoints.write_spm, load_tokenizer),
    "added_tokens.json": (checkpoints.write_spm, load_tokenizer),
}


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_is_something_else_says_what_and_what_to_do(tmp_path, name):
    write, read = READERS[name]
    write(tmp_path)
    if name == "added_tokens.json":
        (tmp_path / "tokenizer_config.json").unlink()  # its decoder would go first
    for content, message in OTHERS.values():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError) as caught:
            read(tmp_path)
        line = str(caught.value)
        assert line.startswith(f"{tmp_path / name}") and message in line and "\n" not in line


def test_a_gguf_file_that_is_something_else_says_what_and_what_to_do(tmp_path):
    for content, message in OTHERS.values():
        (tmp_path / "m.gguf").write_bytes(content)
        for read in (load_gguf, load_tokenizer):
            with pytest.raises(ValueError) as caught:
                read(tmp_path / "m.gguf")
            assert str(tmp_path / "m.gguf") in str(caught.value) and message in str(caught.value)


@pytest.mark.parametrize("content, message", [
    (b'\xef\xbb\xbf{"vocab_size": 1}', "begins with a byte order mark: save it as UTF-8 without"),
    (b'{"vocab_size": "\xff\xfe"}', "is not UTF-8 text, at byte 16: save it as UTF-8"),
    (b'{"vocab_size": 1', "is not JSON: Expecting"),
    (b"{'vocab_size': 1}", "is not JSON: Expecting property name"),
    (b'{"vocab_size": 1,}', "is not JSON: "),
    (b'{"a": 1}{"b": 2}', "is not JSON: Extra data"),
    (b'{"a": ' + b"9" * 5000 + b"}", "is not JSON: Exceeds the limit"),
    (b"[" * 100_000, "is not JSON: "),
    (b"null", "must hold a JSON object, got None"),
    (b"0", "must hold a JSON object, got 0"),
    (b'["a"]', r"must hold a JSON object, got \['a'\]"),
    (b"Invalid username or password.", "is not JSON: Expecting value"),
])  # fmt: skip
def test_json_that_is_none_is_told_in_one_line(tmp_path, content, message):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(ValueError, match=rf"config\.json:? {message}"):
        load_hf(tmp_path)


NUMBERS = ["hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size",
           "intermediate_size", "max_position_embeddings"]  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [None, 0, -1, 1.5, 64.0, "64", True, [64], {"a": 1}])
def test_a_size_that_is_none_is_named(tmp_path, name, value):
    checkpoints.write_hf(tmp_path)
    change(tmp_path / "config.json", {name: value})
    with pytest.raises(ValueError) as caught:
        load_hf(tmp_path)
    rule = f"config.json: {name} must be a whole number of at least 1"
    assert rule in str(caught.value) and f"got {value!r}" in str(caught.value)


@pytest.mark.parametrize("changes, message", [
    ({"rms_norm_eps": None}, "rms_norm_eps must be a finite number of at least 0, got None"),
    ({"rms_norm_eps": "1e-5"}, "rms_norm_eps must be a finite number"),
    ({"rms_norm_eps": float("nan")}, "rms_norm_eps must be a finite number of at least 0, got nan"),
    ({"rope_theta": 0}, "rope_theta must be positive, got 0"),
    ({"rope_theta": [1e4]}, "rope_theta must be a finite number"),
    ({"rope_theta": float("inf")}, "rope_theta must be a finite number of at least 0, got inf"),
    ({"rope_scaling": 2.0}, "rope_scaling must be an object, got 2.0"),
    ({"rope_scaling": {"type": ["linear"]}}, r"rope_scaling\.type must be a text"),
    ({"rope_scaling": {"type": "linear", "factor": "2"}}, r"\.factor must be a finite number"),
    ({"rope_scaling": {"type": "linear", "factor": None}}, r"\.factor must be a finite number"),
    ({"tie_word_embeddings": "no"}, "tie_word_embeddings must be true or false, got 'no'"),
    ({"head_dim": 0}, "head_dim must be a whole number of at least 1, got 0"),
    ({"num_key_value_heads": 0}, "num_key_value_heads must be a whole number of at least 1"),
    ({"num_hidden_layers": 10**9}, "num_hidden_layers must be a whole number .*, at most 10000"),
    ({"model_type": ["llama"]}, "model_type must be a text, got"),
    ({"hidden_act": {"a": 1}}, "hidden_act must be 'silu' for a LLaMA"),
    ({"partial_rotary_factor": 0.5}, "partial_rotary_factor must be 1.0 for a LLaMA, got 0.5"),
    ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "the weights are quantized"),
    ({"quantization": {"bits": 4}}, "the weights are quantized, as its quantization says"),
])  # fmt: skip
def test_a_setting_of_another_kind_is_named(tmp_path, changes, message):
    checkpoints.write_hf(tmp_path)
    change(tmp_path / "config.json", changes)
    with pytest.raises(ValueError, match=message) as caught:
        load_hf(tmp_path)
    assert str(tmp_path / "config.json") in str(caught.value)


@pytest.mark.parametrize("changes, message", [
    ({"dim": None}, "dim must be a whole number"), ({"dim": 0}, "dim must be a whole number"),
    ({"n_layers": "2"}, "n_layers must be a whole number"),
    ({"n_heads": [4]}, "n_heads must be a whole number"),
    ({"n_kv_heads": -1}, "n_kv_heads must be a whole number of at least 1, got -1"),
    ({"norm_eps": None}, "norm_eps must be a finite number"),
    ({"rope_theta": "5e5"}, "rope_theta must be a finite number"),
    ({"use_scaled_rope": 1}, "use_scaled_rope must be true or false, got 1"),
    ({"quantization_args": {"group_size": 32}}, "quantization_args=.* asks for what is not read"),
    ({"lora_args": {"rank": 16}}, "lora_args=.* asks for what is not read"),
    ({"moe": {"num_experts": 8}}, "moe=.* asks for what is not read"),
    ({"moe_args": {"num_experts": 16}}, "moe_args=.* asks for what is not read"),
    ({"sliding_window": 4096}, "sliding_window=4096 asks for what is not read"),
])  # fmt: skip
def test_a_parameter_of_another_kind_is_named(tmp_path, changes, message):
    checkpoints.write_meta(tmp_path)
    change(tmp_path / "params.json", changes)
    with pytest.raises(ValueError, match=message) as caught:
        load_meta(tmp_path)
    assert str(tmp_path / "params.json") in str(caught.value)


def test_parameters_that_change_nothing_are_passed_over(tmp_path):
    checkpoints.write_meta(tmp_path)
    nothing = {"lora_args": None, "moe_args": {}, "ffn_dim_multiplier": 1.3, "n_kv_heads": 2,
               "hidden_dim": 24, "head_dim": 4, "max_seq_len": 2048}  # fmt: skip
    change(tmp_path / "params.json", nothing)
    assert load_meta(tmp_path).config.d_head == 4


class Thing:
    """A class of the program that saved it."""


def pickled(value):
    saved = io.BytesIO()
    torch.save(value, saved)
    return saved.getvalue()


TENSORS = {"a.weight": torch.zeros(2, 2)}


@pytest.mark.parametrize("content, message", [
    (pickled({"model": TENSORS}), "'model' is of type dict, where tensors by their names belong"),
    (pickled({"state_dict": TENSORS, "epoch": 3}), "'state_dict' is of type dict, where tensors"),
    (pickled({"epoch": 3} | TENSORS), "'epoch' is of type int, where tensors by"),
    (pickled(3), "holds a value of type int, where tensors by their"),
    (pickled({"a": torch.zeros(2).to_sparse()}), "a holds torch.float32 as torch.sparse_coo on"),
    (pickled({"a": torch.zeros(2, device="meta")}), "a holds torch.float32 as torch.strided on"),
    (pickled([torch.zeros(2)]), "holds a value of type list, where tensors by their"),
    (pickled(torch.zeros(2)), "holds a value of type Tensor, where tensors by their"),
    (pickled(torch.nn.Linear(2, 2)), r"holds torch\.nn\.modules\.linear\.Linear, and only tensors"),
    (pickled({"x": Thing()}), r"holds \S*test_reading\.Thing, and only tensors are read"),
    (pickle.dumps({"x": Thing()}), r"cannot be read: it is no file of tensors \(Unsupported"),
    (pickled({"a": torch.zeros(2, dtype=torch.int8)}), r"a holds torch\.int8, expected floating"),
    (pickled(TENSORS)[:200], "cannot be read: "),
    (b"Invalid username or password.", "cannot be read: "),
])  # fmt: skip
def test_pickled_weights_of_another_kind_are_named(tmp_path, content, message):
    checkpoints.write_meta(tmp_path)
    (tmp_path / "consolidated.00.pth").write_bytes(content)
    with pytest.raises(ValueError, match=rf"consolidated\.00\.pth:? {message}"):
        load_meta(tmp_path)


def test_weights_as_pytorch_saved_them_before_2020_are_read(tmp_path):
    checkpoints.write_meta(tmp_path)
    whole = load_meta(tmp_path)
    torch.save(checkpoints.meta_tensors(), tmp_path / "consolidated.00.pth",
               _use_new_zipfile_serialization=False)  # fmt: skip
    for name, weight in load_meta(tmp_path).state_dict().items():
        assert torch.equal(weight, whole.state_dict()[name])


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.999])
def test_safetensors_cut_short_are_named(tmp_path, share):
    checkpoints.write_hf(tmp_path)
    data = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=r"model\.safetensors (cannot be read: |is empty).*again"):
        load_hf(tmp_path)


@pytest.mark.parametrize("index", [
    {}, {"weight_map": None}, {"weight_map": []}, {"weight_map": {"a": 3}},
    {"weight_map": {"a": "../elsewhere.safetensors"}}, {"weight_map": {"a": ""}},
    {"weight_map": {"a": "a" * 5000}},
])  # fmt: skip
def test_an_index_of_another_kind_is_named(tmp_path, index):
    checkpoints.write_hf(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "model-00001-of-00001.safetensors")
    path = tmp_path / "model.safetensors.index.json"
    path.write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(ValueError, match=r"index\.json: weight_map must "):
        load_hf(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_link_to_nothing_is_told(tmp_path, name):
    """So a cache of Hugging Face's looks after a download that was cut off."""
    checkpoints.write_hf(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to(tmp_path / "blobs" / "0123")
    with pytest.raises((ValueError, FileNotFoundError), match=f"{name} .a link to a file that is"):
        load_pretrained(tmp_path)


def test_a_folder_where_a_file_belongs_is_named(tmp_path):
    checkpoints.write_hf(tmp_path)
    for name, read in [("tokenizer.json", load_tokenizer), ("config.json", load_hf)]:
        (tmp_path / name).unlink()
        (tmp_path / name).mkdir()
        with pytest.raises(ValueError, match=name):
            read(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize(("write", "name", "read"), [
    (checkpoints.write_hf, "config.json", load_hf),
    (checkpoints.write_hf, "model.safetensors", load_hf),
    (checkpoints.write_hf, "tokenizer.json", load_tokenizer),
    (checkpoints.write_hf, "tokenizer_config.json", load_tokenizer),
    (checkpoints.write_spm, "tokenizer.model", load_tokenizer),
    (checkpoints.write_meta, "params.json", load_meta),
    (checkpoints.write_meta, "consolidated.00.pth", load_meta),
])  # fmt: skip
def test_a_pipe_is_not_waited_for(tmp_path, write, name, read):
    write(tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(ValueError, match=rf"{name} is a pipe or a device|has neither|has no"):
        read(tmp_path)


def test_settings_say_name_rule_and_value(tmp_path):
    settings = Settings({"n": 3, "x": 0.5, "on": True, "s": "a", "ns": [1, 2], "none": None}, "f")
    assert (settings.whole("n"), settings.number("x"), settings.flag("on")) == (3, 0.5, True)
    assert (settings.text("s"), settings.wholes("ns")) == ("a", [1, 2])
    assert (settings.whole("none", None), settings.whole("absent", 7)) == (None, 7)
    assert (settings.has("none"), settings.missing("n", "m")) == (False, ["m"])
    for ask in (settings.whole, settings.number, settings.flag, settings.text, settings.wholes):
        with pytest.raises(ValueError, match=r"^f: none must be .*, got None"):
            ask("none")
        with pytest.raises(ValueError, match=r"^f: absent must be .*, got None"):
            ask("absent")


@pytest.mark.parametrize("error", [KeyError("a"), TypeError("b"), IndexError(), RecursionError()])
def test_whatever_is_raised_becomes_one_line(tmp_path, error):
    path = tmp_path / "x.bin"
    path.write_bytes(b"\1\2")
    found = rf"x\.bin cannot be read: {type(error).__name__}"
    with pytest.raises(ValueError, match=found), reading(path):
        raise error
    with pytest.raises(ValueError, match=r"^\S*x\.bin: too small$"), reading(path):
        raise ValueError("too small")
    with pytest.raises(FileNotFoundError), reading(path):
        raise FileNotFoundError("no y")


def test_what_is_no_surprise_is_not_told(tmp_path):
    (tmp_path / "a.pth").write_bytes(b"PK\3\4")
    assert other_kind(tmp_path / "a.pth") == "is a zip archive, as PyTorch's pickled weights are"
    assert other_kind(tmp_path / "a.pth", b"pk\3\4") is None
    assert "cannot be opened" in other_kind(tmp_path / "absent")


def test_no_path_is_told(tmp_path):
    for read in (load_hf, load_meta, load_gguf, load_tokenizer, as_path):
        for path in (None, 3, b"x", ["x"]):
            with pytest.raises(ValueError, match="a path must be a text or a Path, got"):
                read(path)


def test_a_file_that_is_not_there_holds_nothing(tmp_path):
    assert read_object(tmp_path / "absent.json") == {}


def change(path, changes):
    content = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(content), encoding="utf-8")
