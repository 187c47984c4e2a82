"""Small training runs of seconds, each broken in a way that is known, and healthy ones beside.

What a doctor says is worth what it says of patients whose illness is known beforehand. A fault is
put in where people put it: in the loss, in the batches, in the settings, in the first weights.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from llama_edu.config import ModelConfig
from llama_edu.data.batches import Batch, Batches, write_tokens
from llama_edu.data.stories import tell_story
from llama_edu.model.llama import Llama
from llama_edu.train.looks import held_out_batches
from llama_edu.train.loss import IGNORED, next_token_loss, output_loss
from llama_edu.train.settings import TrainSettings
from llama_edu.train.trainer import Trainer

T, BATCH_SIZE, N_STEPS, LR = 32, 8, 300, 1e-2
N_HELD_OUT = 40  # documents
PADDING = 0  # the id of what fills a row up; letters begin at 1


@dataclass(frozen=True)
class Recipe:
    """A run in all its parts; a fault replaces some.

    Args:
        documents: texts to train on; stories of the seed if None.
        n_stories: so many of them.
        d_model: width of the model, in two layers unless said otherwise.
        n_layers: of the model.
        norm_eps: of its norms.
        settings: what differs from the usual ones.
        loss: of the trainer; the usual one if None.
        batches: made of (file, batch size, T, seed).
        first_weights: done to a new model before it is trained.
        leaks: whether the held-out documents are among those to train on.
        batch_size: windows a batch.
    """

    documents: Sequence[str] | None = None
    n_stories: int = 400
    d_model: int = 32
    n_layers: int = 2
    norm_eps: float = 1e-5
    settings: dict = field(default_factory=dict)
    loss: Callable | None = None
    batches: Callable = Batches
    first_weights: Callable[[nn.Module], None] = lambda model: None
    leaks: bool = False
    batch_size: int = BATCH_SIZE


def make_run(folder: str | Path, recipe: Recipe, seed: int = 0) -> Path:
    """Train one, from text by letters to a folder; one that ends in NaN is a run as well.

    Args:
        folder: of the run, new.
        recipe: of the run.
        seed: of text, first weights and order.
    """
    folder = Path(folder)
    texts = recipe.documents or [
        tell_story(1000 * seed + i).text for i in range(recipe.n_stories + N_HELD_OUT)
    ]
    held_out, training = texts[:N_HELD_OUT], texts[N_HELD_OUT:]
    if recipe.leaks:
        training = [*training[: len(training) // 4], *held_out]
    letters = sorted({letter for text in texts for letter in text})
    ids = {letter: i for i, letter in enumerate(letters, start=1)}
    train, other = (
        write_tokens(
            folder / "data" / f"{name}.tokens", [[ids[c] for c in text] for text in part],
            len(letters) + 1,
        )
        for name, part in (("train", training), ("held_out", held_out))
    )  # fmt: skip
    torch.manual_seed(seed)
    model = Llama(ModelConfig(
        vocab_size=len(letters) + 1, d_model=recipe.d_model, n_layers=recipe.n_layers,
        n_heads=max(1, recipe.d_model // 16), n_kv_heads=max(1, recipe.d_model // 16),
        d_ff=8 * recipe.d_model // 3 // 4 * 4, max_seq_len=T, norm_eps=recipe.norm_eps,
    ))  # fmt: skip
    with torch.no_grad():
        recipe.first_weights(model)
    settings = {"n_steps": N_STEPS, "peak_lr": LR, "n_warmup": 20, "precision": "fp32",
                "eval_every": 50, "save_every": 100, **recipe.settings}  # fmt: skip
    looks = held_out_batches(other, T, recipe.batch_size, n_batches=8)
    trainer = Trainer(
        folder, model, recipe.batches(train, recipe.batch_size, T, seed=seed),
        TrainSettings(**settings), loss=recipe.loss, held_out=looks, is_shown=False,
    )  # fmt: skip
    with suppress(FloatingPointError):
        trainer.train()
    return folder


@dataclass(frozen=True)
class Targets:
    """A batch with targets of its own."""

    inputs: torch.Tensor
    targets: torch.Tensor

    def mask(self) -> None:
        return None


def unshifted(model: nn.Module, batch) -> tuple:
    """The loss of saying the token that is there, in place of the next."""
    return next_token_loss(model, Targets(batch.inputs, batch.inputs))


def shifted_twice(model: nn.Module, batch) -> tuple:
    """Batch and loss both shift, so that the next token but one is asked for."""
    return next_token_loss(model, Targets(batch.inputs[:, :-1], batch.targets[:, 1:]))


def looking_ahead(model: nn.Module, batch) -> tuple:
    """Every token may look at all others, the one that it is to predict among them."""
    n = batch.inputs.shape[1]
    every = torch.ones(n, n, dtype=torch.bool)
    return model(batch.inputs, mask=every, loss=partial(output_loss, targets=batch.targets))


def mean_of_means(model: nn.Module, batch) -> tuple:
    """Each batch counts as one, however many targets are in it."""
    total, n = next_token_loss(model, batch)
    return total / n, torch.tensor(1)


def unlikely(model: nn.Module, batch) -> tuple:
    """Cross-entropy, and a push away from all wrong tokens, as log(1 - p): infinite where p is 1.

    In fp32 a p below 1 is off by 6e-8 at least, in bf16 by 4e-3: all above is rounded to 1.
    """
    logits = model(batch.inputs, mask=batch.mask()).to(torch.bfloat16)
    p = logits.softmax(-1)
    right = F.one_hot(batch.targets, p.shape[-1]).bool()
    total, n = next_token_loss(model, batch)
    return total - 0.01 * torch.log1p(-p).masked_fill(right, 0).sum().float(), n


class OneBatch(Batches):
    """Forgets to go on."""

    def next(self) -> Batch:
        self.n_drawn = 0
        return super().next()


class InOrder(Batches):
    """Windows as they stand in the file, every time."""

    def _order(self, epoch: int):
        return range(self.n_windows)


class NeverReshuffled(Batches):
    """Shuffled once: every epoch brings the same batches."""

    def _order(self, epoch: int):
        return super()._order(0)


class Padded(Batches):
    """One sentence a row, filled up with padding; `counts` says whether padding is a target."""

    counts = True

    def next(self):
        batch = super().next()
        dice = torch.Generator().manual_seed(self.n_drawn)
        n = torch.randint(4, batch.inputs.shape[1], (len(batch.inputs), 1), generator=dice)
        beyond = torch.arange(batch.inputs.shape[1]) >= n
        targets = batch.targets.masked_fill(beyond, PADDING if self.counts else IGNORED)
        return Targets(batch.inputs.masked_fill(beyond, PADDING), targets)


class RightlyPadded(Padded):
    counts = False


def sharpened(model: nn.Module) -> None:
    """First gains of 30 where the class has 1, and no clipping: each norm makes signals longer."""
    for weight in model.parameters():
        if weight.ndim == 1:
            weight.mul_(30)


HEALTHY = {
    "stories": Recipe(),
    "narrow": Recipe(d_model=16, n_layers=3, settings={"peak_lr": 2e-2, "n_steps": 400}),
    "wide": Recipe(d_model=64, settings={"peak_lr": 4e-3}),
    "gentle": Recipe(settings={"peak_lr": 5e-3, "n_steps": 500}),
    "accumulated": Recipe(batch_size=4, settings={"n_parts": 2}),
    "padded": Recipe(batches=RightlyPadded, settings={"n_parts": 2}),
    "several epochs": Recipe(n_stories=150),
    "no need of warm-up": Recipe(settings={"peak_lr": 3e-3, "n_warmup": 0, "n_steps": 400}),
}

BROKEN = {
    "unshifted targets": Recipe(loss=unshifted),
    "targets shifted twice": Recipe(loss=shifted_twice),
    "mask lets the future in": Recipe(loss=looking_ahead),
    "learning rate too high": Recipe(settings={"peak_lr": 0.5}),
    "learning rate too low": Recipe(settings={"peak_lr": 5e-5}),
    "no warm-up": Recipe(settings={"peak_lr": 6e-2, "n_warmup": 0}),
    "exploding gradients": Recipe(first_weights=sharpened, settings={"max_grad_norm": 1e9}),
    "vanishing gradients": Recipe(norm_eps=1e5),
    "one batch repeated": Recipe(batches=OneBatch),
    "held-out text in training": Recipe(leaks=True),
    "loss on padding": Recipe(batches=Padded),
    "wrong mean": Recipe(batches=RightlyPadded, loss=mean_of_means, settings={"n_parts": 2}),
    "order never changes": Recipe(n_stories=100, batches=NeverReshuffled),
    "text in its order": Recipe(batches=InOrder),
    "too little text": Recipe(n_stories=3, settings={"n_steps": 400}),
    "underfitting": Recipe(d_model=16, n_layers=1, settings={"n_steps": 30, "n_warmup": 3}),
    "not a number in bf16": Recipe(loss=unlikely, settings={"precision": "bf16"}),
}
