"""4.6 Byte fallback."""

import unicodedata

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


def utf_8(character: str, first: int) -> list[int]:
    return [first + byte for byte in character.encode("utf-8")]


def spelled_with(spell):
    """Byte fallback with another spelling of what the vocabulary lacks."""

    def fall_back_otherwise(text, vocab, first_byte_id):
        ids = []
        for character in text:
            known = character in vocab
            ids += [vocab[character]] if known else spell(character, first_byte_id)
        return ids

    return fall_back_otherwise


def whole_text(text, vocab, first_byte_id):
    is_known = all(character in vocab for character in text)
    return fall_back(text, vocab if is_known else {}, first_byte_id)


def known_twice(text, vocab, first_byte_id):
    ids = []
    for character in text:
        ids += [vocab[character]] if character in vocab else []
        ids += utf_8(character, first_byte_id)
    return ids


def text_for_each(text, vocab, first_byte_id):
    return spelled_with(lambda _, first: utf_8(text, first))(text, vocab, first_byte_id)


def looked_up_all_the_same(text, vocab, first_byte_id):
    return [vocab[character] for character in text]


def new_ids(text, vocab, first_byte_id):
    ids = dict(vocab)
    return [ids.setdefault(character, len(ids)) for character in text]


def all_moved(text, vocab, first_byte_id):
    return fall_back(text, {c: first_byte_id + i for c, i in vocab.items()}, first_byte_id)


def ascii_looked_up(text, vocab, first_byte_id):
    return fall_back(text, {c: i for c, i in vocab.items() if c.isascii()}, first_byte_id)


def zero_is_missing(text, vocab, first_byte_id):
    return fall_back(text, {character: i for character, i in vocab.items() if i}, first_byte_id)


def place_as_key(text, vocab, first_byte_id):
    ids = []
    for i, character in enumerate(text):
        ids += [vocab[i]] if character in vocab else utf_8(character, first_byte_id)
    return ids


def spelled_once(text, vocab, first_byte_id):
    seen, ids = set(), []
    for character in text:
        if character not in seen:
            ids += fall_back(character, vocab, first_byte_id)
        if character not in vocab:
            seen.add(character)
    return ids


def ends_at_a_missing_one(text, vocab, first_byte_id):
    n_known = next((i for i, c in enumerate(text) if c not in vocab), len(text))
    return fall_back(text[: n_known + 1], vocab, first_byte_id)


def known_first(text, vocab, first_byte_id):
    return fall_back("".join(sorted(text, key=lambda c: c not in vocab)), vocab, first_byte_id)


def known_once_per_byte(text, vocab, first_byte_id):
    repeated = "".join(c * len(c.encode()) if c in vocab else c for c in text)
    return fall_back(repeated, vocab, first_byte_id)


def changed_before(change):
    """Byte fallback on another text."""
    return lambda text, vocab, first_byte_id: fall_back(change(text), vocab, first_byte_id)


def rest_in_bytes(text, vocab, first_byte_id):
    n_known = next((i for i, c in enumerate(text) if c not in vocab), len(text))
    known = [vocab[character] for character in text[:n_known]]
    return known + utf_8(text[n_known:], first_byte_id)


def asked_the_wrong_way_round(text, vocab, first_byte_id):
    ids = []
    for character in text:
        ids += utf_8(character, first_byte_id) if character in vocab else [vocab[character]]
    return ids


def place_in_vocab(text, vocab, first_byte_id):
    places = {character: i for i, character in enumerate(vocab)}
    return fall_back(text, places, first_byte_id)


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
            "rest_in_bytes",
            rest_in_bytes,
            says="from the first missing character on all is spelled in bytes",
            hint="Spell only the character that is missing; what comes behind it is asked anew.",
        ),
        Misconception(
            "asked_the_wrong_way_round",
            asked_the_wrong_way_round,
            says="what the vocabulary holds is spelled, and what it lacks is looked up",
            hint="Which branch belongs to `in`, and which to `not in`?",
        ),
        Misconception(
            "place_in_vocab",
            place_in_vocab,
            says="the place of a character among the keys is taken for its id",
            hint="The id is the value that the dict holds: `vocab[character]`.",
        ),
        Misconception(
            "only_first_byte_moved",
            spelled_with(lambda c, first: [first + c.encode()[0], *c.encode()[1:]]),
            says="first_byte_id is added to the first byte of a character only",
            hint="Every byte b has the id first_byte_id + b: add it to each.",
        ),
        Misconception(
            "moved_by_the_vocabulary",
            lambda text, vocab, first_byte_id: fall_back(text, vocab, len(vocab)),
            says="the bytes begin behind the vocabulary, at its length",
            hint="Where they begin is the argument `first_byte_id`.",
        ),
        Misconception(
            "bytes_written_out",
            spelled_with(lambda c, first: [first + ord(sign) for sign in str(c.encode())]),
            says="the bytes are written out as text, and its signs are counted as bytes",
            hint="`str` of bytes is a text like b'\\xc3', sign by sign. Bytes are numbers already: "
            "go through them.",
        ),
        Misconception(
            "no_offset",
            spelled_with(lambda character, first: list(character.encode("utf-8"))),
            says="the bytes themselves are taken for ids",
            hint="The first ids of a vocabulary are control tokens; where do the bytes begin?",
        ),
        Misconception(
            "code_point",
            spelled_with(lambda character, first: [first + ord(character)]),
            says="one id is made from the code point of the character",
            hint="There are 256 byte tokens, and far more code points. Which bytes spell the "
            "character in UTF-8?",
        ),
        Misconception(
            "unknown",
            spelled_with(lambda character, first: [0]),
            says="what is missing becomes the unknown token, 0",
            hint="That loses what it was. Byte fallback is there so that nothing is unknown.",
        ),
        Misconception(
            "left_out",
            spelled_with(lambda character, first: []),
            says="what is missing is left out",
            hint="Nothing may get lost: spell the character in bytes.",
        ),
        Misconception(
            "bytes_only",
            lambda text, vocab, first_byte_id: fall_back(text, {}, first_byte_id),
            says="every character is spelled in bytes",
            hint="A character that the vocabulary holds is one token; ask it first.",
        ),
        Misconception(
            "whole_text",
            whole_text,
            says="a single missing character sends the whole text into bytes",
            hint="Decide for each character by itself.",
        ),
        Misconception(
            "utf_16",
            spelled_with(lambda c, first: [first + byte for byte in c.encode("utf-16-le")]),
            says="the bytes are those of UTF-16",
            hint="Which encoding does the question name?",
        ),
        Misconception(
            "first_byte_only",
            spelled_with(lambda character, first: utf_8(character, first)[:1]),
            says="only the first byte of a character is written",
            hint="A character may have up to four bytes, and all of them are needed.",
        ),
        Misconception(
            "bytes_reversed",
            spelled_with(lambda character, first: utf_8(character, first)[::-1]),
            says="the bytes of a character are written last to first",
            hint="UTF-8 is read from the first byte to the last.",
        ),
        Misconception(
            "zero_is_missing",
            zero_is_missing,
            says="a character whose id is 0 is taken for missing",
            hint="0 is an id like any other, but it counts as false: ask whether the character is "
            "`in` the vocabulary.",
        ),
        Misconception(
            "none",
            spelled_with(lambda character, first: [None]),
            says="what is missing becomes None",
            hint="`vocab.get(character)` gives None for what the vocabulary lacks. Spell that in "
            "bytes instead.",
        ),
        Misconception(
            "looked_up_all_the_same",
            looked_up_all_the_same,
            says="what the vocabulary lacks is looked up in it all the same",
            hint="Ask `character in vocab` first; what is not there is spelled in bytes.",
        ),
        Misconception(
            "one_id_for_all",
            spelled_with(lambda character, first: [first]),
            says="whatever is missing becomes first_byte_id",
            hint="That is the token of byte 0. Byte b has the id first_byte_id + b: go through "
            "the bytes.",
        ),
        Misconception(
            "known_twice",
            known_twice,
            says="what the vocabulary holds is spelled in bytes as well",
            hint="One or the other: is there an `else`?",
        ),
        Misconception(
            "text_for_each",
            text_for_each,
            says="the whole text is spelled out for each character that is missing",
            hint="Spell only the character that is missing: `character.encode`, not `text.encode`.",
        ),
        Misconception(
            "new_ids",
            new_ids,
            says="what is missing gets a new id at the end of the vocabulary",
            hint="The vocabulary stays as it is: the model knows no other ids. Spell what is "
            "missing in bytes.",
        ),
        Misconception(
            "last_byte_only",
            spelled_with(lambda character, first: utf_8(character, first)[-1:]),
            says="only the last byte of a character is written",
            hint="A character may have up to four bytes, and all of them are needed.",
        ),
        Misconception(
            "bytes_added_up",
            spelled_with(lambda character, first: [first + sum(character.encode())]),
            says="the bytes of a character are added up into one id",
            hint="Each byte has a token of its own: a character of three bytes becomes three ids.",
        ),
        Misconception(
            "bytes_as_one_number",
            spelled_with(lambda c, first: [first + int.from_bytes(c.encode(), "big")]),
            says="the bytes of a character are read as one large number",
            hint="Each byte has a token of its own: a character of three bytes becomes three ids.",
        ),
        Misconception(
            "list_in_the_list",
            spelled_with(lambda character, first: [utf_8(character, first)]),
            says="the bytes of a character are a list within the list",
            hint="`append` adds one item; `extend` and `+=` add all that is in a list.",
        ),
        Misconception(
            "first_character_only",
            lambda text, vocab, first_byte_id: (
                fall_back(text[0], vocab, first_byte_id) if text else None
            ),
            says="only the first character is looked at",
            hint="A `return` that stands inside the loop ends the function in its first round: "
            "how far is it indented?",
        ),
        Misconception(
            "all_moved",
            all_moved,
            says="first_byte_id is added to the ids of the vocabulary, too",
            hint="What the vocabulary gives is an id already. Only bytes have to be moved.",
        ),
        Misconception(
            "bytes_from_256",
            spelled_with(lambda character, first: utf_8(character, 256)),
            says="the bytes begin at 256, whatever first_byte_id is",
            hint="Where they begin is the argument `first_byte_id`.",
        ),
        Misconception(
            "bytes_from_3",
            spelled_with(lambda character, first: utf_8(character, 3)),
            says="the bytes begin at 3, whatever first_byte_id is",
            hint="So it is in LLaMA's vocabulary; here the argument `first_byte_id` says it.",
        ),
        Misconception(
            "minus",
            spelled_with(lambda character, first: utf_8(character, -first)),
            says="first_byte_id is subtracted",
            hint="The token of byte 0 is first_byte_id, that of byte 1 comes after it.",
        ),
        Misconception(
            "counted_up",
            spelled_with(lambda c, first: [first + i for i in range(len(c.encode()))]),
            says="the ids count up from first_byte_id, whatever the bytes are",
            hint="The byte itself says which token it is, not its place in the character.",
        ),
        Misconception(
            "latin_1",
            spelled_with(
                lambda c, first: [first + byte for byte in c.encode("latin-1", "replace")]
            ),
            says="the bytes are those of Latin-1",
            hint="Which encoding does the question name?",
        ),
        Misconception(
            "utf_16_with_mark",
            spelled_with(lambda c, first: [first + byte for byte in c.encode("utf-16")]),
            says="the bytes are those of UTF-16, with its mark in front",
            hint="Which encoding does the question name?",
        ),
        Misconception(
            "ascii_looked_up",
            ascii_looked_up,
            says="only characters of ASCII are looked up in the vocabulary",
            hint="Go through the characters, not the bytes: 中 is one character and three bytes, "
            "and `chr` of a byte is not 中.",
        ),
        Misconception(
            "place_as_key",
            place_as_key,
            says="the vocabulary is asked for the place of a character in the text",
            hint="Its keys are characters: `vocab[text[i]]`, not `vocab[i]`.",
        ),
        Misconception(
            "known_once_per_byte",
            known_once_per_byte,
            says="what the vocabulary holds is written once for each of its bytes",
            hint="中 is three bytes and one token: go through the bytes only of what is missing.",
        ),
        Misconception(
            "ends_at_a_missing_one",
            ends_at_a_missing_one,
            says="the work ends after the first character that is missing",
            hint="The text goes on behind it: is there a `return` or a `break` in the loop?",
        ),
        Misconception(
            "known_first",
            known_first,
            says="what is missing is put behind all that the vocabulary holds",
            hint="The ids come in the order of the text: put both kinds into one list.",
        ),
        Misconception(
            "spelled_once",
            spelled_once,
            says="a character that is missing is spelled only the first time",
            hint="Nothing may get lost: spell it wherever it stands.",
        ),
        Misconception(
            "marked",
            changed_before(lambda text: text.replace(" ", "▁")),
            says="a space is written as ▁ first",
            hint="That was 4.5. Here a space is a character like any other: is it in the "
            "vocabulary?",
        ),
        Misconception(
            "spaces_left_out",
            changed_before(lambda text: text.replace(" ", "")),
            says="spaces are left out",
            hint="Nothing may get lost: a space is a character like any other.",
        ),
        Misconception(
            "split",
            changed_before(lambda text: "".join(text.split())),
            says="spaces and line breaks are left out (`split()` does that)",
            hint="Nothing may get lost: go through the characters of the text itself.",
        ),
        Misconception(
            "composed",
            changed_before(lambda text: unicodedata.normalize("NFC", text)),
            says="a letter and an accent that follows it are made one character first",
            hint="Nothing may be changed: they are two characters, and each is looked up.",
        ),
    ],
)
