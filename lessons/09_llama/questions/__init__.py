"""What lesson 09 asks, what is right, and what people write instead."""

from .attention import ATTENTION
from .block import BLOCK
from .forward import FORWARD
from .loss import LOSS
from .to_meta import TO_META

QUESTIONS = [ATTENTION, BLOCK, FORWARD, LOSS, TO_META]
