"""Exercise 25: honest code of other forms is right, and what learners write is told truly."""

import ast
import math
import operator
import re
from collections import Counter

import pytest

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.course.checking.show import as_text

OPERATIONS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


def by_counters(query, passages, k1, b):
    counts = [Counter(passage) for passage in passages]
    mean = sum(map(len, passages)) / len(passages)
    holding = Counter(word for passage in passages for word in set(passage))
    n = len(passages)

    def one(passage, count):
        norm = k1 * ((1 - b) + b * len(passage) / mean)
        return sum(
            math.log((n + 1) / (holding[w] + 0.5)) * count[w] * (k1 + 1) / (count[w] + norm)
            for w in query
        )

    return [float(one(p, c)) for p, c in zip(passages, counts, strict=True)]


def fill_with_sum(lengths, budget):
    taken = []
    for i in range(len(lengths)):
        if sum(lengths[j] for j in taken) + lengths[i] <= budget:
            taken.append(i)
    return taken


def call_by_characters(text):
    _, found, rest = text.partition("CALC(")
    if not found:
        return ""
    depth, inside = 0, ""
    for letter in rest:
        if letter == ")" and depth == 0:
            return inside
        depth += (letter == "(") - (letter == ")")
        inside += letter
    return ""


def walk(node):
    match node:
        case ast.Expression(body=body):
            return walk(body)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -walk(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATIONS[type(op)](walk(left), walk(right))
    raise ValueError


def by_matching(expression):
    try:
        return float(walk(ast.parse(expression, mode="eval")))
    except Exception:
        return None


def whole_stream(chunks):
    events = "".join(chunks).split("\n\n")[:-1]
    data = [event[len("data: ") :] for event in events]
    return data[: data.index("[DONE]")] if "[DONE]" in data else data


@pytest.mark.parametrize("name, answer", [
    ("bm25", by_counters), ("fill_budget", fill_with_sum), ("find_call", call_by_characters),
    ("calculate", by_matching), ("read_events", whole_stream),
])  # fmt: skip
def test_honest_answers_are_right(name, answer):
    verdict = diagnose(find_question(f"applications.{name}"), answer)
    assert verdict.ok, as_text(verdict)


def weights(passages, word, log=lambda n, held: math.log(1 + (n - held + 0.5) / (held + 0.5))):
    return log(len(passages), sum(word in passage for passage in passages))


def frequency_alone(query, passages, k1, b):
    mean = sum(map(len, passages)) / len(passages)

    def part(f, n):
        return f * (k1 + 1) / (f + k1 * (1 - b + b * n / mean))

    return [float(sum(part(p.count(w), len(p)) for w in query)) for p in passages]


def no_length(query, passages, k1, b):
    return [
        float(sum(weights(passages, w) * p.count(w) * (k1 + 1) / (p.count(w) + k1) for w in query))
        for p in passages
    ]


def distinct_words(query, passages, k1, b):
    return by_counters(list(dict.fromkeys(query)), passages, k1, b)


def until_full(lengths, budget):
    taken = []
    for i in range(len(lengths)):
        if sum(lengths[: i + 1]) > budget:
            break
        taken.append(i)
    return taken


def each_that_fits(lengths, budget):
    return [i for i, length in enumerate(lengths) if length <= budget]


def smallest_first(lengths, budget):
    taken = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if lengths[i] <= budget:
            taken.append(i)
            budget -= lengths[i]
    return taken


def lazy_pattern(text):
    found = re.search(r"CALC\((.*?)\)", text)
    return found[1] if found else ""


def greedy_pattern(text):
    found = re.search(r"CALC\((.*)\)", text)
    return found[1] if found else ""


def call_and_all(text):
    inside = call_by_characters(text)
    return f"CALC({inside})" if "CALC(" in text and (inside or "CALC()" in text) else ""


def numbers_by_isinstance(expression):
    def value(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.BinOp):
            return OPERATIONS[type(node.op)](value(node.left), value(node.right))
        raise ValueError

    try:
        return float(value(ast.parse(expression, mode="eval").body))
    except (SyntaxError, ValueError, ZeroDivisionError, KeyError):
        return None


def split_each_chunk(chunks):
    found = []
    for chunk in chunks:
        for event in chunk.split("\n\n")[:-1]:
            data = event.removeprefix("data: ")
            if data == "[DONE]":
                return found
            found.append(data)
    return found


def stripped_stream(chunks):
    return [data.strip() for data in whole_stream(chunks)]


def stripped_letters(chunks):
    letters = "data: "
    data = [event.lstrip(letters) for event in "".join(chunks).split("\n\n")[:-1]]
    return data[: data.index("[DONE]")] if "[DONE]" in data else data


def never_ended(chunks):
    return [e.removeprefix("data: ") for e in "".join(chunks).split("\n\n")[:-1]]


@pytest.mark.parametrize("name, answer, misconception", [
    ("bm25", frequency_alone, "no_idf"),
    ("bm25", no_length, "length_ignored"),
    ("bm25", distinct_words, "query_as_a_set"),
    ("fill_budget", until_full, "stops_at_the_first"),
    ("fill_budget", each_that_fits, "nothing_is_used_up"),
    ("fill_budget", smallest_first, "shortest_first"),
    ("find_call", lazy_pattern, "first_closing"),
    ("find_call", greedy_pattern, "last_closing"),
    ("find_call", call_and_all, "whole_call"),
    ("calculate", numbers_by_isinstance, "true_is_a_number"),
    ("read_events", split_each_chunk, "each_chunk_alone"),
    ("read_events", stripped_stream, "spaces_stripped"),
    ("read_events", stripped_letters, "letters_stripped"),
    ("read_events", never_ended, "end_not_heeded"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, misconception):
    verdict = diagnose(find_question(f"applications.{name}"), answer)
    assert (verdict.ok, verdict.misconception) == (False, misconception), as_text(verdict)


@pytest.mark.parametrize("name, answer, part", [
    ("calculate", lambda expression: eval(expression), "eval"),
    ("bm25", lambda query, passages, k1, b: 0.0, "list"),
    ("find_call", lambda text: text.split("CALC(")[-1], "Expected '"),
])  # fmt: skip
def test_other_slips_are_told_truly(name, answer, part):
    verdict = diagnose(find_question(f"applications.{name}"), answer)
    assert not verdict.ok and part in as_text(verdict), as_text(verdict)


# Accepted once: no case told these from what is right.
def words_in_a_text(query, passages, k1, b):
    texts = [" ".join(passage) for passage in passages]
    mean = sum(map(len, passages)) / len(passages)
    scores = []
    for passage, text in zip(passages, texts, strict=True):
        norm = k1 * (1 - b + b * len(passage) / mean)
        parts = [
            weights(texts, word) * text.count(word) * (k1 + 1) / (text.count(word) + norm)
            for word in query
        ]
        scores.append(float(sum(parts)))
    return scores


def first_that_is_closed(text):
    places = [found.start() for found in re.finditer(r"CALC\(", text)]
    return next((inside for p in places if (inside := call_by_characters(text[p:]))), "")


def space_before_the_call(text):
    return call_by_characters(text.replace("CALC (", "CALC("))


def nothing_for_zero(expression):
    return by_matching(expression) or None


def break_at_the_end(chunks):
    events, held = [], ""
    for chunk in chunks:
        *whole, held = (held + chunk).split("\n\n")
        for event in whole:
            data = event.removeprefix("data: ")
            if data == "[DONE]":
                break
            events.append(data)
    return events


def up_to_its_text(chunks):
    return [
        e.removeprefix("data: ")
        for e in "".join(chunks).split("data: [DONE]")[0].split("\n\n")[:-1]
    ]


@pytest.mark.parametrize("name, answer, misconception", [
    ("bm25", words_in_a_text, ""),
    ("find_call", first_that_is_closed, "next_if_not_closed"),
    ("find_call", space_before_the_call, ""),
    ("calculate", nothing_for_zero, "zero_as_nothing"),
    ("read_events", break_at_the_end, "end_of_its_chunk"),
    ("read_events", up_to_its_text, "end_anywhere"),
])  # fmt: skip
def test_what_was_accepted_once_is_refused(name, answer, misconception):
    verdict = diagnose(find_question(f"applications.{name}"), answer)
    assert (verdict.ok, verdict.misconception or "") == (False, misconception), as_text(verdict)


def test_where_none_is_expected_the_inputs_are_shown():
    verdict = diagnose(find_question("applications.calculate"), lambda expression: 1.5)
    got_infinity = diagnose(find_question("applications.calculate"), with_infinity)
    assert verdict.case and got_infinity.case[0][1].endswith("/ 0'"), as_text(got_infinity)


def with_infinity(expression):
    return math.inf if expression.endswith("/ 0") else by_matching(expression)
