"""What lesson 01 asks, what is right, and what people write instead."""

from .cache_bytes import CACHE_BYTES
from .ffn_width import FFN_WIDTH
from .flops_per_token import FLOPS_PER_TOKEN
from .longest_text import LONGEST_TEXT
from .parameters import PARAMETERS

QUESTIONS = [PARAMETERS, FFN_WIDTH, CACHE_BYTES, LONGEST_TEXT, FLOPS_PER_TOKEN]
