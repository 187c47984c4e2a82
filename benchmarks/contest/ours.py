"""Our own entry: what `llama-edu train` does, in the time of the contest."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from llama_edu.data.batches import Batches
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train.own_text import plan
from llama_edu.train.own_text.vocabulary import choose_size, learn_tokenizer, write_token_file
from llama_edu.train.trainer import Trainer

SHARE_OF_TIME = 0.9  # for steps; there is no page to write, and nothing else to look at


def train(text: str, seconds: float) -> tuple[Llama, BPETokenizer]:
    """A tokenizer and a LLaMA of the text."""
    started = time.monotonic()
    vocab_size, _ = choose_size(len(text.encode()), is_chinese=False)
    tokenizer = learn_tokenizer([text], vocab_size)
    with tempfile.TemporaryDirectory() as folder:
        file = write_token_file(Path(folder) / "train.tokens", [text], tokenizer)
        left = SHARE_OF_TIME * seconds - (time.monotonic() - started)
        device = torch.device("cpu")
        config, n_steps, speed, n_threads, rule = plan.fit(
            tokenizer.vocab_size, len(file), left, device
        )
        torch.set_num_threads(n_threads)
        print(f"{config.n_params:,} parameters, {n_steps:,} steps ({rule})")
        model = plan.new_model(config, seed=0)
        settings = plan.settings_for(config, n_steps, speed)
        # A machine that slows down ends the run where the time ends.
        left = max(seconds - (time.monotonic() - started) - 2, 1.0)
        settings = replace(settings, minutes=left / 60)
        batches = Batches(file, plan.BATCH_SIZE, config.max_seq_len, keeps_apart=False)
        Trainer(Path(folder) / "run", model, batches, settings).train()
    return model, tokenizer
