"""Augmentation: more examples from those that are there, with their labels still true.

Always after the split: a copy of a test example in training is a leak, however it is reworded.
"""

from llama_edu.data.augment.eda import OPERATIONS, rewrite
from llama_edu.data.augment.round_trip import RoundTrip, is_usable
from llama_edu.data.augment.training import augment_training
from llama_edu.data.augment.wordnet import WordNet

__all__ = ["OPERATIONS", "RoundTrip", "WordNet", "augment_training", "is_usable", "rewrite"]
