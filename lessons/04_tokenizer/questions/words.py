"""Words as token ids, as the cases of several questions have them."""

import torch

from llama_edu.course.checking.draw import whole

Word = tuple[int, ...]
Pair = tuple[int, int]


def word(generator: torch.Generator, length: int, alphabet: list[int]) -> Word:
    return tuple(alphabet[whole(generator, 0, len(alphabet) - 1)] for _ in range(length))
