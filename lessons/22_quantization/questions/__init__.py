"""What lesson 22 asks, what is right, and what people write instead."""

from .absmax import ABSMAX
from .dequantize import DEQUANTIZE
from .gptq import GPTQ
from .nearest import NEAREST
from .outliers_apart import OUTLIERS_APART

QUESTIONS = [ABSMAX, DEQUANTIZE, NEAREST, OUTLIERS_APART, GPTQ]
