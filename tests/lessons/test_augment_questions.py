"""Exercise 03: honest answers of other forms are right, and likely slips are named."""

import math
from collections import Counter

import pytest
import torch

from llama_edu.course.checking.diagnose import diagnose
from llama_edu.course.checking.questions import find_question
from llama_edu.data.annotate import EvaluationGrams
from llama_edu.data.augment import rewrite


def ask(name, answer):
    return diagnose(find_question(f"augment.{name}"), answer)


def counted_by_steps(n_words, alpha, n_free):
    n = int(n_words * alpha)
    if n == 0:
        n = 1
    if n > n_free:
        n = n_free
    return n


def deleted_from_behind(words, places):
    left = list(words)
    for place in sorted(places[: len(words) - 1], reverse=True):
        left.pop(place)
    return left


def deleted_one_by_one(words, places):
    left = dict(enumerate(words))
    for place in places:
        if len(left) > 1:
            del left[place]
    return list(left.values())


def replaced_at_chosen_places(words, synonyms, protected, n):
    free = [i for i in range(len(words)) if synonyms.get(words[i].lower()) and i not in protected]
    changed = words[:]
    for i in free[:n]:
        new = synonyms[words[i].lower()][0]
        changed[i] = new[0].upper() + new[1:] if words[i] != words[i].lower() else new
    return changed


def kappa_of_a_table(first, second):
    labels = sorted({*first, *second})
    table = torch.zeros(len(labels), len(labels), dtype=torch.float64)
    for a, b in zip(first, second, strict=True):
        table[labels.index(a), labels.index(b)] += 1 / len(first)
    agreed, chance = table.trace(), table.sum(0) @ table.sum(1)
    return float((agreed - chance) / (1 - chance))


def kappa_of_disagreement(first, second):
    pairs = [(a, b) for a in first for b in second]
    expected = sum(a != b for a, b in pairs) / len(pairs)
    return 1 - sum(map(str.__ne__, first, second)) / len(first) / expected


def overlap_word_by_word(words, test, n):
    def stands_in_test(run):
        return any(test[i : i + n] == run for i in range(len(test) - n + 1))

    covered = [False] * len(words)
    for i in range(len(words)):
        if i + n <= len(words) and stands_in_test(words[i : i + n]):
            covered[i : i + n] = [True] * n
    return sum(covered) / len(covered)


def overlap_of_zipped_runs(words, test, n):
    runs = set(zip(*(test[i:] for i in range(n)), strict=False))
    starts = [i for i, run in enumerate(zip(*(words[i:] for i in range(n)), strict=False))
              if run in runs]  # fmt: skip
    return len({i + j for i in starts for j in range(n)}) / len(words)


@pytest.mark.parametrize("name, answer", [
    ("how_many", counted_by_steps),
    ("how_many", lambda n_words, alpha, n_free: sorted([0, int(n_words * alpha) or 1, n_free])[1]),
    ("delete", deleted_from_behind),
    ("delete", deleted_one_by_one),
    ("replace", replaced_at_chosen_places),
    ("kappa", kappa_of_a_table),
    ("kappa", kappa_of_disagreement),
    ("overlap", overlap_word_by_word),
    ("overlap", overlap_of_zipped_runs),
])  # fmt: skip
def test_honest_answers_are_right(name, answer):
    verdict = ask(name, answer)
    assert verdict.ok, verdict


def deleted_while_going(words, places):
    words = words.copy()
    for place in sorted(places):
        del words[place]
    return words


def replaced_without_copying_case(words, synonyms, protected, n):
    changed = []
    for i, word in enumerate(words):
        if n and i not in protected and synonyms.get(word.lower()):
            changed.append(synonyms[word.lower()][0])
            n = n - 1
        else:
            changed.append(word)
    return changed


def kappa_with_equal_chances(first, second):
    agreed = sum(map(str.__eq__, first, second)) / len(first)
    n_labels = len(set(first) | set(second))
    return (agreed - 1 / n_labels) / (1 - 1 / n_labels)


def share_of_runs(words, test, n):
    runs = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
    known = {tuple(test[i : i + n]) for i in range(len(test) - n + 1)}
    return sum(k for run, k in runs.items() if run in known) / (runs.total() or 1)


def deleted_inside(words, places):
    left = list(words)
    for place in sorted(places):
        if place < len(left) > 1:
            left.pop(place)
    return left


def replaced_until_done(words, synonyms, protected, n):
    changed, n_left = list(words), n + 1
    while n_left > n > 0:
        n_left = n
        changed, n = one_pass(changed, synonyms, protected, n)
    return changed


def one_pass(words, synonyms, protected, n):
    changed = replaced_at_chosen_places(words, synonyms, protected, n)
    return changed, n - sum(map(str.__ne__, words, changed))


def kappa_or_zero(first, second):
    agreed = sum(map(str.__eq__, first, second))
    return kappa_of_a_table(first, second) if agreed else 0.0


def overlap_of_neighbours(words, test, n):
    shared = [overlap_word_by_word(words[i : i + n], test, n) == 1 for i in range(len(words))]
    found = (1 if i and shared[i - 1] else n for i, is_shared in enumerate(shared) if is_shared)
    return sum(found) / len(words)


def replaced_in_the_joined_text(words, synonyms, protected, n):
    text = " ".join(words)
    for i, word in enumerate(words):
        if synonyms.get(word.lower()) and i not in protected and n > 0:
            new = synonyms[word.lower()][0]
            text = text.replace(word, new.capitalize() if word[0].isupper() else new)
            n -= 1
    return text.split()


def replaced_until_the_count_is_n(words, synonyms, protected, n):
    changed, done = list(words), 0
    for word in words:
        i, others = words.index(word), synonyms.get(word.lower(), [])
        if others and i not in protected:
            changed[i] = others[0].capitalize() if word[0].isupper() else others[0]
            done += 1
        if done == n:
            break
    return changed


def overlap_with_tails(words, test, n):
    runs, found = [test[i : i + n] for i in range(len(test) - n + 1)], set()
    for i in range(len(words)):
        if words[i : i + n] in runs:
            found |= {*range(i + 1, i + n)}
    return len(found) / len(words)


def kappa_from_dicts(first, second):
    counts, others = dict(Counter(first)), dict(Counter(second))
    agreed = sum(map(str.__eq__, first, second)) / len(first)
    chance = sum(counts[x] * others[x] for x in counts) / len(first) ** 2
    return agreed - chance / 1 - chance


def replaced_with_few_capitals(words, synonyms, protected, n):
    able = [i for i, w in enumerate(words) if i not in protected and synonyms.get(w.lower())][:n]
    new = {i: synonyms[words[i].lower()][0] for i in able}
    return [
        new.get(i, w).capitalize() if i in new and w.isupper() else new.get(i, w)
        for i, w in enumerate(words)
    ]


def overlap_to_place_n(words, test, n):
    runs = [test[i : i + n] for i in range(len(test) - n + 1)]
    places = [i for i in range(len(words) - n + 1) if words[i : i + n] in runs]
    return len({j for i in places for j in range(i, n)}) / len(words)


@pytest.mark.parametrize("name, answer, misconception", [
    ("how_many", lambda n_words, alpha, n_free: max(1, int(n_words * alpha + 0.5)),
     "rounded + more_than_are_free"),
    ("delete", lambda words, places: [word for word in words if word not in places],
     "nothing_goes"),
    ("replace", replaced_in_the_joined_text, "everywhere_at_once"),
    ("replace", replaced_until_the_count_is_n, "no_end_at_zero + at_first_place"),
    ("kappa", kappa_from_dicts, "parentheses_below"),
    ("overlap", overlap_with_tails, "one_place_too_few"),
    ("overlap", overlap_to_place_n, "end_for_length"),
    ("replace", replaced_with_few_capitals, "capital_of_capitals"),
    ("overlap", lambda words, test, n: overlap_word_by_word(test, words, n), "of_the_test"),
    ("how_many", lambda n_words, alpha, n_free: min(max(1, int((n_words - n_free) * alpha)),
                                                   n_free), "of_words_that_stay"),
    ("how_many", lambda n_words, alpha, n_free: min(max(1, n_words // round(1 / alpha)), n_free),
     "every_kth"),
    ("delete", deleted_inside, "shifted_inside_in_order"),
    ("replace", replaced_until_done, "pass_after_pass"),
    ("kappa", kappa_or_zero, "zero_without_agreement"),
    ("overlap", overlap_of_neighbours, "counted_twice_unless_next"),
    ("overlap", lambda words, test, n: overlap_word_by_word(words, test, min(n, len(test))),
     "short_test_as_run"),
    ("how_many", lambda n_words, alpha, n_free: max(1, min(int(alpha * n_words), n_free)),
     "one_that_is_not_free"),
    ("how_many", lambda n_words, alpha, n_free: min(n_free, max(1, math.ceil(alpha * n_words))),
     "rounded_up"),
    ("delete", deleted_while_going, "nothing_stays + shifted_in_order"),
    ("delete", lambda words, places: [words[i] for i in sorted({*range(len(words))} - {*places})],
     "nothing_stays"),
    ("replace", replaced_without_copying_case, "capital_lost"),
    ("kappa", lambda first, second: sum(map(str.__eq__, first, second)) / len(second),
     "agreement"),
    ("kappa", kappa_with_equal_chances, "equal_labels"),
    ("overlap", share_of_runs, "share_of_grams"),
    ("overlap", lambda words, test, n: len([w for w in words if w in set(test)]) / len(words),
     "words_in_common"),
])  # fmt: skip
def test_likely_slips_are_named(name, answer, misconception):
    assert ask(name, answer).misconception == misconception


@pytest.mark.parametrize("name, answer, words", [
    ("how_many", lambda n_words, alpha, n_free: max(1, min(1, n_free)), "It is 1 in every case"),
    ("kappa", lambda first, second: max(0.0, kappa_of_a_table(first, second)), "never below 0."),
    ("kappa", lambda first, second: round(kappa_of_a_table(first, second), 2), "number, rounded."),
    ("overlap", lambda words, test, n: 100 * overlap_word_by_word(words, test, n), "100 times"),
    ("overlap", lambda words, test, n: 1 - overlap_word_by_word(words, test, n), "1 minus"),
])  # fmt: skip
def test_what_holds_in_every_case_is_said(name, answer, words):
    verdict = ask(name, answer)
    assert verdict.misconception is None
    assert words in verdict.pattern


@pytest.mark.parametrize("seed", range(20))
def test_overlap_is_that_of_the_package(seed):
    dice = torch.Generator().manual_seed(seed)
    words, test = (["abc"[i] for i in torch.randint(3, (n,), generator=dice)] for n in (60, 40))
    ours = find_question("augment.overlap").reference(words, test, 5)
    assert 0 < ours < 1
    assert ours == EvaluationGrams([" ".join(test)], n=5).overlap(" ".join(words))


@pytest.mark.parametrize("alpha", [0.1, 0.25, 0.5, 1.0])
def test_how_many_is_what_the_package_deletes(alpha):
    for n_words in range(2, 30):
        text = " ".join(["the"] * (n_words // 3) + ["lamp"] * (n_words - n_words // 3))
        n_free = text.count("lamp")
        n = find_question("augment.how_many").reference(n_words, alpha, n_free)
        assert n_words - len(rewrite(text, "delete", alpha=alpha).split()) == min(n, n_words - 1)
