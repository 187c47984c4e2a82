"""Meta's own checkpoints: a folder with params.json and consolidated.NN.pth shards."""

import json
from pathlib import Path

import torch
from torch import Tensor

from llama_edu.config import ModelConfig, RopeScaling
from llama_edu.model.llama import Llama
from llama_edu.weights import assemble
from llama_edu.weights.assemble import StoredTensor

NAMES = {
    "embedding": "tok_embeddings.weight",
    "attention_norm": "layers.{}.attention_norm.weight",
    "q": "layers.{}.attention.wq.weight",
    "k": "layers.{}.attention.wk.weight",
    "v": "layers.{}.attention.wv.weight",
    "o": "layers.{}.attention.wo.weight",
    "ffn_norm": "layers.{}.ffn_norm.weight",
    "gate": "layers.{}.feed_forward.w1.weight",
    "up": "layers.{}.feed_forward.w3.weight",
    "down": "layers.{}.feed_forward.w2.weight",
    "norm": "norm.weight",
    "output": "output.weight",
}


def load_meta(
    folder: str | Path, dtype: torch.dtype = torch.float32, max_seq_len: int | None = None
) -> Llama:
    """Read a folder as Meta releases it, from one or several model-parallel shards.

    Args:
        folder: holds params.json and consolidated.00.pth, consolidated.01.pth, ...
        dtype: of the weights in memory.
        max_seq_len: context length in tokens, which params.json does not state. If None: 131,072
            with scaled RoPE, 8192 with theta 5e5, else 2048, which is Llama 1's (Llama 2: 4096).

    Raises:
        FileNotFoundError: if params.json or the shards are not there.
        ValueError: if tensors are missing, unknown, wrongly shaped, or do not fit together.
    """
    folder = Path(folder)
    if not (folder / "params.json").exists():
        raise FileNotFoundError(f"{folder} has no params.json, so it is no checkpoint of Meta's")
    files = sorted(folder.glob("consolidated.*.pth"))
    if not files:
        raise FileNotFoundError(f"{folder} has no consolidated.00.pth")
    shards = [torch.load(f, map_location="cpu", weights_only=True, mmap=True) for f in files]
    names = [set(shard) for shard in shards]
    if unequal := set.union(*names) - set.intersection(*names):
        raise ValueError(f"the shards of {folder} hold different tensors: {sorted(unequal)[:8]}")
    params = json.loads((folder / "params.json").read_text(encoding="utf-8"))
    stored = {
        name: _join(name, [shard[name] for shard in shards], params.get("dim", 0))
        for name in shards[0]
        if name != "rope.freqs"  # determined by params.json
    }
    config = read_meta_config(params, stored, max_seq_len)
    if config.tie_embeddings:
        stored.pop(NAMES["output"], None)
    assemble.check(stored, config, NAMES, folder)
    return assemble.build(
        config, lambda part, layer: stored[NAMES[part].format(layer)].load(), dtype
    )


def _join(name: str, pieces: list[Tensor], d_model: int) -> StoredTensor:
    """Put the shards of one tensor side by side, the way it was cut.

    Layers whose output is cut have their rows apart, those whose input is cut (wo, w2) their
    columns. Llama 1 and 2 cut the embedding by columns, Llama 3 by rows.
    """
    first = pieces[0]
    if first.ndim == 1 or len(pieces) == 1:  # norms are copied to every shard
        return StoredTensor(tuple(first.shape), lambda: first)
    by_columns = name.endswith(("wo.weight", "w2.weight"))
    if name == NAMES["embedding"]:
        by_columns = first.shape[1] < d_model
    dim = 1 if by_columns else 0
    shape = list(first.shape)
    shape[dim] = sum(piece.shape[dim] for piece in pieces)
    return StoredTensor(tuple(shape), lambda: torch.cat(pieces, dim=dim))


def read_meta_config(
    params: dict, stored: dict[str, StoredTensor], max_seq_len: int | None = None
) -> ModelConfig:
    """Read params.json; what it leaves out comes from the tensors or Meta's defaults.

    Raises:
        ValueError: if a size is in neither.
    """
    missing = [name for name in ("dim", "n_layers", "n_heads") if name not in params]
    missing += [
        name for name in (NAMES["embedding"], NAMES["gate"].format(0)) if name not in stored
    ]
    if missing:
        raise ValueError(f"the checkpoint lacks {', '.join(missing)}")
    theta = params.get("rope_theta", 10_000.0)
    # Meta's code hard-codes these factors, also for Llama 3.2, where copies of the Hugging Face
    # config say 32.
    scaling = RopeScaling(factor=8.0) if params.get("use_scaled_rope") else None
    output, embedding = (stored.get(NAMES[part]) for part in ("output", "embedding"))
    return ModelConfig(
        vocab_size=embedding.shape[0],  # params.json of Llama 1 and 2 says -1
        d_model=params["dim"],
        n_layers=params["n_layers"],
        n_heads=params["n_heads"],
        n_kv_heads=params.get("n_kv_heads") or params["n_heads"],
        # The stated rule (multiple_of, ffn_dim_multiplier) gives this same width.
        d_ff=stored[NAMES["gate"].format(0)].shape[0],
        max_seq_len=max_seq_len or (131_072 if scaling else 8192 if theta == 500_000 else 2048),
        rope_theta=theta,
        rope_scaling=scaling,
        norm_eps=params.get("norm_eps", 1e-5),
        tie_embeddings=output is None or torch.equal(output.load(), embedding.load()),
    )
