"""What lesson 23 asks, what is right, and what people write instead."""

from .activity import ACTIVITY
from .distance import DISTANCE
from .prune_units import PRUNE_UNITS
from .query_heads import QUERY_HEADS
from .student_loss import STUDENT_LOSS

QUESTIONS = [DISTANCE, STUDENT_LOSS, ACTIVITY, PRUNE_UNITS, QUERY_HEADS]
