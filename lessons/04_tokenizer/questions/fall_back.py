"""4.6 Byte fallback."""

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question


def fall_back(text: str, vocab: dict[str, int], first_byte_id: int) -> list[int]:
    ids = []
    for character in text:
        spelled = [first_byte_id + byte for byte in character.encode("utf-8")]
        ids += [vocab[character]] if character in vocab else spelled
    return ids


def fall_back_cases(generator):
    first = whole(generator, 4, 40)
    letters = [chr(ord("a") + i) for i in pick(generator, 4, 0, 25)]
    vocab = dict(zip([*letters[:3], "中"], pick(generator, 4, 400, 900), strict=True))
    x, y, z, absent = letters
    yield {"text": x + y + x, "vocab": vocab, "first_byte_id": first}
    yield {"text": x + absent + z, "vocab": vocab, "first_byte_id": first}
    yield {"text": "é" + y, "vocab": vocab, "first_byte_id": first}
    yield {"text": y + "中龘", "vocab": vocab, "first_byte_id": first}
    yield {"text": "🤗" + x, "vocab": vocab, "first_byte_id": first}
    yield {"text": "é", "vocab": {"é": 0, x: 1}, "first_byte_id": first}  # 0 is an id too
    yield {"text": f"{x} {x}", "vocab": vocab, "first_byte_id": first}  # a space is a character
    yield {"text": f"龘{y}龘", "vocab": vocab, "first_byte_id": first}
    yield {"text": f"{x}\n", "vocab": {"\n": 500, x: 501}, "first_byte_id": first}
    yield {"text": f"{absent}e\u0301", "vocab": vocab, "first_byte_id": first}  # two characters
    yield {"text": "ﬁ" + x.upper(), "vocab": vocab, "first_byte_id": first}  # one character, no fi
    yield {"text": "", "vocab": vocab, "first_byte_id": first}


SPELLED = '[first_byte_id + byte for byte in character.encode("utf-8")]'
ENCODED = 'character.encode("utf-8")'

FALL_BACK = Question(
    "tokenizer.fall_back",
    points=2,
    cases=fall_back_cases,
    reference=fall_back,
    equivalent_mutants={
        "ids += [first_byte_id + byte for byte in character.encode('utf-8')] -> "
        "ids += [first_byte_id + byte for byte in character.encode()]": (
            "UTF-8 is what encode uses by default"
        ),
    },
    misconceptions=[
        Misconception(
            "no_offset",
            {"first_byte_id + byte": "byte"},
            says="the bytes themselves are taken for ids",
            hint="The first ids of a vocabulary are control tokens; where do the bytes begin?",
        ),
        Misconception(
            "offset_for_all",
            {"vocab[character])": "first_byte_id + vocab[character])"},
            says="first_byte_id is added to every id, also to those of the vocabulary",
            hint="What the vocabulary holds has its id already. To what is first_byte_id added?",
        ),
        Misconception(
            "code_point",
            {SPELLED: "[first_byte_id + ord(character)]"},
            says="one id is made from the code point of the character",
            hint="There are 256 byte tokens, and far more code points. Which bytes spell the "
            "character in UTF-8?",
        ),
        Misconception(
            "code_point_below_256",
            {
                SPELLED: f"[first_byte_id + b for b in ([ord(character)] if ord(character) < 256 "
                f"else {ENCODED})]"
            },
            says="a code point below 256 is taken for a byte",
            hint="é is 233, and yet two bytes in UTF-8. Up to which code point is a character one "
            "byte? `encode` knows it.",
        ),
        Misconception(
            "unknown",
            {SPELLED: "[0]"},
            says="what is missing becomes the unknown token, 0",
            hint="That loses what it was. Byte fallback is there so that nothing is unknown.",
        ),
        Misconception(
            "one_id_for_all",
            {SPELLED: "[first_byte_id]"},
            says="whatever is missing becomes first_byte_id",
            hint="That is the token of byte 0. Which bytes spell the character?",
        ),
        Misconception(
            "left_out",
            {SPELLED: "[]"},
            says="what is missing is left out",
            hint="Nothing may get lost: how is the character spelled?",
        ),
        Misconception(
            "first_byte_only",
            {ENCODED: f"{ENCODED}[:1]"},
            says="only the first byte of a character is written",
            hint="A character may have up to four bytes, and all of them are needed.",
        ),
        Misconception(
            "bytes_only",
            {"if character in vocab": "if False"},
            says="every character is spelled in bytes",
            hint="A character that the vocabulary holds is one token; ask it first.",
        ),
        Misconception(
            "ascii_spelled",
            {"if character in vocab": "if character in vocab and not character.isascii()"},
            says="characters of ASCII are spelled in bytes, also those that the vocabulary holds",
            hint="Which question comes first: is it a byte, or does the vocabulary hold it?",
        ),
        Misconception(
            "byte_by_byte",
            {
                "in text": 'in map(chr, text.encode("utf-8"))',
                ENCODED: 'character.encode("latin-1")',
            },
            says="the text is gone through byte by byte, and only characters of ASCII are found",
            hint="中 is one character and three bytes, and `chr` of a byte is not 中. What should "
            "the loop go through?",
        ),
        Misconception(
            "whole_text",
            {"if character in vocab": "if all(each in vocab for each in text)"},
            says="a single missing character sends the whole text into bytes",
            hint="Decide for each character by itself.",
        ),
        Misconception(
            "text_for_each",
            {"character.encode": "text.encode"},
            says="the whole text is spelled out for each character that is missing",
            hint="Which string do you encode?",
        ),
        Misconception(
            "zero_is_missing",
            {"character in vocab": "vocab.get(character)"},
            says="a character whose id is 0 is taken for missing",
            hint="0 is an id like any other, but it counts as false. How can you ask whether a key "
            "is there?",
        ),
        Misconception(
            "known_twice",
            {"        else:\n            ids": "        ids"},
            says="what the vocabulary holds is spelled in bytes as well",
            hint="One or the other: is there an `else`?",
        ),
        Misconception(
            "marked",
            {"in text": 'in text.replace(" ", "▁")'},
            says="a space is written as ▁ first",
            hint="That was 4.5. Here a space is a character like any other: is it in the "
            "vocabulary?",
        ),
        Misconception(
            "first_character_only",
            {"    return ids": "        return ids"},
            says="only the first character is looked at",
            hint="A `return` inside the loop ends the function in its first round: how far is it "
            "indented?",
        ),
    ],
)
