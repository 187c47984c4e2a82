"""Greedy decoding: one prompt token, then many new ones."""

import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import torch

from benchmarks import peers
from benchmarks.gguf_file import write_gguf
from benchmarks.race import COMPILED, Contender, race
from benchmarks.report import Table, ratio
from benchmarks.workload import Workload, new_model
from llama_edu.generate import generate
from llama_edu.weights import load_hf, save_hf

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
OURS_COMPILED = "llama_edu" + COMPILED
SINGLE = [
    *(("llama_edu", precision) for precision in DTYPES),
    *((OURS_COMPILED, precision) for precision in ("fp32", "bf16")),
    *(("transformers", precision) for precision in DTYPES),
    *((name, precision) for name in ("litgpt", "llama_cpp") for precision in ("fp32", "bf16")),
]
SEVERAL = [
    (name, precision)
    for name in ("llama_edu", OURS_COMPILED, "transformers")
    for precision in ("fp32", "bf16")
]

Texts = list[list[int]]


def tables(workload: Workload, progress: Callable[[str], None] = print) -> Iterator[Table]:
    """One table for a single text, one for several side by side."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_hf(new_model(workload.config), folder)
        yield _table(SINGLE, folder, [[1]], workload, progress)
        prompts = [[i + 1] for i in range(workload.decode_batch_size)]
        yield _table(SEVERAL, folder, prompts, workload, progress)


def _table(who, folder: Path, prompts: Texts, workload: Workload, progress) -> Table:
    some = [each for each in who if workload.is_compiled or each[0] != OURS_COMPILED]
    contenders = [contender(*each, folder, prompts, workload.n_new_tokens) for each in some]
    found = race(contenders, workload.rounds, must_agree=("fp32",), progress=progress)
    theirs = {row.precision: row for row in found.rows if row.name == "transformers"}
    for row in found.rows:
        row.columns["tokens/s"] = f"{len(prompts) * workload.n_new_tokens / row.median:,.0f}"
        same = theirs.get(row.precision)
        row.columns["× transformers, same precision"] = f"{ratio(same, row):.2f}" if same else ""
    is_single = len(prompts) == 1
    left_out = "" if is_single else " litgpt and llama_cpp are timed with a single text only."
    return Table(
        key="decode single" if is_single else "decode batch",
        title=f"Decoding, batch {len(prompts)}",
        unit="s",
        baseline=("transformers", "fp32"),
        rows=found.rows,
        absent=found.absent,
        notes=[
            f"{workload.n_new_tokens} new tokens after a prompt of one, greedy, in a vocabulary "
            f"of {workload.config.vocab_size:,}; weights, activations and cache in the precision "
            "named. All fp32 rows wrote the same tokens, checked before the timing. llama_edu and "
            f"transformers: `generate`, the latter with its own cache and SDPA.{left_out}"
        ],
    )


def contender(
    name: str, precision: str, folder: Path, prompts: Texts, n_new_tokens: int
) -> Contender:
    """Set one decoder up.

    Args:
        name: a key of `DECODERS`.
        precision: a key of `DTYPES`.
        folder: weights, as `save_hf` writes them.
        prompts: ids of each text, equally many.
        n_new_tokens: to write after each.
    """
    is_ours = name.startswith("llama_edu")
    return Contender(
        name,
        precision,
        make=lambda: DECODERS[name](folder, precision, prompts, n_new_tokens),
        side="ours" if is_ours else "peer",
        needs=None if is_ours else name,
        install="" if is_ours else peers.INSTALL[name],
    )


def _llama_edu(folder, precision, prompts, n_new_tokens):
    model = load_hf(folder, DTYPES[precision])
    return lambda: generate(model, prompts, n_new_tokens)


def _llama_edu_compiled(folder, precision, prompts, n_new_tokens):
    model = load_hf(folder, DTYPES[precision])
    return lambda: generate(model, prompts, n_new_tokens, compiled=True)


def _transformers(folder, precision, prompts, n_new_tokens):
    model = peers.transformers(folder, dtype=DTYPES[precision]).eval()
    model.generation_config.eos_token_id = None  # the model is not trained to end: do not let it
    tokens = torch.tensor(prompts)

    def run() -> Texts:
        texts = model.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            max_new_tokens=n_new_tokens,
            do_sample=False,
            use_cache=True,
            pad_token_id=0,
        )
        return texts[:, tokens.shape[1] :].tolist()

    return run


def _litgpt(folder, precision, prompts, n_new_tokens):
    from litgpt.generate.base import generate as litgpt_generate

    (prompt,) = prompts
    n_tokens = len(prompt) + n_new_tokens
    model = peers.litgpt(folder).to(DTYPES[precision]).eval()
    model.max_seq_length = n_tokens
    model.set_kv_cache(batch_size=1, dtype=DTYPES[precision])

    def run() -> Texts:
        text = torch.tensor(prompt)
        new = litgpt_generate(model, text, n_tokens, temperature=0.0, include_prompt=False)
        return [new.tolist()]

    return run


def _llama_cpp(folder, precision, prompts, n_new_tokens):
    from gguf import GGMLQuantizationType
    from llama_cpp import Llama as LlamaCpp

    (prompt,) = prompts
    kind = {"fp32": GGMLQuantizationType.F32, "bf16": GGMLQuantizationType.BF16}[precision]
    n_threads = torch.get_num_threads()
    model = LlamaCpp(
        str(write_gguf(load_hf(folder), folder / f"{precision}.gguf", precision)),
        n_ctx=len(prompt) + n_new_tokens,
        n_threads=n_threads,
        n_threads_batch=n_threads,
        type_k=int(kind),  # its own default is an fp16 cache
        type_v=int(kind),
        verbose=False,
    )

    def run() -> Texts:
        model.reset()
        return [list(islice(model.generate(prompt, temp=0.0), n_new_tokens))]

    return run


DECODERS: dict[str, Callable[[Path, str, Texts, int], Callable[[], Texts]]] = {
    "llama_edu": _llama_edu,
    OURS_COMPILED: _llama_edu_compiled,
    "transformers": _transformers,
    "litgpt": _litgpt,
    "llama_cpp": _llama_cpp,
}
"""Name -> what loads a folder in a precision and returns a function that decodes the prompts."""
