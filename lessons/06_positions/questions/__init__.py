"""What lesson 06 asks, what is right, and what people write instead."""

from .interleave_rows import INTERLEAVE_ROWS
from .inverse_frequencies import INVERSE_FREQUENCIES
from .rotate import ROTATE
from .rotate_half_split import ROTATE_HALF_SPLIT
from .scale_frequencies import SCALE_FREQUENCIES
from .sinusoids import SINUSOIDS

QUESTIONS = [
    INVERSE_FREQUENCIES, SINUSOIDS, ROTATE, ROTATE_HALF_SPLIT, INTERLEAVE_ROWS, SCALE_FREQUENCIES
]  # fmt: skip
