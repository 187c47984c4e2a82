"""What lesson 17 asks, what is right, and what people write instead."""

from .document_mask import DOCUMENT_MASK
from .first_fit import FIRST_FIT
from .is_right import IS_RIGHT
from .make_targets import MAKE_TARGETS
from .render import RENDER
from .sample_mean import SAMPLE_MEAN

QUESTIONS = [RENDER, MAKE_TARGETS, SAMPLE_MEAN, FIRST_FIT, DOCUMENT_MASK, IS_RIGHT]
