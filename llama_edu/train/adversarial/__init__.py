"""Train against the worst case: min over weights of the mean of max over small shifts of a loss."""

from llama_edu.train.adversarial.directions import project, sizes, steepest
from llama_edu.train.adversarial.embeddings import (
    Replay,
    embedding_gradient,
    random_shift,
    shifted,
    text_units,
    worst_shift,
)
from llama_edu.train.adversarial.losses import fgm, free_lb, neftune, pgd, random_noise
from llama_edu.train.adversarial.smoothness import (
    divergence,
    next_token_logits,
    smart,
    symmetric_divergence,
    vat,
)
from llama_edu.train.adversarial.softmax import (
    adversarial_output_loss,
    adversarial_softmax,
    adversarial_softmax_loss,
    noisy_softmax_loss,
)
from llama_edu.train.adversarial.tokens import hotflip, swap_gains

__all__ = [
    "Replay", "adversarial_output_loss", "adversarial_softmax", "adversarial_softmax_loss",
    "divergence", "embedding_gradient", "fgm", "free_lb", "hotflip", "neftune",
    "next_token_logits", "noisy_softmax_loss", "pgd", "project", "random_noise", "random_shift",
    "shifted", "sizes", "smart", "steepest", "swap_gains", "symmetric_divergence", "text_units",
    "vat", "worst_shift",
]  # fmt: skip
