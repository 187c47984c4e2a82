"""What lesson 18 asks, what is right, and what people write instead."""

from .cosines import COSINES
from .rates import RATES
from .surgery import SURGERY
from .task_means import TASK_MEANS
from .weighted import WEIGHTED

QUESTIONS = [RATES, TASK_MEANS, COSINES, SURGERY, WEIGHTED]
