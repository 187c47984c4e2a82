"""What lesson 11 asks, what is right, and what people write instead."""

from .blockwise import BLOCKWISE
from .chunked import CHUNKED
from .layers_to_reach import LAYERS_TO_REACH
from .merge import MERGE
from .sliding_window import SLIDING_WINDOW
from .slots import SLOTS

QUESTIONS = [SLIDING_WINDOW, CHUNKED, LAYERS_TO_REACH, MERGE, BLOCKWISE, SLOTS]
