"""What lesson 24 asks, what is right, and what people write instead."""

from .break_even import BREAK_EVEN
from .days import DAYS
from .tonnes import TONNES
from .training_flops import TRAINING_FLOPS
from .wrong_rows import WRONG_ROWS

QUESTIONS = [TRAINING_FLOPS, DAYS, TONNES, WRONG_ROWS, BREAK_EVEN]
