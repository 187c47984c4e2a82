"""3.2 Delete."""

from llama_edu.course.checking.questions import Misconception, Question

from .words import pick


def delete(words: list[str], places: list[int]) -> list[str]:
    gone = usable(words, places)
    return [word for i, word in enumerate(words) if i not in gone]


def usable(words, places):
    """The places that can be used before a single word is left."""
    return places[: max(0, len(words) - 1)]


def delete_cases(generator):
    a, b, c, d, e, f = pick(generator, 6)
    yield {"words": [a, b, c, d], "places": [1, 3]}
    yield {"words": [a, b, c, d, e, f], "places": [4, 0, 2]}
    yield {"words": [a, b, a, c, b, d], "places": [2, 4]}  # the same words stay elsewhere
    yield {"words": [c, e, c, d], "places": [0]}  # and here further right
    yield {"words": [a, b, c], "places": [2, 0, 1]}  # all: one stays
    yield {"words": [d, e, f], "places": [1, 2, 0]}
    yield {"words": [f], "places": [0]}
    yield {"words": [a, b, c, d], "places": []}
    yield {"words": [c, d, e, f], "places": [0, 1, 3]}
    yield {"words": [b, d, f, a], "places": [1, 2]}  # neighbours
    yield {"words": pick(generator, 12), "places": [10, 3]}  # 1 and 0 are not 10


def popped(places_of, only_inside=False):
    """Deleted one after the other from a list that grows shorter."""

    def delete_otherwise(words, places):
        left = list(words)
        for i in places_of(words, places):
            if i < len(left) or not only_inside:
                left.pop(i)
        return left

    return delete_otherwise


def popped_while_some_are_left(in_order):
    def delete_otherwise(words, places):
        left = list(words)
        for i in in_order(places):
            if i < len(left) > 1:
                del left[i]
        return left

    return delete_otherwise


def moved_by_count(words, places):
    """As if each deletion before had been further left."""
    left = list(words)
    for n_before, i in enumerate(usable(words, places)):
        del left[i - n_before]
    return left


def deleted_while_walking(delete_one, gone_of):
    """From the list that the loop walks through."""

    def delete_otherwise(words, places):
        left, gone = list(words), gone_of(words, places)
        for i, word in enumerate(left):
            if i in gone:
                delete_one(left, i, word)
        return left

    return delete_otherwise


def by_value(words, places):
    gone = {words[i] for i in usable(words, places)}
    return [word for word in words if word not in gone]


def first_of_its_like(words, places):
    left = list(words)
    for i in usable(words, places):
        left.remove(words[i])
    return left


def by_first_place(words, places):
    gone = usable(words, places)
    return [word for word in words if words.index(word) not in gone]


def blanked(blank):
    def delete_otherwise(words, places):
        gone = usable(words, places)
        return [blank if i in gone else word for i, word in enumerate(words)]

    return delete_otherwise


def one_place_on(words, places):
    gone = usable(words, places)
    return [word for i, word in enumerate(words, start=1) if i not in gone]


def all_or_nothing(words, places):
    return list(words) if len(places) == len(words) else delete(words, places)


def last_places_used(words, places):
    """The places that are too many are left out at the beginning."""
    gone = places[-(len(words) - 1) :]
    return [word for i, word in enumerate(words) if i not in gone]


def first_stays(words, places):
    return words[:1] if len(places) == len(words) else delete(words, places)


def first_named_stays(words, places):
    return delete(words, places[1:] if len(places) == len(words) else places)


def last_named_as_text(words, places):
    return words[places[-1]] if len(places) == len(words) else delete(words, places)


def refused(words, places):
    if len(places) == len(words):
        raise ValueError("nothing would be left")
    return delete(words, places)


def kept_for_deleted(words, places):
    return [word for i, word in enumerate(words) if i in usable(words, places)]


DELETE = Question(
    "augment.delete",
    points=2,
    cases=delete_cases,
    reference=delete,
    misconceptions=[
        Misconception(
            "last_places_used",
            last_places_used,
            says="the last of the places are used, not the first; and `[-0:]` is the whole list",
            hint="The places are used in their order until one word is left: `places[:...]`.",
        ),
        Misconception(
            "shifted",
            popped(usable),
            says="each deletion moves the words behind it, and the next place is counted anew",
            hint="The places are those of the words as they were given. Decide for each word once.",
        ),
        Misconception(
            "shifted_to_nothing",
            popped(lambda words, places: places),
            says="each deletion moves the words behind it, and no word is sure to stay",
            hint="The places are those of the words as they were given: decide for each word once. "
            "Then see to it that one word stays.",
        ),
        Misconception(
            "shifted_in_order",
            popped(lambda words, places: sorted(usable(words, places))),
            says="words are deleted from left to right, and each moves all that follow",
            hint="After the first `del` or `pop` the other places are one off. From which end "
            "would they not be?",
        ),
        Misconception(
            "shifted_in_order_to_nothing",
            popped(lambda words, places: sorted(places)),
            says="words are deleted from left to right, each moves all that follow, and no word is "
            "sure to stay",
            hint="After the first `del` or `pop` the other places are one off. From which end "
            "would they not be? Then see to it that one word stays.",
        ),
        Misconception(
            "shifted_inside",
            popped(lambda words, places: places, only_inside=True),
            says="each deletion moves the words behind it, and places beyond the end are passed "
            "over",
            hint="That a place lies beyond the end is a sign that the others are off too: they are "
            "places of the words as they were given. Decide for each word once, and see to it that "
            "one stays.",
        ),
        Misconception(
            "shifted_while_some_are_left",
            popped_while_some_are_left(list),
            says="each deletion moves the words behind it, and places beyond the end are passed "
            "over, but one word stays",
            hint="That a place lies beyond the end is a sign that the others are off too: they are "
            "places of the words as they were given. Decide for each word once.",
        ),
        Misconception(
            "shifted_in_order_while_some_are_left",
            popped_while_some_are_left(sorted),
            says="words are deleted from left to right, each moves all that follow, and places "
            "beyond the end are passed over",
            hint="That a place lies beyond the end is a sign that the others are off too: they are "
            "places of the words as they were given. Decide for each word once.",
        ),
        Misconception(
            "shifted_usable_inside",
            popped(usable, only_inside=True),
            says="each deletion moves the words behind it, and places beyond the end are passed "
            "over, though only so many are used that one word stays",
            hint="The places are those of the words as they were given, not of what is left of "
            "them. Decide for each word once.",
        ),
        Misconception(
            "shifted_backwards",
            popped(lambda words, places: usable(words, places)[::-1]),
            says="the places are taken from the last named to the first, and each deletion moves "
            "the words behind it",
            hint="`places` come in any order. Turned round they still do: sort them, or decide for "
            "each word of the given list once.",
        ),
        Misconception(
            "moved_by_count",
            moved_by_count,
            says="each place is lowered by one for every deletion before it, wherever that was",
            hint="Only a deletion further left moves a word, and `places` come in any order. "
            "Decide for each word of the given list once.",
        ),
        *(
            Misconception(
                f"{name}_{gone}",
                deleted_while_walking(delete_one, gone_of),
                says="words are deleted from left to right, and what follows moves up",
                hint="The next place is then that of another word, and a loop that walks through "
                "the very list passes over one. Build a new list of the words that stay.",
            )
            for name, delete_one in (
                ("deleted_while_walking", lambda left, i, word: left.pop(i)),
                ("removed_while_walking", lambda left, i, word: left.remove(word)),
            )
            for gone, gone_of in (("usable", usable), ("all", lambda words, places: places))
        ),
        Misconception(
            "by_value",
            by_value,
            says="all words go that look like a deleted one",
            hint="The same word may stand elsewhere and stay. Ask for the place, not the word.",
        ),
        Misconception(
            "first_of_its_like",
            first_of_its_like,
            says="`remove` takes the first word of that look, wherever it stands",
            hint="The same word may stand further left. Ask for the place, not the word.",
        ),
        Misconception(
            "by_first_place",
            by_first_place,
            says="a word that stands twice is judged by its first place, as `words.index` gives it",
            hint="`enumerate` gives each word together with its own place.",
        ),
        Misconception(
            "nothing_goes",
            lambda words, places: list(words),
            says="nothing is ever deleted",
            hint="`places` holds numbers: a word is never in it. `enumerate` gives each word "
            "together with its place.",
        ),
        Misconception(
            "nothing_stays",
            lambda words, places: [word for i, word in enumerate(words) if i not in places],
            says="nothing is left where all places are named",
            hint="An empty text is no example: one word stays. Which one, says the docstring.",
        ),
        Misconception(
            "all_or_nothing",
            all_or_nothing,
            says="nothing is deleted where all places are named",
            hint="All but one of them are still deleted.",
        ),
        Misconception(
            "first_stays",
            first_stays,
            says="the first word of the text is spared where all places are named",
            hint="The order of `places` decides: deletion stops when a single word is left.",
        ),
        Misconception(
            "first_named_stays",
            first_named_stays,
            says="the first of `places` is spared where all are named",
            hint="The places are used in their order until one word is left: the last named is "
            "not reached.",
        ),
        Misconception(
            "last_named_as_text",
            last_named_as_text,
            says="a bare word is returned where all places are named",
            hint="One word is left, and it belongs in a list: `[word]`.",
        ),
        Misconception(
            "refused",
            refused,
            says="an error is raised where all places are named",
            hint="That is no wrong input: all but the last of the places are used.",
        ),
        Misconception(
            "two_stay",
            lambda words, places: delete(words, places[: max(0, len(words) - 2)]),
            says="deletion stops when two words are left",
            hint="One word stays: how many of the places can then be used?",
        ),
        Misconception(
            "one_deleted",
            lambda words, places: delete(words, places[:1]),
            says="not more than one word is deleted",
            hint="Is `return` inside the loop? It ends the function at once: set it level with "
            "`for`.",
        ),
        Misconception(
            "last_stays",
            lambda words, places: delete(words, sorted(places)),
            says="the last word of the text is spared where all places are named",
            hint="The order of `places` decides: deletion stops when a single word is left.",
        ),
        Misconception(
            "kept_for_deleted",
            lambda words, places: [word for i, word in enumerate(words) if i in places],
            says="the words of these places are kept and the others deleted",
            hint="It is the other way round.",
        ),
        Misconception(
            "usable_kept",
            kept_for_deleted,
            says="the words that should go are returned",
            hint="It is the other way round: `not in`.",
        ),
        Misconception(
            "deleted_in_their_order",
            lambda words, places: [words[i] for i in places],
            says="the words that should go are returned, in the order of `places`",
            hint="The others are wanted. Go through all words with `enumerate`, and keep those "
            "whose place is not among `places`.",
        ),
        Misconception(
            "blanked",
            blanked(""),
            says="the words are made empty but stay in the list",
            hint="The list becomes shorter by each deleted word.",
        ),
        Misconception(
            "made_none",
            blanked(None),
            says="the deleted words became None but stay in the list",
            hint="The list becomes shorter by each deleted word.",
        ),
        Misconception(
            "one_place_on",
            one_place_on,
            says="places are counted from 1",
            hint="The first word has the place 0.",
        ),
        Misconception(
            "one_too_few",
            lambda words, places: delete(words, places[:-1]),
            says="the last of the places is always spared",
            hint="One is spared only where nothing would be left otherwise.",
        ),
        Misconception(
            "last_word_unseen",
            lambda words, places: [
                word for i, word in enumerate(words[:-1]) if i not in usable(words, places)
            ],
            says="the last word of the text is always missing",
            hint="`range(len(words))` ends at the last place by itself.",
        ),
        Misconception(
            "first_word_unseen",
            lambda words, places: [
                word for i, word in enumerate(words) if i and i not in usable(words, places)
            ],
            says="the first word of the text is always missing",
            hint="Places begin at 0: `range(1, ...)` passes over the first.",
        ),
        Misconception(
            "first_kept_alone",
            lambda words, places: delete(words, places)[:1],
            says="the loop ends at the first word that stays",
            hint="Is `return` inside the loop? It ends the function at once: set it level with "
            "`for`.",
        ),
        Misconception(
            "first_word_alone",
            lambda words, places: [] if 0 in usable(words, places) else words[:1],
            says="the loop ends after the first word of the text",
            hint="Is `return` inside the loop? It ends the function at once: set it level with "
            "`for`.",
        ),
    ],
)
