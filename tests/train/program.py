"""A training program to be started, killed and started again; under torchrun too.

    python tests/train/program.py RUN TOKENS [--engine fsdp] [--die-at STEP] ...

It goes on with a run that is there.
"""

import argparse
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from llama_edu.config import ModelConfig
from llama_edu.data.batches import Batch, Batches, TokenFile
from llama_edu.model.llama import Llama
from llama_edu.train.looks import held_out_batches
from llama_edu.train.loss import next_token_loss
from llama_edu.train.processes import joined
from llama_edu.train.settings import TrainSettings
from llama_edu.train.trainer import Trainer

CONFIG = ModelConfig(
    vocab_size=41, d_model=16, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=24, max_seq_len=32,
    tie_embeddings=True,
)  # fmt: skip


@dataclass(frozen=True)
class Uneven:
    """A batch of whose targets another number counts in every row."""

    batch: Batch

    @property
    def inputs(self):
        return self.batch.inputs

    @property
    def targets(self):
        places = torch.arange(self.inputs.shape[1])
        n_ignored = self.inputs[:, :1] % len(places)
        return self.batch.targets.where(places >= n_ignored, -100)

    def mask(self):
        return self.batch.mask()


def uneven_loss(model, batch):
    return next_token_loss(model, Uneven(batch))


def noisy_loss(model, batch):
    """Draws from torch's global generator, as dropout does."""
    total, n = next_token_loss(model, batch)
    return total * (1 + 0.1 * torch.rand(())), n


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("tokens", type=Path)
    parser.add_argument("--engine", default="ddp")
    parser.add_argument("--optimizer", default="adamw")
    parser.add_argument("--stop-at", type=int, help="end this call after this step")
    parser.add_argument("--loss", default="uneven")
    parser.add_argument("--die-at", type=int, help="the last rank kills itself, once, at this step")
    parser.add_argument("--slow", type=float, default=0.0, help="seconds to wait at each batch")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with joined(asked.engine) as processes:
        torch.manual_seed(1 + processes.rank)  # only the first one's weights count
        model = Llama(CONFIG)
        file = TokenFile(asked.tokens)
        batches = Batches(file, 4, 8, rank=processes.rank, n_ranks=processes.n_ranks)
        settings = TrainSettings(
            n_steps=20, peak_lr=1e-2, n_warmup=3, precision="fp32", eval_every=4,
            save_every=3, n_parts=2, optimizer=asked.optimizer,
        )  # fmt: skip
        plain = {"uneven": uneven_loss, "noisy": noisy_loss}[asked.loss]

        def loss(model, batch):
            time.sleep(asked.slow)
            died = asked.run / "died"
            is_last = processes.rank == processes.n_ranks - 1
            if trainer.step + 1 == asked.die_at and is_last and not died.exists():
                died.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if trainer.step + 1 == asked.stop_at and is_last:
                os.kill(os.getpid(), signal.SIGINT)
            return plain(model, batch)

        trainer = Trainer(
            asked.run, model, batches, settings, loss=loss, processes=processes, is_shown=False,
            held_out=held_out_batches(file, 8, 4, 3),
        )  # fmt: skip
        if trainer.has_begun:
            trainer.resume()
        outcome = trainer.train()
        if processes.is_first:
            print(outcome.reason, outcome.step)


if __name__ == "__main__":
    main()
