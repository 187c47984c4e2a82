"""What lesson 07 asks, what is right, and what people write instead."""

from .block import BLOCK
from .hidden_width import HIDDEN_WIDTH
from .layer_norm import LAYER_NORM
from .narrow_rms_norm import NARROW_RMS_NORM
from .rms_norm import RMS_NORM
from .swiglu import SWIGLU

QUESTIONS = [RMS_NORM, LAYER_NORM, NARROW_RMS_NORM, SWIGLU, HIDDEN_WIDTH, BLOCK]
