"""What lesson 15 asks, what is right, and what people write instead."""

from .bits_per_byte import BITS_PER_BYTE
from .calibration_error import CALIBRATION_ERROR
from .option_score import OPTION_SCORE
from .paired_difference import PAIRED_DIFFERENCE
from .wilson import WILSON
from .windows import WINDOWS

QUESTIONS = [
    BITS_PER_BYTE,
    WINDOWS,
    OPTION_SCORE,
    WILSON,
    PAIRED_DIFFERENCE,
    CALIBRATION_ERROR,
]
