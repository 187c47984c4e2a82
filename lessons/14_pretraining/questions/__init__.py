"""What lesson 14 asks, what is right, and what people write instead."""

from .foretell import FORETELL
from .loss_sum import LOSS_SUM
from .mean_gradient import MEAN_GRADIENT
from .peeks import PEEKS
from .share import SHARE
from .windows import WINDOWS

QUESTIONS = [WINDOWS, LOSS_SUM, MEAN_GRADIENT, SHARE, FORETELL, PEEKS]
