"""The shape of a model and the length of its training, fitted to the machine and the minutes."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch

from llama_edu.config import PRESETS, ModelConfig
from llama_edu.data.batches import Batch
from llama_edu.model.llama import Llama
from llama_edu.train.loss import next_token_loss
from llama_edu.train.settings import TrainSettings
from llama_edu.train.step import seconds_a_step
from llama_edu.writing import write_whole

# Width and layers, each about twice as dear as the one before. Heads are 32 wide.
LADDER = ((64, 2), (96, 3), (128, 3), (160, 4), (192, 5), (256, 5), (320, 6), (384, 8), (512, 8))
# A larger model learns more from each token and reads fewer: below so many tokens a parameter the
# smaller one is ahead.
TOKENS_PER_PARAMETER = 2.0
MAX_EPOCHS = 30  # more steps than that repeat the text and teach nothing new
N_LOOKS = 10  # evaluations in a run, and as many samples
SECONDS_BETWEEN_SAVES = 20.0
SHARE_OF_TIME = 0.75  # of the minutes, for steps: the rest goes to reading, looking and the page
# Small batches: of the same tokens, more steps teach more. Wide models need smaller ones.
BATCH_SIZE, WINDOW, LR_TIMES_WIDTH = 4, 128, 0.8
TABLE_FACTOR, MATRIX_FACTOR = 5.0, 2.5  # times the class's 0.02


@dataclass(frozen=True)
class Plan:
    """What will be trained, and how.

    Args:
        config: shape of the model.
        settings: of the trainer.
        batch_size: windows a step.
        seed: of the first weights and of the order of windows.
        tokens_per_second: measured.
        n_threads: of the processor; a resumed run takes as many, or its sums would differ.
        rule: how shape and steps were chosen, in words.
    """

    config: ModelConfig
    settings: TrainSettings
    batch_size: int
    seed: int
    tokens_per_second: float
    n_threads: int
    rule: str

    @property
    def tokens_per_step(self) -> int:
        return self.batch_size * self.config.max_seq_len

    def save(self, path: Path) -> None:
        """Write it whole or not at all: a run that has its plan can be resumed."""
        write_whole(path, json.dumps(asdict(self), indent=2) + "\n")

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
    """A model with first weights, larger than the class has them.

    In so few steps small weights take many to grow, most of all those of a tied table, which is
    the output too. On the King James Version after 1,000 steps of AdamW 1.69 bits a byte became
    1.56 with the table alone. Such a model begins by repeating each token, above ln V.
    """
    torch.manual_seed(seed)
    model = Llama(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.mul_(TABLE_FACTOR if name.startswith("embedding") else MATRIX_FACTOR)
    return model


def measure_speed(config: ModelConfig, batch_size: int, device: torch.device) -> float:
    """Tokens a second of training."""
    loss = partial(next_token_loss, dtype=TrainSettings(n_steps=1).dtype(device))
    size = (batch_size, config.max_seq_len + 1)
    seconds = seconds_a_step(
        new_model(config, seed=0).to(device), loss,
        lambda: Batch(torch.randint(config.vocab_size, size, device=device)),
    )  # fmt: skip
    return batch_size * config.max_seq_len / seconds


def fastest_threads(
    config: ModelConfig, batch_size: int, device: torch.device
) -> tuple[float, int]:
    """Tokens a second with all threads or with one, whichever is faster, and how many.

    Small products are soon done, and where other programs run beside it each waits for the thread
    that was held up: one thread alone was up to twice as fast as two.
    """
    before = torch.get_num_threads()
    speeds = {}
    for n_threads in {before, 1}:
        torch.set_num_threads(n_threads)
        speeds[n_threads] = measure_speed(config, batch_size, device)
    torch.set_num_threads(before)
    n_threads = max(speeds, key=speeds.get)
    return speeds[n_threads], n_threads


def affordable_steps(
    config: ModelConfig, tokens_per_second: float, seconds: float, n_tokens: int
) -> int:
    """Steps that fit into the time, and that the text is long enough for."""
    n_seen = min(tokens_per_second * seconds, MAX_EPOCHS * n_tokens)
    return max(20, round(n_seen / (BATCH_SIZE * config.max_seq_len)))


def fit(
    vocab_size: int, n_tokens: int, seconds: float, device: torch.device,
    speed: Callable[[ModelConfig, int, torch.device], tuple[float, int]] = fastest_threads,
) -> tuple[ModelConfig, int, float, int, str]:  # fmt: skip
    """Choose the largest shape that still sees enough tokens in the time.

    Each rung of the ladder is measured for some steps, from the smallest up, until one would see
    fewer than two tokens for each of its parameters in the time, or the text has too few.

    Args:
        vocab_size: of the tokenizer.
        n_tokens: of the training text.
        seconds: for the steps.
        device: where it will be trained.
        speed: tokens a second of a shape, and with how many threads.

    Returns:
        Shape, steps, tokens a second, threads, and the rule in words.
    """
    chosen = None
    for width, n_layers in LADDER:
        config = shape(width, n_layers, vocab_size)
        tokens_per_second, n_threads = speed(config, BATCH_SIZE, device)
        n_steps = affordable_steps(config, tokens_per_second, seconds, n_tokens)
        n_seen = n_steps * BATCH_SIZE * WINDOW
        if chosen and n_seen < TOKENS_PER_PARAMETER * config.n_params:
            break
        chosen = config, n_steps, tokens_per_second, n_threads
    config, n_steps, tokens_per_second, n_threads = chosen
    rule = (
        f"width {config.d_model}, {config.n_layers} layers: the largest shape of the ladder that "
        f"sees at least {TOKENS_PER_PARAMETER:g} tokens a parameter in the time; measured "
        f"{tokens_per_second:,.0f} tokens/s on {n_threads} thread{'s' * (n_threads > 1)}"
    )
    return config, n_steps, tokens_per_second, n_threads, rule


def settings_for(config: ModelConfig, n_steps: int, tokens_per_second: float) -> TrainSettings:
    """The recipe: AdamW, a short rise, half a cosine down to nothing; ten looks on the way."""
    per_step = BATCH_SIZE * config.max_seq_len
    every = max(1, n_steps // N_LOOKS)
    return TrainSettings(
        n_steps=n_steps, peak_lr=LR_TIMES_WIDTH / config.d_model, n_warmup=min(20, n_steps // 10),
        final_share=0.0, eval_every=every, sample_every=every,
        save_every=max(1, round(SECONDS_BETWEEN_SAVES * tokens_per_second / per_step)),
        n_sample_tokens=config.max_seq_len,
    )  # fmt: skip
