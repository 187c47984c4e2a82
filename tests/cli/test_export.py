"""`export` writes what other programs, and we, read again."""

import pytest
import torch

from llama_edu.cli import app
from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama
from llama_edu.pretrained import load_pretrained
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.weights import save_hf


@pytest.fixture
def folder(tmp_path, randomize):
    shape = {"d_model": 64, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_ff": 96}
    model = randomize(Llama(ModelConfig(vocab_size=280, max_seq_len=64, **shape)))
    texts = ["the cat sat on the mat", "the hat of the cat"]
    BPETokenizer.train(texts, 270, special_tokens=["</s>"]).save(tmp_path / "model")
    return save_hf(model, tmp_path / "model")


@pytest.mark.parametrize("name, arguments, size", [
    ("m.gguf", (), "q8_0, 0.1 MB"),
    ("m.gguf", ("--dtype", "f16"), "f16, 0.2 MB"),
    ("my folder", (), "f32, 0.4 MB"),
    ("my folder", ("--dtype", "bf16"), "bf16, 0.2 MB"),
])  # fmt: skip
def test_what_is_written_is_read_again(folder, tmp_path, capsys, name, arguments, size):
    out = tmp_path / name
    app(["export", str(folder), str(out), *arguments], standalone_mode=False)
    shown = capsys.readouterr().out
    assert f"parameters as {size}" in shown
    assert "llama-edu complete" in shown.splitlines()[-1]
    before, after = (load_pretrained(path, torch.float32) for path in (folder, out))
    ids = before.text_ids("the cat sat")
    assert after.text_ids("the cat sat") == ids
    logits = before.model(torch.tensor([ids]))
    assert (after.model(torch.tensor([ids])) - logits).abs().max() < 0.1 * logits.abs().max()


@pytest.mark.parametrize("name, dtype, message", [
    ("m.gguf", "q3_k", "--dtype=q3_k must be one of f32, f16, bf16, q8_0, q4_0 for m.gguf"),
    ("folder", "q8_0", "--dtype=q8_0 must be one of f32, f16, bf16 for folder"),
    ("there.gguf", "f32", "there.gguf is a folder: choose another name"),
    ("a_file", "f32", "a_file is a file: choose another name"),
])  # fmt: skip
def test_what_cannot_be_written_is_said_before_anything_is_read(tmp_path, name, dtype, message):
    (tmp_path / "there.gguf").mkdir()
    (tmp_path / "a_file").write_text("")
    arguments = ["export", "no/such/model", str(tmp_path / name), "--dtype", dtype]
    with pytest.raises(ValueError, match=message):
        app(arguments, standalone_mode=False)
