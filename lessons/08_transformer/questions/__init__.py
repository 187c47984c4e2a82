"""What lesson 08 asks, what is right, and what people write instead."""

from .cross_attention import CROSS_ATTENTION
from .feed_forward_sublayer import FEED_FORWARD_SUBLAYER
from .greedy import GREEDY
from .masked_loss import MASKED_LOSS
from .target_mask import TARGET_MASK
from .teacher_forcing import TEACHER_FORCING

QUESTIONS = [
    TEACHER_FORCING,
    TARGET_MASK,
    CROSS_ATTENTION,
    FEED_FORWARD_SUBLAYER,
    MASKED_LOSS,
    GREEDY,
]
