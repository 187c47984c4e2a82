"""load_gguf: files written by llama.cpp's own package give transformers' logits."""

from pathlib import Path

import gguf
import pytest
import torch
from gguf import GGMLQuantizationType as Kind

from llama_edu.config import LinearRopeScaling, RopeScaling
from llama_edu.weights import load_gguf

LLAMA_3_1 = {
    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}  # fmt: skip


@pytest.fixture
def tensors(interleaved):
    """A function from a transformers model to its weights under GGUF's names."""

    def rename(theirs):
        names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, theirs.config.num_hidden_layers)
        return {
            names.get_name(name, try_suffixes=(".weight",)): weight.numpy()
            for name, weight in interleaved(theirs).items()
        }

    return rename


def write(path: Path, tensors, kind=Kind.F32, architecture="llama", leave_out=(), **extra) -> Path:
    writer = gguf.GGUFWriter(path, architecture)
    settings = {
        "context_length": 128, "embedding_length": 96, "block_count": 3,
        "feed_forward_length": 160, "attention.head_count": 6, "attention.head_count_kv": 2,
    }  # fmt: skip
    for key, value in settings.items():
        if key not in leave_out:
            writer.add_uint32(f"{architecture}.{key}", value)
    writer.add_float32(f"{architecture}.rope.freq_base", 500_000.0)
    writer.add_float32(f"{architecture}.attention.layer_norm_rms_epsilon", 1e-3)
    for key, value in extra.items():
        add = {str: writer.add_string, float: writer.add_float32, int: writer.add_uint32}
        add[type(value)](f"{architecture}.{key.replace('__', '.')}", value)
    for name, weight in tensors.items():
        packing = kind if weight.ndim == 2 else Kind.F32
        writer.add_tensor(name, gguf.quantize(weight, packing), raw_dtype=packing)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("tied", [False, True])
def test_fp32_file_gives_the_same_logits(make_theirs, tensors, tmp_path, assert_same_logits, tied):
    theirs = make_theirs(tie_word_embeddings=tied)
    ours = load_gguf(write(tmp_path / "m.gguf", tensors(theirs)))
    assert ours.config.tie_embeddings == tied
    assert (ours.config.norm_eps, ours.config.max_seq_len) == (pytest.approx(1e-3), 128)
    assert_same_logits(ours, theirs)


@pytest.mark.parametrize(
    "kind", [Kind.F16, Kind.BF16, Kind.Q8_0, Kind.Q5_1, Kind.Q5_0, Kind.Q4_1, Kind.Q4_0]
)
def test_quantized_file_gives_the_logits_of_its_rounded_weights(
    make_theirs, tensors, tmp_path, assert_same_logits, kind
):
    theirs = make_theirs()
    ours = load_gguf(write(tmp_path / "m.gguf", tensors(theirs), kind))
    with torch.no_grad():
        for weight in theirs.parameters():
            if weight.ndim == 2:
                packed = gguf.quantize(weight.numpy(), kind)
                rounded = torch.from_numpy(gguf.dequantize(packed, kind))
                assert not torch.equal(rounded, weight)
                weight.copy_(rounded)
    assert_same_logits(ours, theirs)


def test_scaled_rope_is_recognized_by_its_divisors(
    make_theirs, tensors, tmp_path, assert_same_logits
):
    theirs, plain = make_theirs(rope=LLAMA_3_1), make_theirs()
    # llama.cpp stores by what each frequency is to be divided.
    rotary, plain_rotary = theirs.model.rotary_emb, plain.model.rotary_emb
    divisors = (plain_rotary.inv_freq / rotary.inv_freq).numpy()
    assert divisors.min() == 1 and divisors.max() == 8 and len(set(divisors)) > 2
    file = write(tmp_path / "m.gguf", tensors(theirs) | {"rope_freqs.weight": divisors})
    ours = load_gguf(file)
    assert ours.config.rope_scaling == RopeScaling(factor=8.0)
    assert_same_logits(ours, theirs)


def test_other_divisors_are_refused(make_theirs, tensors, tmp_path):
    divisors = torch.linspace(1, 8, 8).numpy()
    file = write(tmp_path / "m.gguf", tensors(make_theirs()) | {"rope_freqs.weight": divisors})
    with pytest.raises(ValueError, match=r"rope_freqs\.weight is not Llama 3\.1's scaling"):
        load_gguf(file)


@pytest.mark.parametrize("keys", [
    {"rope__scaling__type": "linear", "rope__scaling__factor": 4.0},
    {"rope__scaling__factor": 4.0},
    {"rope__scale_linear": 4.0},
])  # fmt: skip
def test_linear_rope_scaling_is_obeyed_however_it_is_written(
    make_theirs, tensors, tmp_path, assert_same_logits, keys
):
    theirs = make_theirs(rope={"rope_type": "linear", "factor": 4.0})
    ours = load_gguf(write(tmp_path / "m.gguf", tensors(theirs), **keys))
    assert ours.config.rope_scaling == LinearRopeScaling(factor=4.0)
    assert_same_logits(ours, theirs)


@pytest.mark.parametrize("keys", [
    {}, {"rope__scaling__type": "none"}, {"rope__scaling__type": "none", "rope__scale_linear": 4.0},
    {"rope__scale_linear": 1.0}, {"rope__scaling__type": "linear", "rope__scaling__factor": 0.0},
])  # fmt: skip
def test_neutral_rope_scaling_is_none(make_theirs, tensors, tmp_path, keys):
    ours = load_gguf(write(tmp_path / "m.gguf", tensors(make_theirs()), **keys))
    assert ours.config.rope_scaling is None


def test_other_rope_scaling_is_refused(make_theirs, tensors, tmp_path):
    file = write(tmp_path / "m.gguf", tensors(make_theirs()), rope__scaling__type="yarn")
    with pytest.raises(ValueError, match=r"llama\.rope\.scaling\.type must be .* got 'yarn'"):
        load_gguf(file)


def test_heads_of_a_width_of_their_own(make_theirs, tensors, tmp_path, assert_same_logits):
    theirs = make_theirs(head_dim=10)
    keys = dict.fromkeys(("attention__key_length", "attention__value_length"), 10)
    ours = load_gguf(write(tmp_path / "m.gguf", tensors(theirs), **keys))
    assert ours.config.d_head == 10
    assert_same_logits(ours, theirs)


@pytest.mark.parametrize("key", ["attention__value_length", "rope__dimension_count"])
def test_heads_of_two_widths_are_refused(make_theirs, tensors, tmp_path, key):
    file = write(tmp_path / "m.gguf", tensors(make_theirs()), **{key: 8})
    with pytest.raises(ValueError, match="must be the width of a head, 16, got 8"):
        load_gguf(file)


def test_another_architecture_is_refused(make_theirs, tensors, tmp_path):
    file = write(tmp_path / "m.gguf", tensors(make_theirs()), architecture="qwen2")
    with pytest.raises(ValueError, match="is of architecture 'qwen2', expected 'llama'"):
        load_gguf(file)


@pytest.mark.parametrize("key", ["embedding_length", "block_count", "attention.head_count"])
def test_missing_metadata_is_named(make_theirs, tensors, tmp_path, key):
    file = write(tmp_path / "m.gguf", tensors(make_theirs()), leave_out=(key,))
    with pytest.raises(ValueError, match=f"lacks the metadata llama.{key}"):
        load_gguf(file)


def test_every_wrong_tensor_is_listed(make_theirs, tensors, tmp_path):
    weights = tensors(make_theirs())
    del weights["blk.1.attn_k.weight"], weights["output_norm.weight"]
    weights["blk.0.attn_q.bias"] = weights["blk.0.attn_norm.weight"]
    weights["blk.2.ffn_up.weight"] = weights["blk.2.ffn_up.weight"][:32]
    with pytest.raises(ValueError, match="does not hold the tensors of its config") as caught:
        load_gguf(write(tmp_path / "m.gguf", weights))
    message = str(caught.value)
    assert "2 missing: output_norm.weight, blk.1.attn_k.weight" in message
    assert "1 unknown: blk.0.attn_q.bias" in message
    assert "blk.2.ffn_up.weight is (32, 96), expected (160, 96)" in message


def test_missing_embedding_is_named(make_theirs, tensors, tmp_path):
    weights = tensors(make_theirs())
    del weights["token_embd.weight"]
    with pytest.raises(ValueError, match=r"lacks the tensor token_embd\.weight"):
        load_gguf(write(tmp_path / "m.gguf", weights))


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_truncated_file_is_refused(make_theirs, tensors, tmp_path, share):
    file = write(tmp_path / "m.gguf", tensors(make_theirs()))
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=r"m\.gguf.*(head cannot be read|weight cannot be read)"):
        load_gguf(file)


def test_weights_are_cast_on_request(make_theirs, tensors, tmp_path):
    model = load_gguf(write(tmp_path / "m.gguf", tensors(make_theirs())), dtype=torch.bfloat16)
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
