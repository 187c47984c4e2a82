"""What lesson 05 asks, what is right, and what people write instead."""

from .attend import ATTEND
from .causal_mask import CAUSAL_MASK
from .grouped_attention import GROUPED_ATTENTION
from .scores import SCORES
from .self_attention import SELF_ATTENTION
from .softmax import SOFTMAX
from .split_heads import SPLIT_HEADS

QUESTIONS = [
    SCORES,
    SOFTMAX,
    CAUSAL_MASK,
    ATTEND,
    SPLIT_HEADS,
    GROUPED_ATTENTION,
    SELF_ATTENTION,
]
