"""3.5 Overlap."""

import operator

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question

from .words import pick


def overlap(words: list[str], test: list[str], n: int) -> float:
    return len(covered(words, grams_of(test, n), n)) / len(words)


def grams_of(words, n, form=tuple):
    return {form(words[i : i + n]) for i in range(len(words) - n + 1)}


def starts_of(words, grams, n, form=tuple):
    """Places at which one of these n-grams begins."""
    return [i for i in range(len(words) - n + 1) if form(words[i : i + n]) in grams]


def covered(words, grams, n, form=tuple):
    """Places of words in one of these n-grams."""
    return {j for i in starts_of(words, grams, n, form) for j in range(i, i + n)}


def overlap_cases(generator):
    a, b, c, d, e, f, g = pick(generator, 7)
    rest = pick(generator, whole(generator, 1, 4))
    yield {"words": [a, b, c, d, e], "test": [f, b, c, d], "n": 3}
    yield {"words": [a, b, c, d, e, f], "test": [b, c, d, e, g], "n": 2}  # n-grams that overlap
    yield {"words": [a, b, c], "test": [d, a, b, c], "n": 2}  # copied as a whole
    yield {"words": [a, b, a, b, c, g], "test": [a, b, f, d], "n": 2}  # twice the same
    yield {"words": [c, b, a, d], "test": [a, b, c, d, e], "n": 2}  # the same words, other order
    yield {"words": [c, a, a, b], "test": [c, a, b, b], "n": 3}  # the same, not as often
    yield {"words": [a, b], "test": [a, b, c], "n": 3}  # too short
    yield {"words": [a, b, c, d], "test": [b, c], "n": 3}  # the test is too short
    yield {"words": [f, g, a, b, c], "test": [a, b, c], "n": 3}  # at the end of both
    yield {"words": [a, g, b, c], "test": [d, e, b, c], "n": 3}  # two words at either end
    yield {"words": [g, f, a, b], "test": [a, b, d, e], "n": 2}  # at the end of the text
    yield {"words": [d, a, b, *rest, a, c, f], "test": [a, b, d, a, c, e], "n": 2}
    yield {"words": [a[1:], b, c, d], "test": [a, b, d], "n": 2}  # the end of a word
    yield {"words": [a[:1], a[1:] + b, c], "test": [a, b, c], "n": 2}  # other words, same letters
    yield {"words": [a.title(), b, c, d], "test": [a, b, d], "n": 2}  # a capital
    yield {"words": [a, b, e, b], "test": [a, b, f], "n": 2}  # a copied word, and it again
    yield {"words": [a, b, c, d, e], "test": [c, d, e, a, b, c], "n": 3}  # runs that share one word
    yield {"words": [a, f], "test": [a, f], "n": 3}  # both too short
    text, test = ([[a, b, c][whole(generator, 0, 2)] for _ in range(n)] for n in (9, 5))
    yield {"words": text, "test": test, "n": 3}


def with_form(form):
    """Runs are compared in another form."""
    return lambda words, test, n: len(covered(words, grams_of(test, n, form), n, form)) / len(words)


def with_span(first, last):
    """Of a shared run at i, the places from i + first to before i + last are noted."""

    def overlap_otherwise(words, test, n):
        starts = starts_of(words, grams_of(test, n), n)
        return len({j for i in starts for j in range(i + first(n), i + last(n))}) / len(words)

    return overlap_otherwise


def share_of_grams(words, test, n):
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return sum(gram in grams_of(test, n) for gram in grams) / max(1, len(grams))


def share_of_grams_of_none(words, test, n):
    return len(starts_of(words, grams_of(test, n), n)) / (len(words) - n + 1)


def by_the_number_of_grams(words, test, n):
    return len(covered(words, grams_of(test, n), n)) / (len(words) - n + 1)


def share_of_different_grams(words, test, n):
    grams = grams_of(words, n)
    return len(grams & grams_of(test, n)) / max(1, len(grams))


def share_of_the_test(words, test, n):
    return len(covered(test, grams_of(words, n), n)) / len(test)


def by_the_length_of_the_test(words, test, n):
    return len(covered(words, grams_of(test, n), n)) / len(test)


def covered_of_the_test(words, test, n):
    return len(covered(test, grams_of(words, n), n)) / len(words)


def jaccard_of_grams(words, test, n):
    ours, theirs = grams_of(words, n), grams_of(test, n)
    return len(ours & theirs) / max(1, len(ours | theirs))


def words_in_common(words, test, n):
    return sum(word in test for word in words) / len(words)


def different_words_in_common(words, test, n):
    return len({*words} & {*test}) / len(words)


def same_places(words, test, n):
    return sum(map(operator.eq, words, test)) / len(words)


def runs_at_same_places(words, test, n):
    starts = [i for i in range(len(words) - n + 1) if words[i : i + n] == test[i : i + n]]
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def first_words_of_grams(words, test, n):
    return len(starts_of(words, grams_of(test, n), n)) / len(words)


def counted_twice(words, test, n):
    return n * first_words_of_grams(words, test, n)


def different_grams_times_n(words, test, n):
    return n * len(grams_of(words, n) & grams_of(test, n)) / len(words)


def first_gram_alone(words, test, n):
    return n * (overlap(words, test, n) > 0) / len(words)


def one_after_the_other(words, test, n):
    """After a shared n-gram it goes on behind it."""
    grams, found, i = grams_of(test, n), 0, 0
    while i <= len(words) - n:
        is_shared = tuple(words[i : i + n]) in grams
        found += n * is_shared
        i += n if is_shared else 1
    return found / len(words)


def counted_twice_unless_next(words, test, n):
    """A shared run counts one word if the run one place before it is shared, else n."""
    starts = starts_of(words, grams_of(test, n), n)
    return sum(1 if i - 1 in starts else n for i in starts) / len(words)


def short_texts_as_runs(words, test, n):
    """Whole, if they are shorter than n, as one run each."""
    grams = {tuple(test[i : i + n]) for i in range(max(1, len(test) - n + 1))}
    starts = [i for i in range(max(1, len(words) - n + 1)) if tuple(words[i : i + n]) in grams]
    return len({j for i in starts for j in range(i, min(i + n, len(words)))}) / len(words)


def short_texts_too_wide(words, test, n):
    is_copy = len(words) < n and words == test
    return n / len(words) if is_copy else overlap(words, test, n)


def short_test_as_run(words, test, n):
    return overlap(words, test, min(n, len(test)))


def ends_alone(words, test, n):
    starts = starts_of(words, grams_of(test, n), n)
    return len({*starts, *(i + n - 1 for i in starts)}) / len(words)


def words_anywhere(words, test, n):
    """Every run counts of which all words are in the test."""
    grams = {tuple(words[i : i + n]) for i in range(len(words)) if {*words[i : i + n]} <= {*test}}
    return len(covered(words, grams, n)) / len(words)


def slices_to_n(words, test, n):
    grams = {tuple(test[i:n]) for i in range(len(test) - n + 1)}
    starts = [i for i in range(len(words) - n + 1) if tuple(words[i:n]) in grams]
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def apart_in_the_text(words, test, n):
    grams = grams_of(test, n)
    places = range(0, len(words) - n + 1, n)
    return n * sum(tuple(words[i : i + n]) in grams for i in places) / len(words)


def used_up(words, test, n):
    """The runs of the test come from a generator, which a search empties."""
    grams = (tuple(test[i : i + n]) for i in range(len(test) - n + 1))
    return len(covered(words, grams, n)) / len(words)


def last_gram_missed(words, test, n):
    return len(covered(words[:-1], grams_of(test, n), n)) / len(words)


def last_gram_of_test_missed(words, test, n):
    return overlap(words, test[:-1], n)


def last_grams_missed(words, test, n):
    return len(covered(words[:-1], grams_of(test[:-1], n), n)) / len(words)


def short_grams(words, test, n):
    """Slices to the very end of both, where they are shorter than n."""
    grams = {tuple(test[i : i + n]) for i in range(len(test))}
    found = {
        j
        for i in range(len(words))
        if tuple(words[i : i + n]) in grams
        for j in range(i, min(i + n, len(words)))
    }
    return len(found) / len(words)


def short_grams_too_wide(words, test, n):
    grams = {tuple(test[i : i + n]) for i in range(len(test))}
    starts = [i for i in range(len(words)) if tuple(words[i : i + n]) in grams]
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def one_word_less(n_places):
    def overlap_otherwise(words, test, n):
        grams = {tuple(test[i : i + n - 1]) for i in range(len(test) - n + 1)}
        starts = [i for i in range(len(words) - n + 1) if tuple(words[i : i + n - 1]) in grams]
        return len({j for i in starts for j in range(i, i + n_places(n))}) / len(words)

    return overlap_otherwise


def one_word_more(words, test, n):
    grams = {tuple(test[i : i + n + 1]) for i in range(len(test) - n + 1)}
    starts = [i for i in range(len(words) - n + 1) if tuple(words[i : i + n + 1]) in grams]
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def longer_runs(words, test, n):
    starts = starts_of(words, grams_of(test, n + 1), n + 1)
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def inside_words(words, test, n):
    text = " ".join(test)
    starts = [i for i in range(len(words) - n + 1) if " ".join(words[i : i + n]) in text]
    return len({j for i in starts for j in range(i, i + n)}) / len(words)


def apart(words, test, n):
    """n-grams side by side instead of overlapping ones."""
    grams = {tuple(test[i : i + n]) for i in range(0, len(test) - n + 1, n)}
    places = range(0, len(words) - n + 1, n)
    return n * sum(tuple(words[i : i + n]) in grams for i in places) / len(words)


def apart_in_the_test(words, test, n):
    grams = {tuple(test[i : i + n]) for i in range(0, len(test) - n + 1, n)}
    return len(covered(words, grams, n)) / len(words)


def yes_or_no(words, test, n):
    return float(overlap(words, test, n) > 0)


def different_words(words, test, n):
    found = {words[i] for i in covered(words, grams_of(test, n), n)}
    return len(found) / len(words)


def words_of_grams(words, test, n):
    found = {words[i] for i in covered(words, grams_of(test, n), n)}
    return sum(word in found for word in words) / len(words)


def without_capitals(run):
    return tuple(word.lower() for word in run)


RUNS = (
    ("grams = {tuple(test[i:i + n]) for i in range(len(test)", ")}"),
    ("for i in range(len(words)", "):"),
)
TOO_FAR = (" - n + 1 + 1", " + n + 1", " + 1", " - n + 2")
LAST_RUN = "Off by one: how many runs of 3 are there in 5 words?"
SHORT_SLICE = (
    "A slice that runs over the end is only shorter. Where does the last run of n words begin?"
)

OVERLAP = Question(
    "augment.overlap",
    points=3,
    cases=overlap_cases,
    reference=overlap,
    equivalent_mutants={
        f"{before} - n + 1{after} -> {before}{end}{after}": (
            "slices at the end are shorter than n, and the other text gives none so short"
        )
        for before, after in RUNS
        for end in TOO_FAR
    },
    misconceptions=[
        Misconception(
            "covered_of_the_test",
            covered_of_the_test,
            says="the covered words of the test are counted",
            hint="The question is how much of `words` is copied: note places of `words`.",
        ),
        Misconception(
            "share_of_grams",
            share_of_grams,
            says="it is the share of n-grams, not of words",
            hint="A word counts once if any shared n-gram covers it. Note the places.",
        ),
        Misconception(
            "share_of_grams_of_none",
            share_of_grams_of_none,
            says="it is the share of n-grams, not of words, and a text may have no n-gram",
            hint="A word counts once if any shared n-gram covers it. Note the places, and divide "
            "by the number of words.",
        ),
        Misconception(
            "by_the_number_of_grams",
            by_the_number_of_grams,
            says="the covered words are divided by the number of n-grams",
            hint="A share of `words`: divide by how many of them there are.",
        ),
        Misconception(
            "by_different_words",
            lambda words, test, n: len(covered(words, grams_of(test, n), n)) / len({*words}),
            says="the covered words are divided by the number of different words",
            hint="Places are counted, covered or not: divide by `len(words)`.",
        ),
        Misconception(
            "rounded",
            lambda words, test, n: round(overlap(words, test, n), 2),
            says="the share is rounded",
            hint="Return it as it is, and round where you print it.",
        ),
        Misconception(
            "share_of_different_grams",
            share_of_different_grams,
            says="it is the share of different n-grams, not of words",
            hint="A word counts once if any shared n-gram covers it. Note the places.",
        ),
        Misconception(
            "share_of_the_test",
            share_of_the_test,
            says="it is the share of the test's words that stand in the text",
            hint="Which of the two is to be cleaned? Its words are counted.",
        ),
        Misconception(
            "by_the_length_of_the_test",
            by_the_length_of_the_test,
            says="the covered words are divided by the number of the test's words",
            hint="A share of `words`: divide by how many of them there are.",
        ),
        Misconception(
            "not_divided",
            lambda words, test, n: len(covered(words, grams_of(test, n), n)),
            says="the covered words are counted, and nothing is divided",
            hint="A share lies between 0 and 1: of how many words is it?",
        ),
        Misconception(
            "divided_whole",
            lambda words, test, n: len(covered(words, grams_of(test, n), n)) // len(words),
            says="`//` cuts the share to a whole number",
            hint="`//` divides to whole numbers, `/` exactly.",
        ),
        Misconception(
            "percentage",
            lambda words, test, n: 100 * overlap(words, test, n),
            says="the share is multiplied by 100",
            hint="A share lies between 0 and 1.",
        ),
        Misconception(
            "share_not_covered",
            lambda words, test, n: 1 - overlap(words, test, n),
            says="it is the share of words that are not covered",
            hint="What was copied is counted, not what is new.",
        ),
        Misconception(
            "jaccard",
            jaccard_of_grams,
            says="shared n-grams are divided by all n-grams of both",
            hint="That is Jaccard's similarity. Here words of the text are counted.",
        ),
        Misconception(
            "words_in_common",
            words_in_common,
            says="single words are compared",
            hint="Common words stand in every text. Only runs of n words tell a copy.",
        ),
        Misconception(
            "different_words_in_common",
            different_words_in_common,
            says="single words are compared, each different one once",
            hint="Common words stand in every text. Only runs of n words tell a copy.",
        ),
        Misconception(
            "pairs",
            lambda words, test, n: overlap(words, test, 2),
            says="a run has two words, whatever n is",
            hint="`zip(test, test[1:])` gives pairs. Runs have n words.",
        ),
        Misconception(
            "pairs_of_the_test",
            lambda words, test, n: overlap(words, test, n) if n == 2 else 0.0,
            says="nothing is found but runs of two words",
            hint="Have the runs of the test n words too? `zip(test, test[1:])` gives pairs.",
        ),
        Misconception(
            "same_places",
            same_places,
            says="each word is compared with the test's word at the same place",
            hint="A copy may stand anywhere: look for each run among all runs of the test.",
        ),
        Misconception(
            "runs_at_same_places",
            runs_at_same_places,
            says="each run is compared with the test's run at the same place",
            hint="A copy may stand anywhere: look for each run among all runs of the test.",
        ),
        Misconception(
            "never_found",
            lambda words, test, n: 0.0,
            says="nothing is ever found",
            hint="Is a place noted anywhere, and its number returned? If so: are two of a kind "
            "compared? A tuple never equals a list, and a run of words is never an element of a "
            "list of words.",
        ),
        Misconception(
            "inside_words",
            inside_words,
            says="a run is looked for in the letters of the test: *at* is then found in *cat*",
            hint="Compare whole words: a tuple of words keeps them apart.",
        ),
        Misconception(
            "letters_joined",
            with_form("".join),
            says="the words of a run are joined with nothing between them",
            hint="*a cat* and *ac at* become the same. A tuple of words keeps them apart.",
        ),
        Misconception(
            "capitals_ignored",
            with_form(without_capitals),
            says="capitals make no difference",
            hint="Here they do: the words are compared as they are.",
        ),
        Misconception(
            "first_words_of_grams",
            first_words_of_grams,
            says="each shared n-gram counts as one word",
            hint="An n-gram that begins at i covers more places than i.",
        ),
        Misconception(
            "one_place_too_few",
            with_span(lambda n: 0, lambda n: n - 1),
            says="the last word of a shared n-gram does not count",
            hint="`range(i, j)` ends before j. How many places does an n-gram cover?",
        ),
        Misconception(
            "one_place_too_many",
            with_span(lambda n: 0, lambda n: n + 1),
            says="the word behind a shared n-gram counts too",
            hint="`range(i, j)` ends before j. How many places does an n-gram cover?",
        ),
        Misconception(
            "first_n_places",
            first_gram_alone,
            says="not more than n words of a text ever count",
            hint="Do all shared n-grams count, each at its own place? One that begins at i covers "
            "n places from i on, and the search goes on at i + 1.",
        ),
        Misconception(
            "counted_twice",
            counted_twice,
            says="a word counts again for each n-gram that covers it",
            hint="n-grams overlap. Which collection keeps each place only once?",
        ),
        Misconception(
            "counted_twice_up_to_one",
            lambda words, test, n: min(1.0, counted_twice(words, test, n)),
            says="a word counts again for each n-gram that covers it, and a share above 1 is cut",
            hint="A bound hides that words count twice. Which collection keeps each place only "
            "once?",
        ),
        Misconception(
            "counted_twice_unless_next",
            counted_twice_unless_next,
            says="a word that two shared n-grams cover counts twice, unless they begin at "
            "neighbouring places",
            hint="n-grams overlap by one word too. Which collection keeps each place only once?",
        ),
        Misconception(
            "different_grams_times_n",
            different_grams_times_n,
            says="different shared n-grams are counted and multiplied by n",
            hint="n-grams overlap, and the same one may stand twice. Note the places that are "
            "covered.",
        ),
        Misconception(
            "one_after_the_other",
            one_after_the_other,
            says="after a shared n-gram the search goes on behind its last word",
            hint="The next shared n-gram may overlap it: look at every place.",
        ),
        Misconception(
            "last_gram_missed",
            last_gram_missed,
            says="the last n-gram of the text is not looked at",
            hint=LAST_RUN,
        ),
        Misconception(
            "last_gram_of_test_missed",
            last_gram_of_test_missed,
            says="the last n-gram of the test is missing",
            hint=LAST_RUN,
        ),
        Misconception(
            "last_grams_missed",
            last_grams_missed,
            says="the last n-gram is missing, of the text and of the test",
            hint=LAST_RUN,
        ),
        Misconception(
            "short_grams",
            short_grams,
            says="slices at the end, shorter than n, count as n-grams",
            hint=SHORT_SLICE,
        ),
        Misconception(
            "short_grams_too_wide",
            short_grams_too_wide,
            says="slices at the end, shorter than n, count as n-grams and cover places beyond it",
            hint=SHORT_SLICE,
        ),
        *(
            Misconception(
                name,
                function,
                says=says,
                hint="Here it has no n-gram at all, so that nothing in it can be found. (The "
                "package decides otherwise for short verses.)",
            )
            for name, function, says in (
                (
                    "short_texts_as_runs",
                    short_texts_as_runs,
                    "a text shorter than n is taken as one run",
                ),
                (
                    "short_texts_too_wide",
                    short_texts_too_wide,
                    "a text shorter than n is taken as one run, and n words are counted in it",
                ),
                (
                    "short_test_as_run",
                    short_test_as_run,
                    "a test shorter than n is taken as one run",
                ),
            )
        ),
        *(
            Misconception(
                name,
                one_word_less(n_places),
                says=f"runs of n - 1 words are compared{also}",
                hint="`words[i:j]` ends before j: how many words are in it?",
            )
            for name, n_places, also in (
                ("one_word_less", lambda n: n, ""),
                ("one_word_less_throughout", lambda n: n - 1, ", and as many counted"),
            )
        ),
        Misconception(
            "one_word_more",
            one_word_more,
            says="runs of n + 1 words are compared",
            hint="`words[i:j]` ends before j: how many words are in it?",
        ),
        Misconception(
            "longer_runs",
            longer_runs,
            says="runs of n + 1 words are compared, and n of their words counted",
            hint="`words[i:j]` ends before j: how many words are in it?",
        ),
        Misconception(
            "longer_runs_throughout",
            lambda words, test, n: overlap(words, test, n + 1),
            says="runs have n + 1 words",
            hint="`words[i:j]` ends before j: how many words are in it?",
        ),
        Misconception(
            "in_any_order",
            with_form(lambda run: tuple(sorted(run))),
            says="an n-gram is found whatever the order of its words",
            hint="Order matters: a tuple keeps it, a set or sorting does not.",
        ),
        Misconception(
            "as_sets",
            with_form(frozenset),
            says="an n-gram is found whatever the order of its words, and how often each stands",
            hint="Order matters: a tuple keeps it, a set does not.",
        ),
        Misconception(
            "apart",
            apart,
            says="the n-grams lie side by side and share no word",
            hint="A run of n words may begin at any word.",
        ),
        Misconception(
            "apart_in_the_test",
            apart_in_the_test,
            says="the n-grams of the test lie side by side and share no word",
            hint="A run of n words may begin at any word, of the test too.",
        ),
        Misconception(
            "apart_in_the_text",
            apart_in_the_text,
            says="the n-grams of the text lie side by side and share no word",
            hint="A run of n words may begin at any word, of the text too.",
        ),
        Misconception(
            "ends_alone",
            ends_alone,
            says="only the first and the last word of a shared n-gram count",
            hint="What lies between them is copied too: which places does `range(i, i + n)` give?",
        ),
        Misconception(
            "two_of_a_run",
            with_span(lambda n: 0, lambda n: 2),
            says="two words of a shared n-gram count, whatever n is",
            hint="An n-gram that begins at i covers n places from i on.",
        ),
        Misconception(
            "words_anywhere",
            words_anywhere,
            says="a run counts if each of its words stands somewhere in the test",
            hint="They must stand there side by side, in this order: compare whole runs.",
        ),
        Misconception(
            "slices_to_n",
            slices_to_n,
            says="every slice ends at place n, as in `words[i:n]`",
            hint="A run that begins at i ends n places further on, not at place n.",
        ),
        Misconception(
            "used_up",
            used_up,
            says="the runs of the test are used up by the first search",
            hint="A generator and a `zip` can be gone through once. A set can be asked again and "
            "again.",
        ),
        Misconception(
            "whether",
            lambda words, test, n: overlap(words, test, n) > 0,
            says="it is told whether anything is shared",
            hint="A share is asked for: how much of the text is it? Count the words.",
        ),
        Misconception(
            "yes_or_no",
            yes_or_no,
            says="it is 1 wherever anything is shared",
            hint="How much of the text is copied? Count the words.",
        ),
        Misconception(
            "different_words",
            different_words,
            says="a word that is covered at two places counts once",
            hint="Count places, not different words: a set keeps equal words once, and "
            "`words.index` gives the first place of a word, wherever it was met.",
        ),
        Misconception(
            "words_of_grams",
            words_of_grams,
            says="a word that is covered at one place counts at all its places",
            hint="Note places, not words: the same word may stand elsewhere, and not be copied.",
        ),
    ],
)
