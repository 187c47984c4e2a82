"""Small checkpoints of every format."""

import json
import struct
from functools import cache
from pathlib import Path
from typing import Any

import torch

from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.formats.gguf_vocab_out import gguf_vocab_of
from llama_edu.tokenizer.pretokenize import DIGIT, GPT2
from llama_edu.tokenizer.sentencepiece_bpe import SentencePieceBPE
from llama_edu.weights import save_hf
from llama_edu.weights.assemble import parts_of
from llama_edu.weights.gguf import NAMES as GGUF_NAMES
from llama_edu.weights.meta import NAMES as META_NAMES

TEXTS = ["the cat sat on the mat, and the cat sat on the hat", "a cat is a cat, the hat is a hat"]
SHAPE = {
    "vocab_size": 300, "d_model": 16, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_ff": 24,
    "max_seq_len": 64,
}  # fmt: skip
TEMPLATE = "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}"


@cache
def model() -> Llama:
    torch.manual_seed(0)
    return Llama(ModelConfig(**SHAPE)).eval()


@cache
def byte_level() -> BPETokenizer:
    trained = BPETokenizer.train(TEXTS, 285, [DIGIT, GPT2], ["<s>", "</s>", "<|im_end|>"])
    merges = sorted(trained.merges.items(), key=lambda item: item[1])
    pairs = [(trained.decode_bytes([a]), trained.decode_bytes([b])) for (a, b), _ in merges]
    return BPETokenizer(
        trained.vocab, pairs, trained.patterns, trained.special_tokens, bos_id=0, eos_id=1,
        add_bos=True, chat_template=TEMPLATE,
    )  # fmt: skip


@cache
def pieces() -> SentencePieceBPE:
    return SentencePieceBPE(SentencePieceBPE.train(TEXTS, 290).model, chat_template=TEMPLATE)


def write_hf(folder: Path) -> Path:
    save_hf(model(), folder)
    byte_level().save(folder)
    return folder


def write_meta(folder: Path) -> Path:
    config, folder = model().config, Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    params = {
        "dim": config.d_model, "n_layers": config.n_layers, "n_heads": config.n_heads,
        "n_kv_heads": config.n_kv_heads, "norm_eps": 1e-5, "rope_theta": 1e4, "vocab_size": -1,
        "multiple_of": 8, "use_scaled_rope": False,
    }  # fmt: skip
    (folder / "params.json").write_text(json.dumps(params), encoding="utf-8")
    torch.save(meta_tensors(), folder / "consolidated.00.pth")
    (folder / "tokenizer.model").write_bytes(pieces().model)
    return folder


def meta_tensors() -> dict[str, torch.Tensor]:
    return {
        META_NAMES[part].format(layer): weight.detach().clone()
        for (part, layer), weight in parts_of(model()).items()
    }


def write_spm(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(pieces().model)
    config = {
        "tokenizer_class": "LlamaTokenizer", "legacy": False, "add_bos_token": True,
        "bos_token": {"content": "<s>"}, "eos_token": "</s>", "chat_template": TEMPLATE,
        "added_tokens_decoder": {"290": {"content": "<new>", "lstrip": True, "special": False}},
        "additional_special_tokens": ["<new>"],
    }  # fmt: skip
    files = {
        "tokenizer_config.json": config,
        "special_tokens_map.json": {"eos_token": {"content": "</s>"}, "pad_token": "<unk>"},
        "generation_config.json": {"eos_token_id": [2, 290]},
        "added_tokens.json": {"<new>": 290},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def write_spm_json(folder: Path) -> Path:
    pieces().save(folder)
    (folder / "tokenizer.model").unlink()
    return folder


def gguf_metadata(tokenizer: Any) -> dict[str, Any]:
    config = model().config
    shape = {
        "context_length": config.max_seq_len, "embedding_length": config.d_model,
        "block_count": config.n_layers, "feed_forward_length": config.d_ff,
        "attention.head_count": config.n_heads, "attention.head_count_kv": config.n_kv_heads,
        "attention.layer_norm_rms_epsilon": 1e-5, "rope.freq_base": 1e4,
        "rope.dimension_count": config.d_head, "rope.scaling.type": "linear",
        "rope.scaling.factor": 2.0,
    }  # fmt: skip
    head = {"general.architecture": "llama", "general.alignment": 32, "general.type": "model"}
    return head | {f"llama.{key}": value for key, value in shape.items()} | gguf_vocab_of(
        tokenizer, config.vocab_size
    )  # fmt: skip


def gguf_bytes(
    metadata: dict[str, Any], tensors: dict[str, torch.Tensor] | None = None, order: str = "<"
) -> bytes:
    """A GGUF file with values of whatever type, as no proper writer would write it."""
    if tensors is None:
        tensors = {
            GGUF_NAMES[part].format(layer): weight.detach()
            for (part, layer), weight in parts_of(model()).items()
        }

    def text(value: str) -> bytes:
        data = value.encode("utf-8", errors="surrogatepass")
        return struct.pack(f"{order}Q", len(data)) + data

    def typed(value: Any) -> tuple[int, bytes]:
        if isinstance(value, bool):
            return 7, struct.pack("?", value)
        if isinstance(value, int):
            fits = 0 <= value < 2**32
            value = max(min(value, 2**63 - 1), -(2**63))
            return (4, struct.pack(f"{order}I", value)) if fits else (
                11, struct.pack(f"{order}q", value),
            )  # fmt: skip
        if isinstance(value, float):
            return 12, struct.pack(f"{order}d", value)
        if isinstance(value, list):
            items = [typed(each) for each in value] or [(4, b"")]
            kind = items[0][0]
            same = [data for each, data in items if each == kind]
            n = len(same) if value else 0
            return 9, struct.pack(f"{order}IQ", kind, n) + b"".join(same)
        return 8, text(value if isinstance(value, str) else json.dumps(value))

    head = b"GGUF" + struct.pack(f"{order}IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        kind, data = typed(value)
        head += text(key) + struct.pack(f"{order}I", kind) + data
    offset, bodies = 0, b""
    for name, tensor in tensors.items():
        sizes = tuple(reversed(tensor.shape))
        head += text(name) + struct.pack(f"{order}I{len(sizes)}QIQ", len(sizes), *sizes, 0, offset)
        body = tensor.float().contiguous().numpy().tobytes()
        body += bytes(-len(body) % 32)
        bodies, offset = bodies + body, offset + len(body)
    return head + bytes(-len(head) % 32) + bodies
