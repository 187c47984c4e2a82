"""What lesson 26 asks, what is right, and what people write instead."""

from .bigram_bits import BIGRAM_BITS
from .held_out import HELD_OUT
from .keep import KEEP
from .plan import PLAN
from .trim import TRIM
from .unproven import UNPROVEN

QUESTIONS = [HELD_OUT, PLAN, BIGRAM_BITS, KEEP, TRIM, UNPROVEN]
