"""Tokens that are recognized whole in a text, which no merge makes: control tokens and others."""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import groupby

import regex

# Markers that end an answer in the LLaMA family and its relatives, whatever a file says of them.
END_OF_ANSWER = (
    "</s>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|eot|>",
    "<|eom|>",
    "<|im_end|>",
)

EncodeText = Callable[[str], list[int]]
DecodeIds = Callable[[list[int]], str]


class WholeTokens:
    """The part of encoding and decoding that all our tokenizers share.

    Args:
        special: text of each control token -> its id; they mark structure, such as the end of a
            turn, and are found only where a caller asks for them.
        added: text of each token that is found in any text -> its id.
    """

    def __init__(self, special: Mapping[str, int], added: Mapping[str, int]):
        self.ids = {**special, **added}
        self.texts = {i: text for text, i in self.ids.items()}
        self._all, self._added = compile_splitter(self.ids), compile_splitter(added)

    def encode(self, text: str, special: bool, encode_text: EncodeText) -> list[int]:
        """The ids of whole tokens, and of what stands between them.

        Args:
            text: any text without lone surrogates.
            special: whether to find control tokens as well.
            encode_text: gives the ids of plain text.

        Raises:
            ValueError: if `text` holds a lone surrogate, which UTF-8 cannot express.
        """
        check_surrogates(text)
        ids: list[int] = []
        for i, piece in enumerate(split_tokens(text, self._all if special else self._added)):
            ids += [self.ids[piece]] if i % 2 else encode_text(piece)  # the two alternate
        return ids

    def decode(self, ids: Iterable[int], decode_ids: DecodeIds) -> str:
        """The texts of whole tokens, and of each stretch of ids between them.

        Args:
            ids: any that `decode_ids` accepts, and whole tokens.
            decode_ids: gives the text of ordinary ids.
        """
        texts = []
        for is_whole, run in groupby(ids, key=self.texts.__contains__):
            run = list(run)
            texts += [self.texts[i] for i in run] if is_whole else [decode_ids(run)]
        return "".join(texts)


def ends_of_answer(ids: Mapping[str, int], stated: Iterable[int]) -> list[int]:
    """Every id that ends an answer: those stated, and the markers that a vocabulary has.

    ends_of_answer({"</s>": 2, "a": 3}, [7]) -> [2, 7]

    Args:
        ids: text of each token that may be a marker -> its id.
        stated: ids that a checkpoint states.
    """
    return sorted({*stated, *(ids[marker] for marker in END_OF_ANSWER if marker in ids)})


def check_surrogates(text: str) -> None:
    """Raise ValueError if `text` holds a lone surrogate: half a character, not Unicode text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        found = f"{text[error.start]!r} at index {error.start}"
        raise ValueError(f"text must not hold a lone surrogate, got {found}") from None


def compile_splitter(tokens: Collection[str]) -> regex.Pattern | None:
    """What `split_tokens` needs to find these tokens in text; None if there are none."""
    return regex.compile(r"(\L<tokens>)", tokens=list(tokens)) if tokens else None


def split_tokens(text: str, splitter: regex.Pattern | None) -> list[str]:
    """Cut `text` into plain text, token, plain text, ..., plain text; the longest token wins."""
    return splitter.split(text) if splitter else [text]
