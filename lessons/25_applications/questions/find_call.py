"""25.3 The call."""

import re

from llama_edu import assistant
from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question


def find_call(text: str) -> str:
    return assistant.find_call(text)


def to_the_last(text: str) -> str:
    found = re.search(r"CALC\((.*)\)", text)
    return found[1] if found else ""


def flat(text: str) -> str:
    found = re.search(r"CALC\(([^()]*)\)", text)
    return found[1] if found else ""


def next_call(text: str) -> str:
    places = [found.start() for found in re.finditer(r"CALC\(", text)]
    return next((inside for place in places if (inside := find_call(text[place:]))), "")


def find_call_cases(generator):
    a, b, c = pick(generator, 3)
    yield {"text": f"CALC({a} + {b})"}
    yield {"text": f"Well: CALC(({a} + {b}) * {c}). (Done.)"}
    yield {"text": f"I need no CALC here: it is {a}."}
    yield {"text": f"No CALC needed :) I know it: {b}."}
    yield {"text": f"CALC({a} * ({b} - 1)"}
    yield {"text": f"CALC({a} + 1) and CALC({b} + 2)"}
    yield {"text": f"(With CALC, I think) CALC( (({a}) - ({b} + {c})) ) ok"}
    yield {"text": "CALC()"}
    yield {"text": f"calc({a}) :) CALC({b})"}
    yield {"text": f"CALC ({a}) is no call: CALC({c})"}
    yield {"text": f"CALC({a} + (2, CALC({b})"}  # the first is never closed


INSIDE, UNCLOSED = "return text[start:end]", 'return text[start:end]\n    return ""'

FIND_CALL = Question(
    "applications.find_call",
    points=2,
    cases=find_call_cases,
    reference=find_call,
    misconceptions=[
        Misconception(
            "first_closing",
            {"n_open = n_open + 1": "n_open = n_open"},
            says="the call ends at the first closing parenthesis, whatever was opened inside",
            hint="How many parentheses are open at that place?",
        ),
        Misconception(
            "last_closing",
            to_the_last,
            says="the call reaches to the last closing parenthesis of the text",
            hint="Other parentheses may follow in the sentence. Which one closes this call?",
        ),
        Misconception(
            "flat",
            flat,
            says="only a call without parentheses inside is found",
            hint="The sum itself may have some: `CALC((2 + 3) * 4)` is a call.",
        ),
        Misconception(
            "none_open_at_first",
            {'len("CALC("), 1': 'len("CALC("), 0'},
            says="no parenthesis counts as open where the call begins, so that it ends at once",
            hint="The one of `CALC(` is open already.",
        ),
        Misconception(
            "not_closed_is_given",
            {UNCLOSED: "return text[start:end]\n    return text[start:]"},
            says="the rest of the text is given where the call is never closed",
            hint="Half a call must not be worked out. What is to be returned then?",
        ),
        Misconception(
            "not_closed_loses_a_character",
            {UNCLOSED: "return text[start:end]\n    return text[start:-1]"},
            says="where the call is never closed, all but the last character is given",
            hint="-1 as the end of a slice leaves one character out. What is to be returned there?",
        ),
        Misconception(
            "last_call",
            {"text.find(": "text.rfind("},
            says="the last call is taken, not the first",
            hint="`rfind` looks from the end.",
        ),
        Misconception(
            "next_if_not_closed",
            next_call,
            says="the next call is taken where the first is never closed",
            hint="The first one is asked for. What is to be returned if it is never closed?",
        ),
        Misconception(
            "closing_included",
            {"text[start:end]": "text[start:end + 1]"},
            says="the parenthesis that closes the call is given as well",
            hint="A slice ends before its second place.",
        ),
        Misconception(
            "whole_call",
            {"text[start:end]": "text[place:end + 1]"},
            says="the whole call is given, its name and parentheses as well",
            hint="What stands inside is asked for.",
        ),
        Misconception(
            "opening_included",
            {'len("CALC(")': 'len("CALC")'},
            says="the opening parenthesis is part of the result",
            hint="How many letters does `CALC(` have?",
        ),
        Misconception(
            "name_alone",
            {'text.find("CALC(")': 'text.find("CALC")'},
            says="the word CALC is taken for a call, with no parenthesis behind it",
            hint="A text may speak of CALC. What does only a call have?",
        ),
        Misconception(
            "any_parenthesis",
            {'text.find("CALC(")': 'text.find("(")', ' + len("CALC(")': " + 1"},
            says="any parenthesis is taken for the call's",
            hint="People write remarks in parentheses too. What stands before the call's?",
        ),
        Misconception(
            "any_case",
            {'text.find("CALC(")': 'text.upper().find("CALC(")'},
            says="small letters are taken for the call's name as well",
            hint="The format was fixed: the name has capitals.",
        ),
        Misconception(
            "stripped",
            {INSIDE: "return text[start:end].strip()"},
            says="all is right, but spaces at the ends are taken away",
            hint="Give what stands there, as it stands there.",
        ),
        Misconception(
            "text_where_no_call",
            {'if place < 0:\n        return ""': "if place < 0:\n        return text"},
            says="the whole text is given where it has no call",
            hint="What is to be returned where there is nothing to work out?",
        ),
        Misconception(
            "minus_one_as_a_place",
            {'    if place < 0:\n        return ""\n': ""},
            says="-1, by which `find` says that there is nothing, is taken for a place",
            hint="What does `find` return for a text without a call? Ask for that first.",
        ),
    ],
)
