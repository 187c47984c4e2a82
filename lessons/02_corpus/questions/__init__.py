"""What lesson 02 asks, what is right, and what people write instead."""

from .candidates import CANDIDATES
from .check_digit import CHECK_DIGIT
from .repeated_share import REPEATED_SHARE
from .signature import SIGNATURE
from .similarity import SIMILARITY

QUESTIONS = [REPEATED_SHARE, CHECK_DIGIT, SIMILARITY, SIGNATURE, CANDIDATES]
