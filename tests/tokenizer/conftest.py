"""Small vocabularies, each trained once a run."""

from collections.abc import Callable

import pytest
from tokenizers import Tokenizer

from tests.tokenizer.oracles import PRE_TOKENIZERS, train_bpe, train_sentencepiece


@pytest.fixture(scope="session")
def trained_bpe() -> Callable[[str], Tokenizer]:
    """Name of a pre-tokenizer -> a vocabulary trained with it."""
    return {name: train_bpe(name) for name in PRE_TOKENIZERS}.__getitem__


@pytest.fixture(scope="session")
def sentencepiece_model() -> bytes:
    return train_sentencepiece()
