"""What lesson 04 asks, what is right, and what people write instead."""

from .count_pairs import COUNT_PAIRS
from .encode import ENCODE
from .fall_back import FALL_BACK
from .learn import LEARN
from .mark_spaces import MARK_SPACES
from .merge import MERGE

QUESTIONS = [COUNT_PAIRS, MERGE, LEARN, ENCODE, MARK_SPACES, FALL_BACK]
