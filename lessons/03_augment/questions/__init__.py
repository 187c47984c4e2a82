"""What lesson 03 asks, what is right, and what people write instead."""

from .delete import DELETE
from .how_many import HOW_MANY
from .kappa import KAPPA
from .overlap import OVERLAP
from .replace import REPLACE

QUESTIONS = [HOW_MANY, DELETE, REPLACE, KAPPA, OVERLAP]
