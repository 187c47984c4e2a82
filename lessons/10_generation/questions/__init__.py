"""What lesson 10 asks, what is right, and what people write instead."""

from .accept import ACCEPT
from .attend_step import ATTEND_STEP
from .draw import DRAW
from .pad_left import PAD_LEFT
from .top_k import TOP_K
from .top_p import TOP_P

QUESTIONS = [TOP_K, TOP_P, DRAW, ATTEND_STEP, PAD_LEFT, ACCEPT]
