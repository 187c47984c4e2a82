"""What lesson 16 asks, what is right, and what people write instead."""

from .adversarial_softmax import ADVERSARIAL_SOFTMAX
from .pgd import PGD
from .project import PROJECT
from .steepest import STEEPEST
from .symmetric_divergence import SYMMETRIC_DIVERGENCE

QUESTIONS = [STEEPEST, PROJECT, PGD, ADVERSARIAL_SOFTMAX, SYMMETRIC_DIVERGENCE]
