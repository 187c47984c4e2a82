"""Meta's own checkpoints: a folder with params.json and consolidated.NN.pth shards."""

import pickle
import re
import warnings
import zipfile
from pathlib import Path

import torch
from torch import Tensor

from llama_edu.config import ModelConfig, RopeScaling
from llama_edu.model.llama import Llama
from llama_edu.reading import Settings, as_path, read_object, reading
from llama_edu.weights import assemble
from llama_edu.weights.assemble import MAX_LAYERS, StoredTensor

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
# What params.json may say: that which is obeyed, and that which the tensors say as well.
OBEYED = {"dim", "n_layers", "n_heads", "n_kv_heads", "head_dim", "norm_eps", "rope_theta",
          "use_scaled_rope"}  # fmt: skip
SAID_TWICE = {"vocab_size", "multiple_of", "ffn_dim_multiplier", "hidden_dim", "max_batch_size",
              "max_seq_len", "model_parallel_size"}  # fmt: skip


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
    folder = as_path(folder)
    assemble.check_dtype(dtype)
    if not (folder / "params.json").exists():
        raise FileNotFoundError(f"{folder} has no params.json, so it is no checkpoint of Meta's")
    files = sorted(folder.glob("consolidated.*.pth"))
    if not files:
        others = sorted(file.name for file in folder.glob("*.safetensors"))
        hint = f", but {others[0]}: take the Hugging Face folder of this model" if others else ""
        raise FileNotFoundError(f"{folder} has no consolidated.00.pth{hint}")
    shards = [_read_shard(file) for file in files]
    names = [set(shard) for shard in shards]
    if unequal := set.union(*names) - set.intersection(*names):
        raise ValueError(f"the shards of {folder} hold different tensors: {sorted(unequal)[:8]}")
    params = Settings(read_object(folder / "params.json"), folder / "params.json")
    d_model = params.whole("dim", 0)
    with reading(folder):
        stored = {
            name: _join(name, [shard[name] for shard in shards], d_model)
            for name in shards[0]
            if name != "rope.freqs"  # determined by params.json
        }
    with reading(params.path):
        config = read_meta_config(params, stored, max_seq_len)
    if config.tie_embeddings:
        stored.pop(NAMES["output"], None)
    assemble.check(stored, config, NAMES, folder)
    return assemble.build(
        config, lambda part, layer: stored[NAMES[part].format(layer)].load(), dtype
    )


def _read_shard(file: Path) -> dict[str, Tensor]:
    """The tensors of a .pth file by their names; nothing else that it may hold is made."""
    with reading(file, b"pk\3\4"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says more than the one line
        try:
            # What PyTorch wrote before 2020 is no zip archive, and cannot stay on the disk.
            is_zip = zipfile.is_zipfile(file)
            shard = torch.load(file, map_location="cpu", weights_only=True, mmap=is_zip)
        except pickle.UnpicklingError as error:
            if found := re.search(r"GLOBAL (\S+)|class (\S+)", str(error)):
                raise ValueError(
                    f"holds {found[1] or found[2]}, and only tensors are read (weights_only=True), "
                    "since anything else may run code: fetch or save a state_dict"
                ) from None
            cause = str(error).partition("WeightsUnpickler error:")[2].strip().split("\n")[0]
            raise ValueError(
                f"cannot be read: it is no file of tensors ({cause}); fetch it again"
            ) from None
        rule = "where tensors by their names belong"
        if not isinstance(shard, dict):
            raise ValueError(f"holds a value of type {type(shard).__name__}, {rule}")
        for name, tensor in shard.items():
            if not isinstance(name, str) or not isinstance(tensor, Tensor):
                raise ValueError(
                    f"{name!r:.80} is of type {type(tensor).__name__}, {rule}: if the weights lie "
                    "under a name of their own, save those alone"
                )
            is_plain = tensor.layout == torch.strided and not tensor.is_meta
            if not tensor.is_floating_point() or not is_plain:
                form = "" if is_plain else f" as {tensor.layout} on {tensor.device}"
                raise ValueError(
                    f"{name} holds {tensor.dtype}{form}, expected floating-point numbers"
                )
    return shard


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
    params: Settings, stored: dict[str, StoredTensor], max_seq_len: int | None = None
) -> ModelConfig:
    """Read params.json; what it leaves out comes from the tensors or Meta's defaults.

    Raises:
        ValueError: if a size is in neither, or a parameter asks for what a LLaMA has not.
    """
    missing = params.missing("dim", "n_layers", "n_heads")
    missing += [
        name for name in (NAMES["embedding"], NAMES["gate"].format(0)) if name not in stored
    ]
    if missing:
        raise ValueError(f"the checkpoint lacks {', '.join(missing)}")
    for name in params.values.keys() - OBEYED - SAID_TWICE:
        if (found := params.values[name]) not in (None, False, 0, -1, "", [], {}):
            raise ValueError(
                f"{name}={found!r:.80} asks for what is not read here, and without it the "
                "model would be another: take a checkpoint that does not say so"
            )
    theta = params.number("rope_theta", 10_000.0)
    # Meta's code hard-codes these factors, also for Llama 3.2, where copies of the Hugging Face
    # config say 32.
    scaling = RopeScaling(factor=8.0) if params.flag("use_scaled_rope", False) else None
    output, embedding = (stored.get(NAMES[part]) for part in ("output", "embedding"))
    n_heads = params.whole("n_heads")
    return ModelConfig(
        vocab_size=embedding.shape[0],  # params.json of Llama 1 and 2 says -1
        d_model=params.whole("dim"),
        n_layers=params.whole("n_layers", most=MAX_LAYERS),
        n_heads=n_heads,
        n_kv_heads=params.whole("n_kv_heads", None) or n_heads,
        # The stated rule (multiple_of, ffn_dim_multiplier) gives this same width.
        d_ff=stored[NAMES["gate"].format(0)].shape[0],
        max_seq_len=max_seq_len or (131_072 if scaling else 8192 if theta == 500_000 else 2048),
        rope_theta=theta,
        rope_scaling=scaling,
        d_head=params.whole("head_dim", None),
        norm_eps=params.number("norm_eps", 1e-5),
        tie_embeddings=output is None or torch.equal(output.load(), embedding.load()),
    )
