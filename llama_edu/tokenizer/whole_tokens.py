"""Tokens that are recognized whole in a text, which no merge makes: control tokens and others."""

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

import regex

from llama_edu.reading import shown

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


class Flags(NamedTuple):
    """How a token is found in text, as tokenizer.json says it.

    Args:
        lstrip: whether it swallows the white space before it.
        rstrip: whether it swallows the white space after it.
        single_word: whether it is found only where no letter or digit touches it.
        normalized: whether it is looked for after the others are found.
    """

    lstrip: bool = False
    rstrip: bool = False
    single_word: bool = False
    normalized: bool = False


NO_FLAGS = Flags()
SPACE, SPACES = regex.compile(r"\s"), regex.compile(r"\s*")
WORD = regex.compile(r"[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]")

EncodeText = Callable[[str], list[int]]
DecodeIds = Callable[[list[int]], str]


class WholeTokens:
    """The part of encoding and decoding that all our tokenizers share.

    Args:
        special: text of each control token -> its id; they mark structure, such as the end of a
            turn, and are found only where a caller asks for them.
        added: text of each token that is found in any text -> its id.
        flags: text of a token -> how it is found, where that is not as plain text.

    Source: `find_matches` of the tokenizers library, src/tokenizer/added_vocabulary.rs.
    """

    def __init__(
        self,
        special: Mapping[str, int],
        added: Mapping[str, int],
        flags: Mapping[str, Flags] | None = None,
    ):
        self.ids = {**special, **added}
        self.texts = {i: text for text, i in self.ids.items()}
        self.flags = {text: Flags(*found) for text, found in (flags or {}).items() if any(found)}
        self._all, self._added = self._compile(self.ids), self._compile(added)

    def encode(
        self,
        text: str,
        special: bool,
        encode_text: EncodeText,
        encode_first: EncodeText | None = None,
    ) -> list[int]:
        """The ids of whole tokens, and of what stands between them.

        Args:
            text: any text without lone surrogates.
            special: whether to find control tokens as well.
            encode_text: gives the ids of plain text.
            encode_first: does so for what opens the text, where that is another matter.

        Raises:
            ValueError: if `text` is no text, or holds a lone surrogate, which UTF-8 cannot express.
        """
        check_text(text)
        pieces: list[tuple[str | int, int]] = [(text, 0)] if text else []
        for splitter in self._all if special else self._added:
            pieces = [part for piece in pieces for part in self._cut(*piece, splitter)]
        ids: list[int] = []
        for piece, start in pieces:
            if isinstance(piece, int):
                ids.append(piece)
            else:
                ids += (encode_text if start or encode_first is None else encode_first)(piece)
        return ids

    def decode(
        self, ids: Iterable[int], decode_ids: DecodeIds, decode_first: DecodeIds | None = None
    ) -> str:
        """The texts of whole tokens, and of each stretch of ids between them.

        Args:
            ids: any that `decode_ids` accepts, and whole tokens.
            decode_ids: gives the text of ordinary ids.
            decode_first: does so for those that open a text, where that is another matter.
        """
        texts: list[str] = []
        for is_whole, run in groupby(ids, key=self.texts.__contains__):
            run = list(run)
            if is_whole:
                texts += [self.texts[i] for i in run]
            else:
                texts.append((decode_ids if texts or decode_first is None else decode_first)(run))
        return "".join(texts)

    def _compile(self, tokens: Collection[str]) -> list[regex.Pattern]:
        """What finds these tokens: those as they stand, then those after normalizing."""
        late = {token for token in tokens if self.flags.get(token, NO_FLAGS).normalized}
        groups = [[token for token in tokens if token not in late and token], sorted(late - {""})]
        return [regex.compile(r"\L<tokens>", tokens=group) for group in groups if group]

    def _cut(
        self, piece: str | int, start: int, splitter: regex.Pattern
    ) -> Iterator[tuple[str | int, int]]:
        """Plain text and the ids of tokens in it, each with where it begins; the longest wins."""
        if isinstance(piece, int):
            yield piece, start
            return
        done = 0
        for match in splitter.finditer(piece):
            flags = self.flags.get(match[0], NO_FLAGS)
            begin, end = match.span()
            touches = (begin and WORD.match(piece, begin - 1)) or WORD.match(piece, end)
            if flags.single_word and touches:
                continue
            if flags.lstrip:
                while begin > done and SPACE.match(piece, begin - 1):
                    begin -= 1
            if flags.rstrip:
                end = SPACES.match(piece, end).end()
            if done < begin:
                yield piece[done:begin], start + done
            yield self.ids[match[0]], start + begin
            done = max(done, end)
        if done < len(piece):
            yield piece[done:], start + done


def compile_splitter(tokens: Collection[str]) -> regex.Pattern | None:
    """What `split_tokens` needs to find these tokens in text; None if there are none."""
    return regex.compile(r"(\L<tokens>)", tokens=list(tokens)) if tokens else None


def split_tokens(text: str, splitter: regex.Pattern | None) -> list[str]:
    """Cut `text` into plain text, token, plain text, ..., plain text; the longest token wins."""
    return splitter.split(text) if splitter else [text]


def ends_of_answer(ids: Mapping[str, int], stated: Iterable[int]) -> list[int]:
    """Every id that ends an answer: those stated, and the markers that a vocabulary has.

    ends_of_answer({"</s>": 2, "a": 3}, [7]) -> [2, 7]

    Args:
        ids: text of each token that may be a marker -> its id.
        stated: ids that a checkpoint states.
    """
    return sorted({*stated, *(ids[marker] for marker in END_OF_ANSWER if marker in ids)})


def check_text(text: Any) -> None:
    """Raise ValueError if `text` is no str, or no Unicode text."""
    if not isinstance(text, str):
        raise ValueError(f"text must be one str, got {type(text).__name__} {shown(text)}")
    check_surrogates(text)


def check_surrogates(text: str) -> None:
    """Raise ValueError if `text` holds a lone surrogate: half a character, not Unicode text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        found = f"{text[error.start]!r} at index {error.start}"
        raise ValueError(f"text must not hold a lone surrogate, got {found}") from None


def list_of_ids(ids: Any) -> list[int]:
    """The ids of one text as whole numbers, from a list, an array, a tensor, or a single id.

    list_of_ids(torch.tensor([1, 2])) -> [1, 2]

    Raises:
        ValueError: if they are something else, such as those of several texts.
    """
    if hasattr(ids, "tolist"):
        ids = ids.tolist()
    try:
        if isinstance(ids, bytes):  # would be read as numbers
            raise TypeError
        return [operator.index(i) for i in ([ids] if isinstance(ids, int) else ids)]
    except TypeError:
        raise ValueError(
            f"ids must be whole numbers, those of one text, got {shown(ids)}"
        ) from None
