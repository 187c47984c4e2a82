"""The shape of a model and the length of its training, fitted to the machine and the minutes."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from llama_edu.config import PRESETS, ModelConfig
from llama_edu.data.batches import Batch
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss
from llama_edu.train.optim import AdamW, decay_groups
from llama_edu.train.settings import TrainSettings

# Width and layers, each about twice as dear as the one before. Heads are 32 wide.
LADDER = ((64, 2), (96, 3), (128, 3), (160, 4), (192, 5), (256, 5), (320, 6), (384, 8), (512, 8))
# A larger model learns more from each token and reads fewer: below so many tokens a parameter the
# smaller one is ahead.
TOKENS_PER_PARAMETER = 4.0
MAX_EPOCHS = 30  # more steps than that repeat the text and teach nothing new
SHARE_OF_TIME = 0.8  # of the minutes, for steps: the rest goes to reading, looking and the page
PEAK_LR, BATCH_SIZE, WINDOW = 8e-3, 4, 128
EMBEDDING_STD = 0.1


@dataclass(frozen=True)
class Plan:
    """What will be trained, and how.

    Args:
        config: shape of the model.
        settings: of the trainer.
        batch_size: windows a step.
        seed: of the first weights and of the order of windows.
        tokens_per_second: measured; 0 where nothing was.
        rule: how shape and steps were chosen, in words.
    """

    config: ModelConfig
    settings: TrainSettings
    batch_size: int
    seed: int
    tokens_per_second: float
    rule: str

    @property
    def tokens_per_step(self) -> int:
        return self.batch_size * self.config.max_seq_len

    def save(self, path: Path) -> None:
        """Write it whole or not at all: a run that has its plan can be resumed."""
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Plan":
        values = json.loads(path.read_text(encoding="utf-8"))
        settings = values["settings"]
        settings |= {name: tuple(settings[name]) for name in ("betas", "prompts")}
        return cls(**values | {
            "config": ModelConfig(**values["config"]), "settings": TrainSettings(**settings)
        })  # fmt: skip


def shape(width: int, n_layers: int, vocab_size: int) -> ModelConfig:
    """A rung of the ladder: LLaMA's proportions, embedding and output tied."""
    n_heads = max(2, width // 32)
    return ModelConfig(
        vocab_size=vocab_size, d_model=width, n_layers=n_layers, n_heads=n_heads,
        n_kv_heads=n_heads, d_ff=round(8 * width / 3 / 16) * 16, max_seq_len=WINDOW,
        tie_embeddings=True,
    )  # fmt: skip


def preset_shape(name: str, vocab_size: int) -> ModelConfig:
    """A preset with the vocabulary of this text.

    Raises:
        ValueError: if there is no such preset.
    """
    if name not in PRESETS:
        raise ValueError(f"preset={name!r} must be one of {', '.join(PRESETS)}")
    return replace(PRESETS[name], vocab_size=vocab_size)


def new_model(config: ModelConfig, seed: int) -> Llama:
    """A model with first weights.

    The embedding begins five times as large as the class has it, N(0, 0.1^2): a tied table is the
    output too, and scores that start near 0 take many of so few steps to grow (on the King James
    Version 1.56 instead of 1.69 bits a byte after 1,000 steps).
    """
    torch.manual_seed(seed)
    model = Llama(config)
    with torch.no_grad():
        model.embedding.weight.mul_(EMBEDDING_STD / 0.02)
    return model


def measure_speed(config: ModelConfig, batch_size: int, device: torch.device) -> float:
    """Tokens a second of a training step, the fastest of three."""
    model = new_model(config, seed=0).to(device)
    optimizer = AdamW(decay_groups(model, 0.1))
    dtype = TrainSettings(n_steps=1).dtype(device)
    tokens = torch.randint(config.vocab_size, (batch_size, config.max_seq_len + 1), device=device)
    batch, best = Batch(tokens, torch.zeros_like(tokens)), float("inf")
    for _ in range(4):
        start = time.perf_counter()
        loss, n = next_token_loss(model, batch, dtype)
        (loss / n).backward()
        optimizer.step()
        optimizer.zero_grad()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - start)
    return batch_size * config.max_seq_len / best


def affordable_steps(
    config: ModelConfig, tokens_per_second: float, seconds: float, n_tokens: int
) -> int:
    """Steps that fit into the time, and that the text is long enough for."""
    n_seen = min(tokens_per_second * seconds, MAX_EPOCHS * n_tokens)
    return max(20, round(n_seen / (BATCH_SIZE * config.max_seq_len)))


def fit(
    vocab_size: int, n_tokens: int, seconds: float, device: torch.device,
    speed: Callable[[ModelConfig, int, torch.device], float] = measure_speed,
) -> tuple[ModelConfig, int, float, str]:  # fmt: skip
    """Choose the largest shape that still sees enough tokens in the time.

    Each rung of the ladder is measured for some steps, from the smallest up, until one would see
    fewer than four tokens for each of its parameters in the time, or the text has too few.

    Args:
        vocab_size: of the tokenizer.
        n_tokens: of the training text.
        seconds: for the steps.
        device: where it will be trained.
        speed: tokens a second of a shape.

    Returns:
        Shape, steps, tokens a second, and the rule in words.
    """
    chosen = None
    for width, n_layers in LADDER:
        config = shape(width, n_layers, vocab_size)
        tokens_per_second = speed(config, BATCH_SIZE, device)
        n_steps = affordable_steps(config, tokens_per_second, seconds, n_tokens)
        n_seen = n_steps * BATCH_SIZE * WINDOW
        if chosen and n_seen < TOKENS_PER_PARAMETER * config.n_params:
            break
        chosen = config, n_steps, tokens_per_second
    config, n_steps, tokens_per_second = chosen
    rule = (
        f"width {config.d_model}, {config.n_layers} layers: the largest shape of the ladder that "
        f"sees at least {TOKENS_PER_PARAMETER:g} tokens a parameter in the time; measured "
        f"{tokens_per_second:,.0f} tokens/s"
    )
    return config, n_steps, tokens_per_second, rule
