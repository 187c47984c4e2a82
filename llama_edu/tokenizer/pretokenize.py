"""Cut text into the chunks, about a word each, inside which byte pairs may merge.

Each model was trained with its own cut, and a tokenizer that cuts elsewhere yields ids the model
has hardly seen: "  12" is "  ", "1", "2" for SmolLM2, " ", " ", "12" for Llama 3.
"""

from collections.abc import Iterable, Sequence

import regex

from llama_edu.reading import shown

# Source: GPT-2's encoder.py (Radford et al., 2019).
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

# Source: meta-llama/llama-models, models/llama3/tokenizer.py.
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

DIGIT = r"\p{N}|\P{N}+"  # each digit alone, everything between two digits together

# `tokenizer.ggml.pre` of a GGUF file -> the patterns to apply one after the other.
GGUF_PATTERNS: dict[str, tuple[str, ...]] = {
    "gpt-2": (GPT2,),
    "smollm": (DIGIT, GPT2),
    "llama-bpe": (LLAMA3,),
    "llama3": (LLAMA3,),
    "llama-v3": (LLAMA3,),
}


def compile_pattern(pattern: str) -> regex.Pattern:
    r"""Compile a pattern so that its matches, and what lies between them, cover any text.

    With `\p{N}`, "ab12" becomes "ab", "1", "2".

    Args:
        pattern: regular expression in the syntax of the `regex` package, without capturing
            groups, that cannot match the empty string.

    Raises:
        ValueError: if the pattern has capturing groups, matches "" or is not a valid one.
    """
    if not isinstance(pattern, str):
        raise ValueError(f"pattern must be a regular expression, got {shown(pattern)}")
    try:
        # Without the second alternative `findall` would silently drop the text between matches.
        compiled = regex.compile(rf"{pattern}|(?:(?!{pattern})(?s:.))+")
    except regex.error as error:
        raise ValueError(f"pattern={pattern!r} is not a regular expression: {error}") from None
    if compiled.groups or regex.match(pattern, ""):
        raise ValueError(f"pattern={pattern!r} must not have groups, nor match the empty string")
    return compiled


def split_chunks(text: str, patterns: Iterable[regex.Pattern]) -> list[str]:
    """Cut `text` by the first pattern, each piece by the second, and so on; joined, it is `text`.

    Args:
        text: any text.
        patterns: from `compile_pattern`, in order.
    """
    chunks = [text]
    for pattern in patterns:
        chunks = [piece for chunk in chunks for piece in pattern.findall(chunk)]
    return chunks


def patterns_of_gguf(name: str | None) -> Sequence[str]:
    """The patterns that the `tokenizer.ggml.pre` of a GGUF file stands for.

    Raises:
        ValueError: if the name is unknown; a guess would give wrong ids without a word.
    """
    if name not in GGUF_PATTERNS:
        known = ", ".join(GGUF_PATTERNS)
        raise ValueError(f"tokenizer.ggml.pre={name!r} is not a pre-tokenizer known here: {known}")
    return GGUF_PATTERNS[name]


# What Oniguruma, the regular expressions of the tokenizers library, and ours read alike. What is
# not here may be valid in both and mean something else: \\h is a hexadecimal digit there and a
# space here, $ is the end of a line there and of the text here, && intersects sets there alone.
_SCRIPTS = "Han|Hiragana|Katakana|Hangul|Latin|Cyrillic|Greek|Arabic|Hebrew|Thai|Devanagari"
_ITEM = rf"""(?: \\[pP]\{{\^?(?:[LMNPSZ][a-z]?|{_SCRIPTS})\}} | \\[sSdDrntvf] | \\[^\w\s]
    | \\x[0-9A-Fa-f]{{2}} | \\u[0-9A-Fa-f]{{4}} )"""
_SET = rf"""\[ \^? (?: {_ITEM} | (?! && | -- | ~~ | \|\| ) [^\[\]\\] )+ \]"""
_ENDING = r"'? (?: \[[sdmt]+\] | [sdmt] | ll | ve | re )"
_ANY_CASE = rf"\(\?i: {_ENDING} (?: \| {_ENDING} )* \)"
_GROUP = r"""\(\?(?:[:=!>]|<[=!]) | \) | \\[bw]"""
_REPEAT = r"""(?: [?*+][?+]? | \{\d+(?:,\d*)?\} \?? (?![?*+]) )?"""
_PART = rf"{_ITEM} | {_SET} | {_ANY_CASE} | {_GROUP} | \| | \. | [^\\\[\](){{}}|.?*+^$]"
_COMMON = regex.compile(rf"(?: (?: {_PART} ) {_REPEAT} )*", regex.VERBOSE)
# A word may hold ² there, and no joiner of emoji.
_WORD = r"(?:(?![\u200c\u200d])\w|[²³¹¼½¾])"
_SPELLED = {r"\w": _WORD, r"\b": f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))"}
_SET_OR_ESCAPE = regex.compile(rf"{_SET} | \\.", regex.VERBOSE)


def same_in_both(pattern: str) -> str:
    r"""The pattern as our regular expressions read it, cutting as the tokenizers library does.

    Raises:
        ValueError: naming the first place where the two may differ, such as `\h`, `$` or `&&`.
    """
    understood = _COMMON.match(pattern)
    if understood.end() < len(pattern):
        raise ValueError(
            f"pre_tokenizer pattern {pattern!r:.200} is not supported from "
            f"{pattern[understood.end() :]!r:.20} on: it may mean something else here"
        )
    return _SET_OR_ESCAPE.sub(lambda found: _SPELLED.get(found[0], found[0]), pattern)


def gguf_name_of(patterns: Sequence[str]) -> str:
    """The `tokenizer.ggml.pre` that stands for these patterns.

    Raises:
        ValueError: if none does.
    """
    for name, known in GGUF_PATTERNS.items():
        if tuple(patterns) == known:
            return name
    raise ValueError(
        f"a GGUF file names how a tokenizer cuts text, and has no name for {list(patterns)}: "
        f"known are {', '.join(GGUF_PATTERNS)}"
    )


def patterns_of_json(pre_tokenizer: dict | None) -> list[str]:
    """The patterns that the `pre_tokenizer` of a byte-level tokenizer.json stands for.

    Args:
        pre_tokenizer: `ByteLevel`, or a `Sequence` of `Split` and `Digits` that ends in it.

    Raises:
        ValueError: if it has a step that is not supported, or does not end in `ByteLevel`.
    """
    steps = [pre_tokenizer]
    if pre_tokenizer and pre_tokenizer["type"] == "Sequence":
        steps = pre_tokenizer["pretokenizers"]
    patterns = []
    for position, step in enumerate(steps, start=1):
        is_last = position == len(steps)
        match step:
            # After ByteLevel the text is in the byte alphabet, so nothing may follow it.
            case {"type": "ByteLevel", "add_prefix_space": False} if is_last:
                return [*patterns, GPT2] if step.get("use_regex", True) else patterns
            case {"type": "Digits", "individual_digits": bool(alone)}:
                patterns.append(DIGIT if alone else r"\p{N}+|\P{N}+")
            case {"type": "Split", "pattern": {"Regex": str(pattern)}, "behavior": "Isolated"} if (
                not step.get("invert")
            ):
                patterns.append(same_in_both(pattern))
            case _:
                raise ValueError(f"pre_tokenizer step {position} is not supported: {step}")
    raise ValueError(f"pre_tokenizer must end in ByteLevel, got {pre_tokenizer}")
