"""Exercise 02: honest answers of other forms are right, and likely slips are named."""

from collections import Counter, defaultdict
from copy import deepcopy
from itertools import combinations

import pytest

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question


def ask(name, answer):
    return diagnose(find_question(f"corpus.{name}"), answer)


def counted_with_a_set(text):
    seen, n_lines, n_copies = set(), 0, 0
    for line in map(str.strip, text.split("\n")):
        if line:
            n_lines += 1
            n_copies += line in seen
            seen.add(line)
    return n_copies / max(1, n_lines)


def tried_digit_by_digit(digits):
    def total(number):
        doubled = [sum(map(int, str(2 * int(d)))) for d in number[-2::-2]]
        return sum(map(int, number[::-2])) + sum(doubled)

    return next(last for last in range(10) if str(total(digits + str(last))).endswith("0"))


def looked_up(digits):
    table = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    values = [table[int(d)] if i % 2 else int(d) for i, d in enumerate("0" + digits[::-1])]
    return (10 - sum(values) % 10) % 10


def with_union_by_size(a, b, n):
    a, b = (set(map("".join, zip(*(text[i:] for i in range(n))))) for text in (a, b))  # noqa: B905
    n_both = len(a.intersection(b))
    return n_both / (len(a) + len(b) - n_both)


def updated_in_a_loop(members, functions, prime):
    least = [prime] * len(functions)
    for x in members:
        for i, (a, b) in enumerate(functions):
            least[i] = min(least[i], (x * a % prime + b) % prime)
    return least


def by_buckets(signatures, n_bands):
    r, found = len(signatures[0]) // n_bands, set()
    for start in range(0, n_bands * r, r):
        buckets = defaultdict(list)
        for i, signature in enumerate(signatures):
            buckets[str(signature[start : start + r])].append(i)
        for bucket in buckets.values():
            found.update(combinations(bucket, 2))
    return sorted(found)


def popped_from_a_copy(signatures, n_bands):
    rest, r, found = deepcopy(signatures), len(signatures[0]) // n_bands, set()
    for _ in range(n_bands):
        bands = [[signature.pop(0) for _ in range(r)] for signature in rest]
        pairs = combinations(range(len(bands)), 2)
        found.update((i, j) for i, j in pairs if bands[i] == bands[j])
    return sorted(found)


@pytest.mark.parametrize("name, answer", [
    ("repeated_share", counted_with_a_set),
    ("check_digit", tried_digit_by_digit),
    ("check_digit", looked_up),
    ("similarity", with_union_by_size),
    ("signature", updated_in_a_loop),
    ("candidates", by_buckets),
    ("candidates", popped_from_a_copy),
])  # fmt: skip
def test_honest_answers_are_right(name, answer):
    verdict = ask(name, answer)
    assert verdict.ok, verdict


def band_forgotten_in_the_key(signatures, n_bands):
    r, found = len(signatures[0]) // n_bands, set()
    buckets = defaultdict(set)
    for i, signature in enumerate(signatures):
        for k in range(n_bands):
            buckets[tuple(signature[k * r : (k + 1) * r])].add(i)
    for bucket in buckets.values():
        found.update(combinations(sorted(bucket), 2))
    return sorted(found)


def stripped_only_to_ask(text):
    seen, n_copies = [], 0
    for line in text.splitlines():
        if line.strip():
            n_copies += line.strip() in seen
            seen.append(line)
    return n_copies / max(1, len(seen))


def neighbours_when_sorted(text):
    lines = sorted(line.strip() for line in text.splitlines() if line.strip())
    n_copies = sum(lines[i] == lines[i - 1] for i in range(len(lines)))
    return n_copies / len(lines) if lines else 0.0


def keys_of_text(signatures, n_bands):
    r, texts = len(signatures[0]) // n_bands, range(len(signatures))
    keys = [{(k, "".join(map(str, s[k * r : k * r + r]))) for k in range(n_bands)}
            for s in signatures]  # fmt: skip
    return [(i, j) for i, j in combinations(texts, 2) if keys[i] & keys[j]]


def never_stripped(text):
    lines = [line for line in text.splitlines() if line]
    return 1 - len(set(lines)) / len(lines) if lines else 0.0


def runs_of_words(a, b, n):
    runs = [{tuple(text.split()[i : i + n]) for i in range(len(text.split()) - n + 1)}
            for text in (a, b)]  # fmt: skip
    n_either = len(runs[0] | runs[1])
    return len(runs[0] & runs[1]) / n_either if n_either else 0


def band_forgotten_in_lists(signatures, n_bands):
    r, buckets = len(signatures[0]) // n_bands, defaultdict(list)
    for i, signature in enumerate(signatures):
        for k in range(0, n_bands * r, r):
            buckets[tuple(signature[k : k + r])].append(i)
    return sorted({pair for bucket in buckets.values() for pair in combinations(bucket, 2)})


def share_of_the_commonest(text):
    lines = list(filter(None, map(str.strip, text.splitlines())))
    return Counter(lines).most_common(1)[0][1] / len(lines) if lines else 0.0


def words_for_lines(text):
    if not text:
        return 0.0
    words = text.split()
    return (len(words) - len(set(words))) / len(words)


@pytest.mark.parametrize("name, answer, misconception", [
    ("repeated_share",
     lambda text: 1 - len(set(text.split("\n"))) / len(text.split("\n")),
     "empty_lines_count + not_stripped"),
    ("repeated_share",
     lambda text: 1 - len(set(text.splitlines())) / max(1, len(text.splitlines())) if text else 0.0,
     "empty_lines_count + not_stripped"),
    ("repeated_share", lambda text: counted_with_a_set(text.lower()), "case_ignored"),
    ("repeated_share", stripped_only_to_ask, "stripped_to_ask"),
    ("repeated_share", neighbours_when_sorted, "around_the_end"),
    ("check_digit",
     lambda digits: 10 - sum(sum(divmod(int(d) * (2 - i % 2), 10))
                             for i, d in enumerate(digits[::-1])) % 10,
     "ten_for_zero"),
    ("check_digit",
     lambda digits: -sum(sum(divmod(int(d) * (1 + i % 2), 10))
                         for i, d in enumerate(digits[::-1])) % 10,
     "last_given_not_doubled"),
    ("similarity",
     lambda a, b, n: len({a[i : i + n] for i in range(len(a) - n + 1)}
                         & {b[i : i + n] for i in range(len(b) - n + 1)})
     / len({a[i : i + n] for i in range(len(a) - n + 1)}),
     "of_the_first"),
    ("signature",
     lambda members, functions, prime: [min(a * x + b % prime for x in members)
                                        for a, b in functions],
     "precedence"),
    ("signature",
     lambda members, functions, prime: [min((a * x + b) % prime for a, b in functions)
                                        for x in members],
     "each_member"),
    ("repeated_share", words_for_lines, "words"),
    ("repeated_share", share_of_the_commonest, "of_the_commonest"),
    ("repeated_share", never_stripped, "stripped_too_late + not_stripped"),
    ("similarity", runs_of_words, "pieces_of_words"),
    ("candidates", band_forgotten_in_lists, "at_any_place"),
    ("candidates", lambda signatures, n_bands: [*combinations(range(len(signatures)), 2)],
     "every_pair"),
    ("signature",
     lambda members, functions, prime: sorted((a * x + b) % prime for a, b in functions
                                              for x in members)[: len(functions)],
     "least_of_all"),
    ("signature",
     lambda members, functions, prime: [min((a * x + b) for x in members) % prime
                                        for a, b in functions],
     "of_least_member"),
    ("check_digit",
     lambda digits: 10 - sum(sum(divmod(int(d) * (2 - i % 2), 10))
                             for i, d in enumerate(digits)) % 10,
     "from_the_left + ten_for_zero"),
    ("candidates", band_forgotten_in_the_key, "at_any_place"),
    ("candidates", keys_of_text, "without_gap"),
    ("candidates",
     lambda signatures, n_bands: [
         (i, j) for i, j in combinations(range(len(signatures)), 2)
         if any(x == y for x, y in zip(signatures[i], signatures[j], strict=True))],
     "any_number"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, misconception):
    assert ask(name, answer).misconception == misconception


def neighbours_alone(signatures, n_bands):
    return [(i, j) for i, j in by_buckets(signatures, n_bands) if j == i + 1]


def pairs_of_buckets(signatures, n_bands):
    """Band by band, and not sorted."""
    r, found = len(signatures[0]) // n_bands, {}
    for start in range(0, n_bands * r, r):
        for pair in combinations(range(len(signatures)), 2):
            if len({tuple(signatures[i][start : start + r]) for i in pair}) == 1:
                found[pair] = True
    return list(found)


def returned_in_the_loop(text):
    for _ in text.splitlines():
        return 0.0
    return None


@pytest.mark.parametrize("name, answer, words", [
    ("repeated_share", returned_in_the_loop, "It is 0 in every case that has a result,"),
    ("repeated_share", lambda text: 100 * counted_with_a_set(text), "100 times"),
    ("repeated_share", lambda text: round(counted_with_a_set(text), 1), "number, rounded."),
    ("repeated_share", lambda text: round(counted_with_a_set(text) * 60), "a whole number."),
    ("repeated_share", lambda text: float("Home" in text) // 2, "It is 0 in every case"),
    ("similarity", lambda a, b, n: 1 - with_union_by_size(a, b, n), "1 minus"),
    ("signature",
     lambda members, functions, prime: [min((a * x + b) % prime for x in members)
                                        for a, b in functions][:1],
     "only the first item is there"),
    ("candidates", neighbours_alone, "what is there is right, but something is missing"),
    ("candidates", pairs_of_buckets, "The right items, in another order"),
])  # fmt: skip
def test_what_holds_in_every_case_is_said(name, answer, words):
    verdict = ask(name, answer)
    assert verdict.misconception is None
    assert words in f"{verdict.sentence} {verdict.pattern}"


def test_words_for_lines_are_told_although_one_case_divides_by_zero():
    verdict = ask("repeated_share", words_for_lines)
    assert (verdict.kind, verdict.says) == (
        "value", "words are compared, together with a second mistake"
    )  # fmt: skip


def test_pairs_named_again_and_out_of_order_are_described():
    def answer(signatures, n_bands):
        r, found = len(signatures[0]) // n_bands, []
        for k in range(0, len(signatures[0]), r):
            for i, j in combinations(range(len(signatures)), 2):
                if signatures[i][k : k + r] == signatures[j][k : k + r]:
                    found.append((i, j))
        return found

    assert ask("candidates", answer).pattern == (
        "In every wrong case the right items are there, some of them too often or in another order."
    )
