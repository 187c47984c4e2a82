"""The entry to beat: a character-level GPT trained as nanoGPT's README does it on a CPU.

Windows of 64 characters, 12 a step, 4 layers of 4 heads, 2,000 steps of AdamW with betas 0.9 and
0.99, 100 steps of warm-up to 1e-3, a cosine to 1e-4, weight decay 0.1, gradients shortened to 1, no
dropout, fp32. At the README's width of 128 that is 0.80 million parameters; 192 makes 1.8 million.

Source: karpathy/nanoGPT, README.md and config/train_shakespeare_char.py.
"""

import string
import time
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.nano_gpt import NanoGPT
from llama_edu.config import ModelConfig
from llama_edu.train.optim import decay_groups
from llama_edu.train.schedule import warmup_cosine

N_STEPS, BATCH_SIZE, WINDOW = 2000, 12, 64
UNKNOWN = "\ufffd"


class Characters:
    """A token for each character of a text and of ASCII, and one for all others."""

    add_bos = False

    def __init__(self, text: str):
        self.characters = [UNKNOWN, *sorted(set(text) | set(string.printable))]
        self.ids = {character: i for i, character in enumerate(self.characters)}

    def encode(self, text: str) -> list[int]:
        return [self.ids.get(character, 0) for character in text]

    def decode(self, ids: list[int]) -> str:
        return "".join(self.characters[i] for i in ids)


def train(
    text: str, seconds: float, width: int = 128, n_steps: int = N_STEPS
) -> tuple[nn.Module, Characters]:
    """Train for the README's steps, or for those that the time has room for."""
    started = time.monotonic()
    torch.manual_seed(1337)
    tokenizer = Characters(text)
    data = torch.tensor(tokenizer.encode(text))
    config = ModelConfig(
        vocab_size=len(tokenizer.characters), d_model=width, n_layers=4, n_heads=4, n_kv_heads=4,
        d_ff=4 * width, max_seq_len=WINDOW,
    )  # fmt: skip
    model = NanoGPT(config)
    model.config = config  # as the measure wants it
    optimizer = torch.optim.AdamW(decay_groups(model, 0.1), betas=(0.9, 0.99), fused=True)
    for step in range(n_steps):
        if time.monotonic() - started > seconds:
            print(f"the time was over after {step} of {n_steps} steps")
            break
        for group in optimizer.param_groups:
            group["lr"] = warmup_cosine(step + 1, 1e-3, min(100, n_steps), n_steps)
        starts = torch.randint(len(data) - WINDOW, (BATCH_SIZE,)).tolist()
        windows = torch.stack([data[i : i + WINDOW + 1] for i in starts])
        logits = model(windows[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model, tokenizer


train_wider = partial(train, width=192)
