"""What lesson 19 asks, what is right, and what people write instead."""

from .best import BEST
from .best_of import BEST_OF
from .dpo import DPO
from .kl import KL
from .log_probability import LOG_PROBABILITY
from .ranking_loss import RANKING_LOSS

QUESTIONS = [LOG_PROBABILITY, RANKING_LOSS, DPO, BEST, BEST_OF, KL]
