"""What lesson 13 asks, what is right, and what people write instead."""

from .adamw_step import ADAMW_STEP
from .clip import CLIP
from .cross_entropy_back import CROSS_ENTROPY_BACK
from .go_back import GO_BACK
from .lamb_step import LAMB_STEP
from .rms_norm_back import RMS_NORM_BACK

QUESTIONS = [GO_BACK, CROSS_ENTROPY_BACK, RMS_NORM_BACK, ADAMW_STEP, LAMB_STEP, CLIP]
