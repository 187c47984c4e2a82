"""Shifts of a text's embeddings: put on for a pass, sized by the text, led by its gradient.

Token ids are whole numbers, and half a step between two of them means nothing: what can be moved a
little is the vector that an id stands for. A loss, here as in the trainer, takes (model, batch) and
gives a sum in nats and the number of targets that count. The model has its table as `.embedding`;
the batch has `.inputs` (B, T), and may have `.padding` (B, T), True where a token is padding: such
a token is never moved.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from llama_edu.train.adversarial.directions import project, sizes, steepest

Loss = Callable[[nn.Module, Any], tuple[Tensor, Tensor]]


@contextmanager
def shifted(model: nn.Module, shift: Float[Tensor, "B T D"]) -> Iterator[None]:
    """Add a shift to what the model's embedding gives, for as long as the context lasts.

    The table itself is never written to: to add and then subtract would leave rounding errors.
    """

    def add(module: nn.Module, args: tuple, embedded: Tensor) -> Tensor:
        return embedded + shift.to(embedded.dtype)

    handle = model.embedding.register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


def embedded(model: nn.Module, batch: Any) -> Float[Tensor, "B T D"]:
    """The vectors of a batch's tokens, as numbers without a graph, in fp32 or finer."""
    with torch.no_grad():
        x = model.embedding(batch.inputs)
    return x.to(torch.promote_types(x.dtype, torch.float32))


def is_text(batch: Any) -> Bool[Tensor, "B T"]:
    """True where a token may be moved: everywhere but on padding."""
    padding = getattr(batch, "padding", None)
    return torch.ones_like(batch.inputs, dtype=torch.bool) if padding is None else ~padding


def text_units(model: nn.Module, batch: Any, p: float = 2.0) -> Float[Tensor, " B"]:
    """The mean of ||x||_p over the tokens of each text, x their embeddings.

    Sizes of shifts are measured in it. A size in plain numbers would mean one thing at the start
    of a training and another at its end, and a model could flee from it by large embeddings.
    """
    lengths = torch.linalg.vector_norm(embedded(model, batch), p, dim=-1)
    moved = is_text(batch)
    return (lengths * moved).sum(dim=1) / moved.sum(dim=1).clamp(min=1)


def embedding_gradient(
    loss: Loss, model: nn.Module, batch: Any, shift: Float[Tensor, "B T D"]
) -> Float[Tensor, "B T D"]:
    """How the summed loss changes with the embeddings, at a shift; 0 on padding.

    The gradients of the weights are left as they are: nothing has to be set to zero afterwards.
    """
    with torch.enable_grad():
        shift = shift.detach().requires_grad_()
        with shifted(model, shift):
            total, _ = loss(model, batch)
        (gradient,) = torch.autograd.grad(total, shift)
    return gradient * is_text(batch)[..., None]


def random_shift(
    model: nn.Module,
    batch: Any,
    epsilon: float,
    p: float = 2.0,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "B T D"]:
    """A shift in a random direction, of the size that an adversary would have: the control.

    Args:
        model: whose embeddings are shifted.
        batch: B texts.
        epsilon: its ||r||_p in `text_units`.
        p: 1, 2 or inf. The direction is that of independent normal numbers, whatever p is.
        generator: on the CPU; torch's own if None, which a resumed training has again.
    """
    x = embedded(model, batch)
    drawn = torch.randn(x.shape, generator=generator).to(x) * is_text(batch)[..., None]
    scale = epsilon * text_units(model, batch, p) / sizes(drawn, p).clamp(min=1e-30)
    return drawn * scale[:, None, None]


def worst_shift(
    loss: Loss,
    model: nn.Module,
    batch: Any,
    epsilon: float,
    p: float = 2.0,
    n_steps: int = 1,
    step_size: float | None = None,
    start: Float[Tensor, "B T D"] | None = None,
) -> Float[Tensor, "B T D"]:
    """Search the ball of radius epsilon for the shift that raises each text's loss most.

    One step from 0 as long as the radius is FGM (p = 2) or FGSM (p = inf); several shorter ones,
    each followed by a projection into the ball, are PGD. It also attacks a trained model.

    Args:
        loss: what is to rise; each text's part of it may hang on that text alone.
        model: whose embeddings are shifted.
        batch: B texts.
        epsilon: the radius, ||r||_p in `text_units`.
        p: 1, 2 or inf.
        n_steps: how often the gradient is asked.
        step_size: ||step||_p in `text_units`; epsilon for one step, 2.5 epsilon / n_steps for
            more, so that the border can be reached and walked along.
        start: where to begin; 0 if None. A loss that is smallest at 0 needs another start.

    Returns:
        The shift, without a graph.

    Source: arXiv:1605.07725 (FGM), arXiv:1412.6572 (FGSM), arXiv:1706.06083, eq. 2.2 (PGD).
    """
    if n_steps < 1:
        raise ValueError(f"n_steps={n_steps} must be at least 1")
    unit = text_units(model, batch, p)
    if step_size is None:
        step_size = epsilon * min(1.0, 2.5 / n_steps)
    shift = torch.zeros_like(embedded(model, batch)) if start is None else start
    for _ in range(n_steps):
        gradient = embedding_gradient(loss, model, batch, shift)
        shift = project(shift + steepest(gradient, step_size * unit, p), epsilon * unit, p)
    return shift.detach()


class Replay:
    """Makes all passes of one step draw the same random numbers, such as dropout masks.

    Else the difference between two passes would be that of their masks as well, and the adversary
    would attack a model that is not the one that is trained. The first pass draws as it would
    without this; shifts that were drawn before it share no random numbers with it.
    """

    def __init__(self, device: torch.device):
        self.device, self.states = device, None

    def __call__(self, function: Callable) -> Callable:
        def again(*args):
            if self.states is None:
                self.states = self._states()
            else:
                torch.random.set_rng_state(self.states[0])
                if self.device.type == "cuda":
                    torch.cuda.set_rng_state(self.states[1], self.device)
            return function(*args)

        return again

    def _states(self) -> tuple[Tensor, ...]:
        cpu = torch.random.get_rng_state()
        is_cuda = self.device.type == "cuda"
        return (cpu, torch.cuda.get_rng_state(self.device)) if is_cuda else (cpu,)
