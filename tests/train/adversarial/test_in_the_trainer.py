"""The trainer takes each of these losses like any other, with tied embeddings, in bf16 too."""

import pytest
import torch

from llama_edu.config import ModelConfig
from llama_edu.data.batches import Batches
from llama_edu.model.llama import Llama
from llama_edu.train import adversarial
from llama_edu.train.journal import read_lines
from llama_edu.train.loss import next_token_loss
from llama_edu.train.settings import TrainSettings
from llama_edu.train.trainer import Trainer

CONFIG = ModelConfig(
    vocab_size=41, d_model=16, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=24, max_seq_len=32,
    tie_embeddings=True,
)  # fmt: skip
LOSSES = {
    "plain": next_token_loss,
    "pgd": adversarial.pgd(next_token_loss, 0.5),
    "free_lb": adversarial.free_lb(next_token_loss, 0.5),
    "vat": adversarial.vat(next_token_loss, 0.5),
    "softmax": adversarial.adversarial_softmax_loss(0.2),
    "softmax in bf16": adversarial.adversarial_softmax_loss(0.2, torch.bfloat16),
}


def train(folder, file, loss) -> list[float]:
    torch.manual_seed(1)
    settings = TrainSettings(n_steps=6, peak_lr=1e-2, n_warmup=2, precision="fp32", n_parts=2)
    batches = Batches(file, batch_size=4, n_tokens=8)
    Trainer(folder, Llama(CONFIG), batches, settings, loss=loss, is_shown=False).train()
    lines = read_lines(folder / "metrics.jsonl")
    return [line["loss"] for line in lines if "loss" in line]


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "plain"])
def test_a_run_learns_from_a_larger_loss_than_the_plain_one(tmp_path, file, name):
    plain = train(tmp_path / "plain", file, LOSSES["plain"])
    worst = train(tmp_path / "worst", file, LOSSES[name])
    assert worst[0] > plain[0]
    assert worst[-1] < worst[0]
