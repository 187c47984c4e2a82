"""One name or path in, a model that can be talked to out."""

import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional as F

from llama_edu.data.sources import SOURCES, find, pull
from llama_edu.gguf_file import is_gguf
from llama_edu.model.llama import Llama
from llama_edu.reading import as_path, other_kind, read_object, shown
from llama_edu.tokenizer import load_tokenizer
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.chat_template import render_chat
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from llama_edu.weights import load_gguf, load_hf, load_meta

DEFAULT_MODEL = "smollm2-135m-instruct"


@dataclass(frozen=True)
class Pretrained:
    """A model, its tokenizer, and how its texts begin and end.

    Args:
        model: in eval mode.
        tokenizer: with the same vocabulary.
        stop_ids: every id that ends an answer.
        stop_strings: texts that end one, which need not be tokens.
    """

    model: Llama
    tokenizer: BPETokenizer | SentencePieceTokenizer
    stop_ids: list[int]
    stop_strings: tuple[str, ...] = ()

    def text_ids(self, text: str) -> list[int]:
        """Ids of a plain text to be continued, opened as the model was trained to see it."""
        ids, bos_id = self.tokenizer.encode(text), self.tokenizer.bos_id
        if self.tokenizer.add_bos and bos_id is not None:
            return [bos_id, *ids]
        return ids or [bos_id or 0]  # a text of no tokens needs something to start from

    def chat_ids(self, messages: list[dict[str, str]]) -> list[int]:
        """Ids of a conversation in the model's own template, ready for the next answer.

        Args:
            messages: each with "role" ("system", "user", "assistant") and "content".

        Raises:
            ValueError: if the model has no chat template, or it refuses the messages.
        """
        template = self.tokenizer.chat_template
        if template is None:
            raise ValueError(
                "this model has no chat template, so it was not trained to chat; "
                "`llama-edu complete` continues a text with it"
            )
        return self.tokenizer.encode(
            render_chat(
                template,
                messages,
                bos_token=self._text_of(self.tokenizer.bos_id),
                eos_token=self._text_of(self.tokenizer.eos_id),
                **self._named_tokens(),
            ),
            special=True,
        )

    def _named_tokens(self) -> dict[str, str]:
        named = self.tokenizer.named_tokens
        return {
            name: text for name, text in named.items() if name not in ("bos_token", "eos_token")
        }

    def _text_of(self, i: int | None) -> str:
        return "" if i is None else self.tokenizer.decode([i])


def load_pretrained(
    name_or_path: str | Path = DEFAULT_MODEL, dtype: torch.dtype | None = None
) -> Pretrained:
    """Load a model with its tokenizer.

    Args:
        name_or_path: a source that holds a GGUF file (fetched if need be), a GGUF file, a Hugging
            Face folder (config.json), a folder of Meta's (params.json), or one of a training run.
        dtype: of the weights in memory; what this machine runs faster if None.

    Raises:
        ValueError: if it is none of these, or its files are not a LLaMA's.
        SourceError: if a named source cannot be fetched.
    """
    path = locate(name_or_path)
    load = load_gguf if path.is_file() else load_hf
    if (path / "params.json").exists():
        load = load_meta
    model = load(path, dtype=dtype or faster_dtype())
    tokenizer = load_tokenizer(path)
    tokenizer.n_ids = max(tokenizer.n_ids, model.config.vocab_size)
    if tokenizer.vocab_size > model.config.vocab_size:
        raise ValueError(
            f"{path}: the tokenizer has {tokenizer.vocab_size} tokens, "
            f"the model {model.config.vocab_size}: they do not belong together"
        )
    n_rows = model.config.vocab_size  # a checkpoint may state an id that the model cannot choose
    stop_ids = [i for i in tokenizer.stop_ids if i < n_rows]
    return Pretrained(model, tokenizer, stop_ids, _stop_strings(path / "generation_config.json"))


def _stop_strings(path: Path) -> tuple[str, ...]:
    """The texts that generation_config.json says an answer ends with."""
    stated = read_object(path).get("stop_strings") or ()
    texts = (stated,) if isinstance(stated, str) else stated
    if not isinstance(texts, list | tuple) or not all(isinstance(t, str) and t for t in texts):
        raise ValueError(f"{path}: stop_strings must be a list of texts, got {shown(stated)}")
    return tuple(texts)


def locate(name_or_path: str | Path) -> Path:
    """The GGUF file or checkpoint folder that is meant; a named source is fetched if need be.

    Raises:
        ValueError: if there is no such thing.
        SourceError: if a named source cannot be fetched.
    """
    try:
        path = as_path(name_or_path).expanduser()
        path.exists()
    except (OSError, RuntimeError) as error:  # a name that is too long, a user who is not there
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{shown(name_or_path)} cannot be a path: {reason}") from None
    if (path / "model" / "config.json").exists():  # a run of training keeps its model there
        path = path / "model"
    if path.is_file() and (path.suffix == ".gguf" or is_gguf(path)):  # a blob may have no suffix
        return path
    if (path / "config.json").exists() or (path / "params.json").exists():
        return path
    if path.exists():
        raise ValueError(
            f"{path} is no GGUF file, and no folder with config.json (Hugging Face) "
            f"or params.json (Meta){_what_is_there(path)}"
        )
    if str(name_or_path) not in SOURCES and len(path.parts) > 1:
        raise ValueError(f"there is no file or folder {path}")
    files = sorted(pull(find(str(name_or_path)).name).rglob("*.gguf"))
    if not files:
        raise ValueError(f"the source {name_or_path!r} holds no GGUF model")
    return files[0]


# Files that tell what a folder is in place of a checkpoint, and what to do.
_NEAR = {
    "adapter_config.json": "an adapter: merge it into its model, and save that",
    "model_index.json": "a pipeline of several models: name the folder of its language model",
    "*.gguf": "a folder of GGUF files: name one of them",
    "snapshots": "a folder of Hugging Face's cache: name the one in its snapshots",
    "models--*": "Hugging Face's cache: name the folder in the snapshots of a model in it",
    "manifests": "Ollama's store: name the largest file in its blobs, which is a GGUF file",
    "mlc-chat-config.json": "a model of MLC: take the checkpoint that it was made from",
    "zero_to_fp32.py": "a checkpoint of DeepSpeed: run its zero_to_fp32.py, and save the model",
    "*/config.json": "a folder of checkpoints: name one of those in it",
    "original/params.json": "a copy of a release: name its folder `original`",
    "*.onnx": "an ONNX model: take the checkpoint that it was made from",
    "*.bin": "pickled weights without a config: take a folder with config.json and safetensors",
    "*.safetensors": "safetensors without their config.json: fetch that as well",
    "tokenizer.json": "a tokenizer without a model: fetch config.json and the weights as well",
    "*.pth": "Meta's weights without their params.json: fetch that as well",
}


def _what_is_there(path: Path) -> str:
    if path.is_file():
        kind = other_kind(path)
        belongs = "is one of several files: name the folder that it lies in"
        kind = kind or {".safetensors": belongs, ".pth": belongs}.get(path.suffix)
        return f"; it {kind}" if kind else ""
    return next((f"; it is {what}" for name, what in _NEAR.items() if any(path.glob(name))), "")


def faster_dtype(n_rows: int = 4096, n_columns: int = 1024) -> torch.dtype:
    """The dtype in which this CPU multiplies a matrix by a vector faster: bf16 or fp32.

    Decoding is little else. It is measured, in about 50 ms, because it follows from no feature
    flag alone: bf16 halves the bytes to read, but a CPU without bf16 instructions pays for
    widening every number. bf16 must win by a fifth, since fp32 is the more exact.
    """
    operands = {
        dtype: (torch.ones(1, n_columns, dtype=dtype), torch.ones(n_rows, n_columns, dtype=dtype))
        for dtype in (torch.float32, torch.bfloat16)
    }
    seconds = dict.fromkeys(operands, float("inf"))
    for _ in range(20):  # in turns, so that a busy moment hits both; the best run has met none
        for dtype, (x, weight) in operands.items():
            start = time.perf_counter()
            F.linear(x, weight)
            seconds[dtype] = min(seconds[dtype], time.perf_counter() - start)
    is_faster = seconds[torch.bfloat16] * 1.2 < seconds[torch.float32]
    return torch.bfloat16 if is_faster else torch.float32
