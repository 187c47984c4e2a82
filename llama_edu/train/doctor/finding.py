"""What the doctor can name, and what it says to do about each."""

from dataclasses import dataclass

ADVICE = {
    "unshifted targets": "Shift the targets by one: the token at place t is the target of place "
    "t - 1. Train anew: this model has learned to copy.",
    "targets shifted twice": "Shift in one place alone, in the batch or in the loss. Train anew.",
    "mask lets the future in": "Give attention a causal mask: a token may look at itself and at "
    "what came before. Train anew: this model has learned to read ahead.",
    "not a number in bf16": "Take this computation in fp32: what is 1 - p, log or exp of a small "
    "difference has too few digits in bf16. The batch that did it is kept beside the metrics.",
    "not a number": "Look at the batch that is kept beside the metrics, then at the learning rate "
    "and at every division and logarithm of the loss.",
    "one batch repeated": "Ask for the next batch in every step. Train anew.",
    "held-out text in training": "Divide the text first, remove duplicates across the parts, and "
    "only then train. Until then the held-out loss says nothing about new text.",
    "loss on padding": "Give padding the target -100, so that it does not count.",
    "wrong mean": "Add up the losses of all targets and divide once by how many they are.",
    "order never changes": "Shuffle anew in every epoch, with a seed of the epoch.",
    "text in its order": "Shuffle the windows: neighbours are alike, and a step should see "
    "different texts.",
    "too little text": "Stop where the held-out loss was lowest (checkpoints/best is that model), "
    "take more text or a smaller model.",
    "exploding gradients": "Look at the first weights (the class's own have a spread of 0.02), at "
    "the norms, and at the clipping (max_grad_norm 1.0).",
    "vanishing gradients": "Find what makes the signal small between input and loss: a norm's eps, "
    "first weights near 0, a scale that divides twice.",
    "learning rate too high": "Lower the learning rate to that of the trial, and look again.",
    "learning rate too low": "Raise the learning rate to that of the trial, and look again.",
    "no warm-up": "Let the learning rate rise over the first steps, or lower it.",
    "not the settings": "The same settings do better with the package's first weights and loss: "
    "look at what this run did in its own way.",
    "underfitting": "Train longer while the loss still falls; if it does not, take a larger model.",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """A fault of a run.

    Args:
        name: one of `ADVICE`.
        evidence: what shows it, in numbers and steps; whole sentences.
    """

    name: str
    evidence: str

    def __post_init__(self):
        if self.name not in ADVICE:
            raise ValueError(f"name must be one of {', '.join(ADVICE)}, got {self.name!r}")

    @property
    def advice(self) -> str:
        """What to do."""
        return ADVICE[self.name]
