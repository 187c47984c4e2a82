"""What lesson 21 asks, what is right, and what people write instead."""

from .dora import DORA
from .largest_rank import LARGEST_RANK
from .lora import LORA
from .merge import MERGE
from .nearest import NEAREST
from .start import START

QUESTIONS = [NEAREST, LARGEST_RANK, START, LORA, MERGE, DORA]
