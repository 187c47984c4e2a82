"""What lesson 12 asks, what is right, and what people write instead."""

from .balance_loss import BALANCE_LOSS
from .count_params import COUNT_PARAMS
from .gates import GATES
from .has_room import HAS_ROOM
from .mixture import MIXTURE

QUESTIONS = [GATES, MIXTURE, BALANCE_LOSS, HAS_ROOM, COUNT_PARAMS]
