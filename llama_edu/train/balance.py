"""Keep the experts of a mixture busy: the load-balance loss, for any model and any loss."""

from collections.abc import Callable

from jaxtyping import Float, Int
from torch import Tensor, nn

from llama_edu.model.moe import balance_loss, recorded_routings

Loss = Callable[..., tuple[Float[Tensor, ""], Int[Tensor, ""]]]


def balanced(loss: Loss, weight: float) -> Loss:
    """A loss plus `weight` times the balance loss of each layer of experts, for every target.

    Args:
        loss: `loss(model, batch)` -> the sum in nats and the number of targets.
        weight: nats a target; 0.01 in the Switch Transformer.

    Raises:
        ValueError: if the weight is negative, or the model has no experts.

    Source: arXiv:2101.03961, sec. 2.2.
    """
    if weight < 0:
        raise ValueError(f"weight must not be negative, got {weight}")

    def with_balance(model: nn.Module, batch, **options):
        with recorded_routings(model) as routings:
            total, n_targets = loss(model, batch, **options)
        if not routings:
            raise ValueError("the model has no mixture of experts to balance")
        return total + weight * n_targets * sum(map(balance_loss, routings)), n_targets

    return with_balance
