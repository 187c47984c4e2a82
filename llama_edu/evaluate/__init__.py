"""How good is a model: likelihood of text, right answers and their error bars, what to beat."""

from llama_edu.evaluate.baselines import baselines, packed_bits_per_byte
from llama_edu.evaluate.calibration import Bin, Calibration, calibration
from llama_edu.evaluate.choice import Choice, choose
from llama_edu.evaluate.likelihood import bits_per_byte, perplexity, token_losses, windows
from llama_edu.evaluate.ngram import ByteNgram, fit_ngram
from llama_edu.evaluate.samples import pass_at_k
from llama_edu.evaluate.scores import (
    Score,
    bootstrap,
    exact_match,
    paired_difference,
    questions_needed,
    wilson,
)

__all__ = [
    "Bin", "ByteNgram", "Calibration", "Choice", "Score", "baselines", "bits_per_byte", "bootstrap",
    "calibration", "choose", "exact_match", "fit_ngram", "packed_bits_per_byte",
    "paired_difference", "pass_at_k", "perplexity", "questions_needed", "token_losses", "wilson",
    "windows",
]  # fmt: skip
