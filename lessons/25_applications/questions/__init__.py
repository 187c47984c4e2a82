"""What lesson 25 asks, what is right, and what people write instead."""

from .bm25 import BM25_SCORES
from .calculate import CALCULATE
from .fill_budget import FILL_BUDGET
from .find_call import FIND_CALL
from .read_events import READ_EVENTS

QUESTIONS = [BM25_SCORES, FILL_BUDGET, FIND_CALL, CALCULATE, READ_EVENTS]
