"""3.3 Replace."""

from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.data.augment.eda import in_case_of

from .words import pick


def replace(
    words: list[str], synonyms: dict[str, list[str]], protected: set[int], n: int
) -> list[str]:
    return replaced(words, synonyms, protected, n)


def replaced(
    words,
    synonyms,
    protected,
    n,
    look_up=str.lower,
    put=in_case_of,
    choose=lambda others: others[0],
    counts=lambda is_listed, others, is_free: bool(others) and is_free,
):
    """The right answer, but for the steps that are given."""
    changed = list(words)
    for i, word in enumerate(words):
        others = synonyms.get(look_up(word), [])
        is_free = i not in protected
        if n <= 0:
            break
        if others and is_free:
            changed[i] = put(word, choose(others))
        n -= counts(look_up(word) in synonyms, others, is_free)
    return changed


def replace_cases(generator):
    a, b, c, d, v, *others = pick(generator, 11)
    p, q, r, x, y, z = sorted(others)
    # The best of a list is neither first nor last in the alphabet, and not always the longest.
    synonyms = {a: [r, p, f"{x}-{q}", z], b: [x, y, p], c: [q, a, p, z], d: []}
    yield {"words": [a, v, b, c], "synonyms": synonyms, "protected": set(), "n": 2}
    yield {"words": [v, a, b, a, c], "synonyms": synonyms, "protected": {1}, "n": 2}
    yield {"words": [a.title(), c, v, b], "synonyms": synonyms, "protected": {3}, "n": 1}
    yield {"words": [d, v, d, b, a], "synonyms": synonyms, "protected": set(), "n": 1}  # d has none
    yield {"words": [b, a, v], "synonyms": synonyms, "protected": {0, 2}, "n": 5}  # fewer than n
    yield {"words": [c, a, c], "synonyms": {c: [a], a: [x]}, "protected": set(), "n": 3}
    yield {"words": [b, v, a], "synonyms": synonyms, "protected": set(), "n": 0}
    yield {"words": [a, v, a, b], "synonyms": synonyms, "protected": set(), "n": 2}
    yield {"words": [v, c.upper()], "synonyms": synonyms, "protected": set(), "n": 1}
    yield {"words": [v, c.title(), b.title()], "synonyms": synonyms, "protected": {0}, "n": 2}
    yield {"words": [c, b, a, b], "synonyms": synonyms, "protected": {2}, "n": 3}
    yield {"words": [c, v], "synonyms": {c: [a], a: [x]}, "protected": set(), "n": 2}


def with_change(**changes):
    return lambda words, synonyms, protected, n: replaced(words, synonyms, protected, n, **changes)


def with_n(n_otherwise):
    return lambda words, synonyms, protected, n: replaced(
        words, synonyms, protected, n_otherwise(n, words)
    )


def with_protected(places_otherwise):
    return lambda words, synonyms, protected, n: replaced(
        words, synonyms, places_otherwise(protected, words), n
    )


def every_such_word(words, synonyms, protected, n):
    """Like `str.replace`: a chosen word is replaced wherever it stands."""
    once = replaced(words, synonyms, protected, n)
    new = {old.lower(): other for old, other in zip(words, once, strict=True) if old != other}
    return [in_case_of(word, new.get(word.lower(), word)) for word in words]


def counted_by_word(words, synonyms, protected, n):
    """A word is replaced at all its places, and that is one change."""
    changed = list(words)
    for word in dict.fromkeys(words):
        places = [i for i, other in enumerate(words) if other == word and i not in protected]
        if n > 0 and places and synonyms.get(word.lower()):
            n -= 1
            for i in places:
                changed[i] = in_case_of(word, synonyms[word.lower()][0])
    return changed


def everywhere_at_once(words, synonyms, protected, n):
    """Each change goes through the whole new list, and counts once."""
    changed = list(words)
    for i, word in enumerate(words):
        others = synonyms.get(word.lower())
        if others and i not in protected and n > 0:
            changed = [in_case_of(word, others[0]) if old == word else old for old in changed]
            n -= 1
    return changed


def at_first_place(words, synonyms, protected, n):
    changed = list(words)
    for word in words:
        i, others = words.index(word), synonyms.get(word.lower())
        if others and i not in protected and n > 0:
            changed[i] = in_case_of(word, others[0])
            n -= 1
    return changed


def look_alikes(protected, words):
    also = {words[i].lower() for i in protected}
    return {i for i, word in enumerate(words) if word.lower() in also}


def chained(words, synonyms, protected, n):
    def last(word, other):
        while synonyms.get(other):
            other = synonyms[other][0]
        return in_case_of(word, other)

    return replaced(words, synonyms, protected, n, put=last)


def from_the_left_n_times(words, synonyms, protected, n):
    changed = list(words)
    for _ in range(n):
        changed = replaced(changed, synonyms, protected, 1)
    return changed


def pass_after_pass(words, synonyms, protected, n):
    """Through the whole new list again, until n are changed or nothing more can be."""
    changed, before = list(words), None
    while n > 0 and changed != before:
        before = list(changed)
        changed = replaced(before, synonyms, protected, n)
        n -= sum(old != new for old, new in zip(before, changed, strict=True))
    return changed


def each_word_once(words, synonyms, protected, n):
    changed, seen = list(words), set()
    for i, word in enumerate(words):
        others = synonyms.get(word.lower())
        if others and i not in protected and word not in seen and n > 0:
            changed[i] = in_case_of(word, others[0])
            seen.add(word)
            n -= 1
    return changed


def from_the_right(words, synonyms, protected, n):
    turned = {len(words) - 1 - i for i in protected}
    return replaced(words[::-1], synonyms, turned, n)[::-1]


def in_order_of_the_dict(words, synonyms, protected, n):
    changed = list(words)
    for old, others in synonyms.items():
        for i, word in enumerate(words):
            if word.lower() == old and others and i not in protected and n > 0:
                changed[i] = in_case_of(word, others[0])
                n -= 1
    return changed


def up_to_the_first_protected(words, synonyms, protected, n):
    end = min(protected, default=len(words))
    return replaced(words[:end], synonyms, protected, n) + words[end:]


def only_changed(words, synonyms, protected, n):
    new = replaced(words, synonyms, protected, n)
    return [other for old, other in zip(words, new, strict=True) if old != other]


def without_protected(words, synonyms, protected, n):
    new = replaced(words, synonyms, protected, n)
    return [word for i, word in enumerate(new) if i not in protected]


def rest_missing(words, synonyms, protected, n):
    """The new list ends where n are changed."""
    new = replaced(words, synonyms, protected, n)
    changed = [i for i, pair in enumerate(zip(words, new, strict=True)) if pair[0] != pair[1]]
    return new if len(changed) < n else new[: changed[-1] + 1 if changed else 0]


def without_unlisted(words, synonyms, protected, n):
    new = replaced(words, synonyms, protected, n)
    return [other for old, other in zip(words, new, strict=True) if synonyms.get(old.lower())]


def all_n_or_none(words, synonyms, protected, n):
    free = [i for i, w in enumerate(words) if synonyms.get(w.lower()) and i not in protected]
    return list(words) if len(free) < n else replaced(words, synonyms, protected, n)


def at_first_n_places(words, synonyms, protected, n):
    changed = list(words)
    for i in range(n):
        if synonyms.get(words[i].lower()) and i not in protected:
            changed[i] = in_case_of(words[i], synonyms[words[i].lower()][0])
    return changed


def itself_by_default(words, synonyms, protected, n):
    """A word without an entry is replaced by itself, and that counts."""
    changed = list(words)
    for i, word in enumerate(words):
        if i not in protected and n > 0:
            changed[i] = in_case_of(word, synonyms.get(word.lower(), [word])[0])
            n -= 1
    return changed


def put_beside(words, synonyms, protected, n):
    new = replaced(words, synonyms, protected, n)
    both = ([old] if old == other else [old, other] for old, other in zip(words, new, strict=True))
    return [word for some in both for word in some]


def first_gets_the_capital(words, synonyms, protected, n):
    new = replaced(words, synonyms, protected, n, put=lambda word, other: other)
    return new if new[0] == words[0] else [new[0].capitalize(), *new[1:]]


def until_n_are_changed(words, synonyms, protected, n):
    changed, i = list(words), 0
    while n > 0:
        others = synonyms.get(words[i].lower())
        if others and i not in protected:
            changed[i] = in_case_of(words[i], others[0])
            n -= 1
        i += 1
    return changed


def first_synonym_of_none(get, asks_n, asks_protected):
    """The first synonym is taken before it is known that there is one."""

    def replace_otherwise(words, synonyms, protected, n):
        changed = list(words)
        for i, word in enumerate(words):
            if (asks_n and n <= 0) or (asks_protected and i in protected):
                continue
            other = get(synonyms, word.lower())
            if other and i not in protected and n > 0:
                changed[i] = in_case_of(word, other)
                n -= 1
        return changed

    return replace_otherwise


TAKEN_TOO_EARLY = {
    "none_of_get": (
        lambda synonyms, word: synonyms.get(word)[0],
        "`.get` gives None for a word that is no key, and None has no first",
        "Give `.get` a second argument, what it returns for a missing key; and ask whether "
        "there is a synonym before you take the first.",
    ),
    "missing_key": (
        lambda synonyms, word: (synonyms[word] or [None])[0],
        "a word that is no key is looked up with `[ ]`",
        "Not every word is a key: `.get` takes a default for those that are not.",
    ),
    "first_of_nothing": (
        lambda synonyms, word: synonyms.get(word, [])[0],
        "the first is taken of an empty list",
        "A word may have no synonym: ask whether there is one before you take the first.",
    ),
}


REPLACE = Question(
    "augment.replace",
    points=3,
    cases=replace_cases,
    reference=replace,
    equivalent_mutants={
        "others = synonyms.get(word.lower(), []) -> others = synonyms.get(word.lower())": (
            "None counts as false, like an empty list"
        ),
    },
    misconceptions=[
        Misconception(
            "protection_ignored",
            with_protected(lambda protected, words: set()),
            says="protected words are replaced too",
            hint="`protected` holds the places that must stay as they are.",
        ),
        Misconception(
            "protection_reversed",
            with_protected(lambda protected, words: {*range(len(words))} - protected),
            says="only protected words are replaced",
            hint="It is the other way round: `not in`.",
        ),
        Misconception(
            "protected_from_one",
            with_protected(lambda protected, words: {i - 1 for i in protected}),
            says="protected places are counted from 1",
            hint="The first word has the place 0.",
        ),
        Misconception(
            "look_alikes_protected",
            with_protected(look_alikes),
            says="a word is spared because the same word is protected elsewhere",
            hint="Places are protected, not words.",
        ),
        Misconception(
            "up_to_the_first_protected",
            up_to_the_first_protected,
            says="all ends at the first protected word",
            hint="Only this word is passed over: `continue` goes on, `break` ends it all.",
        ),
        Misconception(
            "protected_count",
            with_change(counts=lambda is_listed, others, is_free: bool(others)),
            says="a protected word uses up one of the n changes",
            hint="Exactly n words change if there are so many. Count a change when it is made.",
        ),
        Misconception(
            "words_without_count",
            with_change(counts=lambda is_listed, others, is_free: is_free),
            says="a word without a synonym uses up one of the n changes",
            hint="Exactly n words change if there are so many. Does `n -= 1` stand one level too "
            "far to the left?",
        ),
        Misconception(
            "empty_lists_count",
            with_change(counts=lambda is_listed, others, is_free: is_listed and is_free),
            says="a word whose list of synonyms is empty uses up one of the n changes",
            hint="Exactly n words change if there are so many. Count a change when it is made.",
        ),
        Misconception(
            "first_n_words",
            with_change(counts=lambda is_listed, others, is_free: True),
            says="only the first n words of the text are looked at",
            hint="n counts replacements, not words looked at. Does `n -= 1` stand too far to the "
            "left?",
        ),
        Misconception(
            "all_of_them",
            with_n(lambda n, words: len(words)),
            says="every word that has a synonym is replaced",
            hint="At most n words change: stop after so many.",
        ),
        Misconception(
            "no_end_at_zero",
            with_n(lambda n, words: n or len(words)),
            says="every word that has a synonym is replaced where n is 0",
            hint="n may be 0. Ask before a change, not after it, whether there may be one more.",
        ),
        Misconception(
            "one_at_zero",
            with_n(lambda n, words: max(1, n)),
            says="one word changes even where n is 0",
            hint="Ask before a change, not after it, whether there may be one more.",
        ),
        Misconception(
            "one_too_many",
            with_n(lambda n, words: n + 1),
            says="one word more than n is changed",
            hint="How many changes are left when n has come down to 0?",
        ),
        Misconception(
            "one_too_few",
            with_n(lambda n, words: n - 1),
            says="one word fewer than n is changed",
            hint="How many changes are left when n has come down to 1?",
        ),
        Misconception(
            "until_n_are_changed",
            until_n_are_changed,
            says="the loop looks on for n changes when the words are at their end",
            hint="There may be fewer than n words that can change: the end of the words ends the "
            "loop too.",
        ),
        Misconception(
            "nothing_changes",
            lambda words, synonyms, protected, n: list(words),
            says="nothing is changed",
            hint="Is a word found? `word.lower` without its `()` is a method, and no key. Is the "
            "change kept? `word = ...` in a loop leaves the list as it was: assign to a place of "
            "the new list.",
        ),
        Misconception(
            "capitals_unknown",
            with_change(look_up=lambda word: word),
            says="a word with a capital is not found among the synonyms",
            hint="The dict has small letters: how do you ask it for *Big*?",
        ),
        Misconception(
            "capital_lost",
            with_change(put=lambda word, other: other),
            says="a new word has no capital where the old one had",
            hint="*Big* becomes *Large*, not *large*. Is it the old word's first letter that "
            "you ask for, and not the whole word? `capitalize()` returns a new text: is it kept?",
        ),
        Misconception(
            "capital_of_whole_word",
            with_change(put=lambda word, other: other.upper() if word.isupper() else other),
            says="a new word is in capitals where the old one is, and else in small letters",
            hint="*Big* becomes *Large*, and so does what stands for *BIG*: ask for the first "
            "letter of the old word, and change that of the new one.",
        ),
        Misconception(
            "capital_if_all_are",
            with_change(put=lambda word, other: other.capitalize() if word.isupper() else other),
            says="a new word begins with a capital only where the old one is all capitals",
            hint="*Big* becomes *Large*: `word.isupper()` asks for every letter, not the first.",
        ),
        Misconception(
            "capital_if_the_others_are_small",
            with_change(put=lambda word, other: other.capitalize() if word.istitle() else other),
            says="a new word has no capital where the old one is all capitals",
            hint="`istitle` asks that the other letters be small. Ask for the first alone.",
        ),
        Misconception(
            "always_capital",
            with_change(put=lambda word, other: other.capitalize()),
            says="every new word gets a capital",
            hint="Only where the old word has one. (`isupper` without its `()` is a method, and "
            "counts as true.)",
        ),
        Misconception(
            "all_capitals",
            with_change(put=lambda word, other: other.upper() if word[0].isupper() else other),
            says="the new word is written in capitals throughout",
            hint="Only the first letter is a capital: which method of a text does that?",
        ),
        Misconception(
            "first_gets_the_capital",
            first_gets_the_capital,
            says="a new word at the beginning of the text gets a capital, and no other",
            hint="Names have capitals too. The old word at the same place decides.",
        ),
        Misconception(
            "last_synonym",
            with_change(choose=lambda others: others[-1]),
            says="the last synonym is taken",
            hint="The list begins with the best: take that one.",
        ),
        Misconception(
            "first_of_the_alphabet",
            with_change(choose=min),
            says="the synonym that is first in the alphabet is taken",
            hint="The list begins with the best: its order is not to be changed.",
        ),
        Misconception(
            "longest_synonym",
            with_change(choose=lambda others: max(others, key=len)),
            says="the longest synonym is taken",
            hint="The list begins with the best: take that one.",
        ),
        Misconception(
            "every_such_word",
            every_such_word,
            says="a chosen word is replaced wherever else it stands",
            hint="Change one place at a time: the same word may stand at a protected one.",
        ),
        Misconception(
            "counted_by_word",
            counted_by_word,
            says="a word is replaced wherever it stands, and all its places count as one change",
            hint="n counts places: go through them from left to right, and stop after the n-th.",
        ),
        Misconception(
            "everywhere_at_once",
            everywhere_at_once,
            says="each change goes through the whole new list",
            hint="Change one place at a time: the same word may stand at a protected one, or may "
            "have come in as a synonym.",
        ),
        Misconception(
            "at_first_place",
            at_first_place,
            says="the place of a word is asked of `words.index`, which gives the first",
            hint="The same word may stand twice: `enumerate` gives each word with its own place.",
        ),
        Misconception(
            "chained",
            chained,
            says="a new word is replaced in its turn, at once",
            hint="Each place changes once. Look up what was given, not what has become of it.",
        ),
        Misconception(
            "from_the_left_n_times",
            from_the_left_n_times,
            says="each of the n changes begins at the left again and may meet a new word",
            hint="Go through the given words once, and count down n on the way.",
        ),
        Misconception(
            "pass_after_pass",
            pass_after_pass,
            says="the text is gone through again while changes are left, and new words change too",
            hint="Fewer than n change where no more of the given words can: one pass is enough.",
        ),
        Misconception(
            "each_word_once",
            each_word_once,
            says="a word that stands twice is replaced only once",
            hint="n counts places, not different words: the same word may change again further on.",
        ),
        Misconception(
            "from_the_right",
            from_the_right,
            says="the words are replaced from right to left",
            hint="The first n from the left that may change.",
        ),
        Misconception(
            "in_order_of_the_dict",
            in_order_of_the_dict,
            says="words are replaced in the order of `synonyms`",
            hint="Go through the words from left to right, and look each one up.",
        ),
        Misconception(
            "only_changed",
            only_changed,
            says="only the new words are returned",
            hint="A word that does not change stays in the text: begin with a copy of the list.",
        ),
        Misconception(
            "without_protected",
            without_protected,
            says="protected words are left out",
            hint="They stay in the text as they are: begin with a copy of the list.",
        ),
        Misconception(
            "rest_missing",
            rest_missing,
            says="the new list ends at the n-th change",
            hint="The rest of the text stays, as it is: `break` must not cut it off. Begin with a "
            "copy of the list.",
        ),
        Misconception(
            "without_unlisted",
            without_unlisted,
            says="words without a synonym are left out",
            hint="Every word has a place in the new text: what does the last `else` append? Or "
            "begin with a copy of the list.",
        ),
        Misconception(
            "all_n_or_none",
            all_n_or_none,
            says="nothing changes where fewer than n words can",
            hint="Then all of these change: fewer are better than none.",
        ),
        Misconception(
            "one_change_only",
            with_n(lambda n, words: min(n, 1)),
            says="not more than one word is changed",
            hint="Is `return` or `break` inside the loop, behind the first change?",
        ),
        Misconception(
            "at_first_n_places",
            at_first_n_places,
            says="the loop goes through n places, even if the text has fewer words",
            hint="n counts replacements, not words looked at: go through all the words, and count "
            "down n at each change.",
        ),
        Misconception(
            "itself_by_default",
            itself_by_default,
            says="a word that is no key is replaced by itself, and the first is taken of an empty "
            "list",
            hint="A default of `[word]` hides that there is no synonym, and a change is counted. "
            "With `[]` you can ask whether there is one.",
        ),
        Misconception(
            "put_beside",
            put_beside,
            says="the new word stands after the old one, which is kept",
            hint="It takes the old one's place: as many words as before.",
        ),
        Misconception(
            "first_of_an_empty_list",
            first_synonym_of_none(
                lambda synonyms, word: synonyms[word][0] if word in synonyms else None, True, True
            ),
            says="the first is taken of an empty list",
            hint="A word may be a key and have no synonym all the same: its list may be empty.",
        ),
        *(
            Misconception(
                f"{name}_{when}",
                first_synonym_of_none(get, "_n" in when, "free" in when),
                says,
                hint,
            )
            for name, (get, says, hint) in TAKEN_TOO_EARLY.items()
            for when in ("always", "if_n", "if_free", "if_n_and_free")
        ),
    ],
)
