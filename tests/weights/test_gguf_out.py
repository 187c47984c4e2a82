"""save_gguf: what is written is read again, by us and by transformers, with the same words."""

import gguf
import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from llama_edu.config import LinearRopeScaling, ModelConfig, RopeScaling
from llama_edu.generate import generate
from llama_edu.model.llama import Llama
from llama_edu.tokenizer import load_tokenizer
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.pretokenize import DIGIT, GPT2, LLAMA3
from llama_edu.tokenizer.sentencepiece_bpe import SentencePieceBPE
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from llama_edu.weights import gguf_out, load_gguf, save_gguf

TEXTS = ["the cat sat on the mat, and the cat sat on the hat", "a cat is a cat, the hat is a hat"]
TEMPLATE = "{% for message in messages %}{{ message['content'] }}</s>{% endfor %}"


def byte_level(pattern=(LLAMA3,)) -> BPETokenizer:
    trained = BPETokenizer.train(TEXTS, 290, list(pattern), ["<s>", "</s>", "<|im_end|>"])
    ends = {"bos_id": 0, "eos_id": 1, "add_bos": True, "chat_template": TEMPLATE}
    merges = [
        (trained.decode_bytes([a]), trained.decode_bytes([b]))
        for (a, b), _ in sorted(trained.merges.items(), key=lambda item: item[1])
    ]
    return BPETokenizer(
        trained.vocab, merges, trained.patterns, trained.special_tokens,
        ignore_merges=tuple(pattern) == (LLAMA3,), **ends,
    )  # fmt: skip


def pieces(kind=SentencePieceTokenizer):
    return kind(SentencePieceBPE.train(TEXTS, 290).model, chat_template=TEMPLATE)


TOKENIZERS = {
    "llama3": byte_level,
    "smollm": lambda: byte_level((DIGIT, GPT2)),
    "sentencepiece": pieces,
    "sentencepiece in Python": lambda: pieces(SentencePieceBPE),
}


def make_model(randomize, **changes) -> Llama:
    shape = {
        "vocab_size": 300, "d_model": 64, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2,
        "d_ff": 96, "max_seq_len": 64, "norm_eps": 1e-3,
    }  # fmt: skip
    return randomize(Llama(ModelConfig(**shape | changes))).eval()


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16", "q8_0", "q4_0"])
def test_what_was_written_says_the_same(randomize, tmp_path, name, dtype):
    model, tokenizer = make_model(randomize), TOKENIZERS[name]()
    path = save_gguf(model, tokenizer, tmp_path / "m.gguf", dtype)
    again, read = load_gguf(path), load_tokenizer(path)
    ids = tokenizer.encode(TEXTS[0])
    assert again.config == model.config
    assert read.encode(TEXTS[0] + " 12 é") == tokenizer.encode(TEXTS[0] + " 12 é")
    assert (read.bos_id, read.eos_id, read.add_bos) == (
        tokenizer.bos_id, tokenizer.eos_id, tokenizer.add_bos,
    )  # fmt: skip
    assert (read.stop_ids, read.chat_template) == (tokenizer.stop_ids, TEMPLATE)
    if dtype == "f32":
        for key, weight in model.state_dict().items():
            assert torch.equal(again.state_dict()[key], weight), key
    rounded = {"f32": 0, "f16": 2**-10, "bf16": 2**-7, "q8_0": 2**-5, "q4_0": 0.4}[dtype]
    logits, others = model(torch.tensor([ids])), again(torch.tensor([ids]))
    assert (logits - others).abs().max() <= 5 * rounded * logits.abs().max()


@pytest.mark.parametrize("dtype", ["f32", "q8_0"])
def test_transformers_reads_it_with_the_same_greedy_text(randomize, tmp_path, dtype):
    tokenizer = byte_level()
    path = save_gguf(make_model(randomize, tie_embeddings=True), tokenizer, tmp_path / "m.gguf",
                     dtype)  # fmt: skip
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=path.name).eval()
    words = AutoTokenizer.from_pretrained(tmp_path, gguf_file=path.name)
    ids = tokenizer.encode(TEXTS[1])
    assert words.encode(TEXTS[1], add_special_tokens=False) == ids
    written = theirs.generate(
        torch.tensor([ids]), max_new_tokens=12, do_sample=False, eos_token_id=None, pad_token_id=0
    )
    ours = generate(load_gguf(path), torch.tensor([ids]), 12)
    assert written[0, len(ids) :].tolist() == ours[0][-12:]


@pytest.mark.parametrize("scaling", [
    None, LinearRopeScaling(factor=4.0), RopeScaling(factor=8.0),
])  # fmt: skip
def test_rope_scaling_and_heads_of_their_own_width_come_back(randomize, tmp_path, scaling):
    model = make_model(randomize, rope_scaling=scaling, rope_theta=5e5, d_head=24)
    again = load_gguf(save_gguf(model, byte_level(), tmp_path / "m.gguf", "f32"))
    assert again.config == model.config
    tokens = torch.arange(40)[None]
    torch.testing.assert_close(again(tokens), model(tokens))


def test_q8_0_is_the_packages_own_packing(randomize, tmp_path):
    model = make_model(randomize)
    path = save_gguf(model, byte_level(), tmp_path / "m.gguf")
    fields = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    kinds = {name: tensor.tensor_type.name for name, tensor in fields.items()}
    assert {kinds["blk.0.attn_q.weight"], kinds["token_embd.weight"]} == {"Q8_0"}
    assert {kinds["blk.0.attn_norm.weight"], kinds["output_norm.weight"]} == {"F32"}
    down = fields["blk.1.ffn_down.weight"]
    wide = gguf.dequantize(np.array(down.data), down.tensor_type)
    error = (torch.from_numpy(wide) - model.blocks[1].ffn.down_proj.weight).abs()
    largest = model.blocks[1].ffn.down_proj.weight.unflatten(1, (-1, 32)).abs().amax(-1)
    # Half a step of the scale, and what the scale itself loses as a float16.
    assert (error.unflatten(1, (-1, 32)).amax(-1) <= (0.5 / 127 + 2**-11) * largest).all()


def test_rows_that_are_no_multiple_of_32_stay_f16(randomize, tmp_path):
    model = make_model(randomize, d_model=60, n_heads=2)
    path = save_gguf(model, byte_level(), tmp_path / "m.gguf")
    kinds = {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(path).tensors}
    assert (kinds["blk.0.attn_q.weight"], kinds["blk.0.ffn_down.weight"]) == ("F16", "Q8_0")
    assert load_gguf(path).config == model.config


@pytest.mark.parametrize("changes, dtype, tokenizer, message", [
    ({}, "q3_k", byte_level, "dtype='q3_k' must be one of f32, f16, bf16, q8_0, q4_0"),
    ({"vocab_size": 200}, "f32", byte_level, "the tokenizer has 274 tokens, the model 200"),
    ({}, "f32", lambda: byte_level((r"\w+",)), "has no name for"),
    ({"rope_scaling": RopeScaling(factor=8.0, high_freq_factor=5.0)}, "f32", byte_level,
     "must be Llama 3.1's but for its factor"),
])  # fmt: skip
def test_what_has_no_place_in_the_format_is_refused(
    randomize, tmp_path, changes, dtype, tokenizer, message
):
    with pytest.raises(ValueError, match=message):
        save_gguf(make_model(randomize, **changes), tokenizer(), tmp_path / "m.gguf", dtype)
    assert not list(tmp_path.iterdir())


def test_a_save_that_fails_leaves_the_old_file(randomize, tmp_path, monkeypatch):
    model = make_model(randomize)
    before = save_gguf(model, byte_level(), tmp_path / "m.gguf", "f32").read_bytes()

    def full_disk(weight):
        raise OSError("no space left on device")

    monkeypatch.setattr(gguf_out, "_numbers", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_gguf(model, byte_level(), tmp_path / "m.gguf", "f16")
    assert (tmp_path / "m.gguf").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.gguf"]
