"""What lesson 14 asks, what is right, and what people write instead."""

from .loss_sum import LOSS_SUM
from .mean_gradient import MEAN_GRADIENT
from .peeks import PEEKS
from .predict_loss import PREDICT_LOSS
from .share import SHARE
from .windows import WINDOWS

QUESTIONS = [WINDOWS, LOSS_SUM, MEAN_GRADIENT, SHARE, PREDICT_LOSS, PEEKS]
