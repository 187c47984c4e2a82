"""Students with and without a teacher, pruned models before and after healing, over three seeds.

Writes measured.json beside it, which the lesson shows: some minutes on one core, too long for a
notebook. Run it with `python lessons/23_distillation/measured.py`.
"""

import json
import math
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from llama_edu.compress.distill import distillation_loss, teacher_texts
from llama_edu.compress.prune import ffn_activity, ffn_norms, prune_ffn, prune_layers
from llama_edu.config import ModelConfig
from llama_edu.data.documents import read_documents
from llama_edu.model.llama import Llama
from llama_edu.pretrained import load_pretrained
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train.optim import AdamW
from llama_edu.train.schedule import warmup_cosine

SEEDS = (0, 1, 2)
T, BATCH, LITTLE = 64, 16, 4096  # tokens of a window, windows a step, tokens of the little text
SIZES = {"teacher": (96, 3, 256), "student": (32, 2, 88)}  # d_model, layers, d_ff


def new_model(kind: str, seed: int) -> Llama:
    torch.manual_seed(seed)
    d_model, n_layers, d_ff = SIZES[kind]
    return Llama(ModelConfig(
        vocab_size=512, d_model=d_model, n_layers=n_layers, n_heads=4, n_kv_heads=4, d_ff=d_ff,
        max_seq_len=T, tie_embeddings=True,
    ))  # fmt: skip


def windows(ids: torch.Tensor, n: int, dice: torch.Generator) -> torch.Tensor:
    starts = torch.randint(len(ids) - T, (n, 1), generator=dice)
    return ids[starts + torch.arange(T + 1)]


@torch.no_grad()
def bits_per_byte(model: Llama, ids: torch.Tensor, n_bytes: float) -> float:
    rows = ids[: (len(ids) - 1) // T * T + 1]
    inputs, targets = rows[:-1].view(-1, T), rows[1:].view(-1, T)
    nats = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten(), reduction="sum")
    return nats.item() / math.log(2) / (n_bytes * targets.numel() / len(ids))


def train(model, ids, n_steps, lr, seed, loss, check=None, seconds=math.inf):
    """Train; with `check`, return the best score seen (early stopping), else the last one."""
    dice = torch.Generator().manual_seed(seed)
    optimizer = AdamW(model.parameters(), lr, betas=(0.9, 0.95), weight_decay=0.1)
    best, started, taken = math.inf, time.perf_counter(), 0
    for step in range(n_steps):
        for group in optimizer.param_groups:
            group["lr"] = warmup_cosine(step + 1, lr, 20, n_steps)
        batch = windows(ids, BATCH, dice)
        optimizer.zero_grad()
        loss(model, batch[:, :-1], batch[:, 1:]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        taken += 1
        if check and (step + 1) % 25 == 0:
            best = min(best, check(model))
        if time.perf_counter() - started > seconds:
            break
    return best, time.perf_counter() - started, taken


def plain(model, inputs, targets, smoothing=0.0):
    logits = model(inputs).flatten(0, 1)
    return F.cross_entropy(logits, targets.flatten(), label_smoothing=smoothing)


def taught(teacher, temperature, alpha):
    def loss(model, inputs, targets):
        logits = model(inputs).flatten(0, 1)
        with torch.no_grad():
            wanted = teacher(inputs).flatten(0, 1)
        copied = distillation_loss(logits, wanted, temperature)
        return alpha * copied + (1 - alpha) * F.cross_entropy(logits, targets.flatten())

    return loss


def with_seed(seed, train_ids, held_out, n_bytes):
    def check(model):
        return bits_per_byte(model, held_out, n_bytes)

    found = {}
    teacher = new_model("teacher", seed)
    train(teacher, train_ids, 400, 4e-3, seed, plain)
    found["teacher"] = check(teacher)
    little = train_ids[1000 * seed : 1000 * seed + LITTLE]
    samples = teacher_texts(teacher, [[int(i)] for i in train_ids[:2000]], T - 1, seed)
    written = torch.tensor([i for text in samples for i in text])
    peer = new_model("teacher", seed + 100)  # as large, but it saw the little text alone
    peer_best, _, _ = train(peer, little, 150, 4e-3, seed, plain, check)
    arms = {
        "alone": (little, plain),
        "labels smoothed": (little, lambda m, x, y: plain(m, x, y, 0.1)),
        "half taught, T 1": (little, taught(teacher, 1.0, 0.5)),
        "taught, T 1": (little, taught(teacher, 1.0, 1.0)),
        "taught, T 2": (little, taught(teacher, 2.0, 1.0)),
        "taught, T 4": (little, taught(teacher, 4.0, 1.0)),
        "taught by one that saw no more": (little, taught(peer, 1.0, 1.0)),
        "on what the teacher wrote": (written, plain),
        "on plenty of text": (train_ids, plain),
    }
    found["little"] = {"peer": peer_best}
    for name, (ids, loss) in arms.items():
        student = new_model("student", seed)
        found["little"][name] = train(student, ids, 300, 1e-2, seed, loss, check)[0]
        print(seed, name, f"{found['little'][name]:.3f}", flush=True)
    found["plenty"] = {}
    student = new_model("student", seed)
    _, seconds, _ = train(student, train_ids, 200, 1e-2, seed, taught(teacher, 1.0, 1.0))
    found["plenty"]["taught, 200 steps"] = check(student)
    student = new_model("student", seed)
    train(student, train_ids, 200, 1e-2, seed, plain)
    found["plenty"]["alone, 200 steps"] = check(student)
    probe = new_model("student", seed)
    _, plain_seconds, _ = train(probe, train_ids, 50, 1e-2, seed, plain)
    n_steps = int(seconds / plain_seconds * 50)
    student = new_model("student", seed)
    train(student, train_ids, n_steps, 1e-2, seed, plain)
    found["plenty"]["alone, as long"] = check(student)
    found["plenty steps as long"] = n_steps
    texts = [windows(train_ids, 64, torch.Generator().manual_seed(seed))[:, :-1]]
    scores = {
        "by activity": ffn_activity(teacher, texts),
        "by norm": ffn_norms(teacher),
        "by chance": torch.rand(3, 256, generator=torch.Generator().manual_seed(seed)),
    }
    found["pruned"] = {}
    for name, score in scores.items():
        smaller = prune_ffn(teacher, score, 64)
        before = check(smaller)
        train(smaller, train_ids, 60, 2e-3, seed + 7, plain)
        found["pruned"][name] = [before, check(smaller)]
    print(seed, found["plenty"], found["pruned"], flush=True)
    return found


@torch.no_grad()
def of_smollm2():
    """The real model, pruned and not healed: bits a byte, more than when it was whole."""
    smol = load_pretrained(dtype=torch.float32)
    speeches = [document.text for document in read_documents("sotu")]
    texts = [smol.text_ids(text[2000:3000])[:96] for text in speeches[40:240:25]]
    n_bytes = sum(len(smol.tokenizer.decode(ids[1:]).encode()) for ids in texts)
    ids = torch.tensor(texts)

    def bits(model):
        logits = model(ids[:, :-1]).flatten(0, 1)
        nats = F.cross_entropy(logits, ids[:, 1:].flatten(), reduction="sum").item()
        return nats / math.log(2) / n_bytes

    whole = bits(smol.model)
    scores = {
        "by activity": ffn_activity(smol.model, [ids]),
        "by norm": ffn_norms(smol.model),
        "by chance": torch.rand(30, 1536, generator=torch.Generator().manual_seed(0)),
    }
    widths = {
        name: [bits(prune_ffn(smol.model, score, kept)) - whole for kept in (1152, 768, 384)]
        for name, score in scores.items()
    }
    layers = []
    for gone in range(30):
        layers.append(bits(prune_layers(smol.model, [i for i in range(30) if i != gone])) - whole)
    print(widths, layers, flush=True)
    return {"whole": whole, "left out": [0.25, 0.5, 0.75], "widths": widths, "layers": layers}


def read() -> tuple[torch.Tensor, torch.Tensor, int]:
    """Tokens to train on, tokens held out, and the bytes of these."""
    bible = [d.text for d in read_documents("bible") if "kjv" in d.id]
    tokenizer = BPETokenizer.train(bible[:200], 512)
    text = "\n".join(bible[1100:1112])
    train_ids = torch.tensor(tokenizer.encode("\n".join(bible[:900])))
    return train_ids, torch.tensor(tokenizer.encode(text)), len(text.encode())


def main() -> None:
    torch.set_num_threads(1)
    found = {"smollm2": of_smollm2(), "seeds": [with_seed(seed, *read()) for seed in SEEDS]}

    def rounded(value):
        if isinstance(value, dict):
            return {name: rounded(one) for name, one in value.items()}
        if isinstance(value, list):
            return [rounded(one) for one in value]
        return round(value, 4) if isinstance(value, float) else value

    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(rounded(found), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
