"""4.3 Learn the merges."""

from collections import Counter
from itertools import pairwise
from math import inf

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.tokenizer.merge_training import learn_merges

from .count_pairs import count_pairs, per_word
from .merge import drops_the_rest, first_only, from_the_right, ids_added, keeps_the_second, replaced
from .words import Pair, Word, word


def learn(words: dict[Word, int], n_merges: int, first_id: int) -> list[Pair]:
    """The package's training, with ids for tokens."""
    numbers = sorted({token for tokens in words for token in tokens})
    letters = {token: chr(i) for i, token in enumerate(numbers)}
    spelled = {"".join(map(letters.__getitem__, tokens)): n for tokens, n in words.items()}
    ids, merges = {chr(i): token for i, token in enumerate(numbers)}, []
    for left, right in learn_merges(spelled, list(ids), n_merges):
        merges.append((ids[left], ids[right]))
        ids[left + right] = first_id + len(merges) - 1
    return merges


def smallest_of_commonest(counts):
    return min(counts, key=lambda pair: (-counts[pair], pair))


def rebuilt(words, pair, new, replace=replaced):
    return {tuple(replace(list(tokens), pair, new)): n for tokens, n in words.items()}


def learn_with(
    best=smallest_of_commonest,
    rebuild=rebuilt,
    counts_of=count_pairs,
    number=lambda first_id, i: first_id + i,
    limit=lambda n_merges: n_merges,
    is_over=lambda counts: not counts,
):
    """Training with one thing changed."""

    def learn_otherwise(words, n_merges, first_id):
        merges = []
        while len(merges) < limit(n_merges) and not is_over(counts := counts_of(words)):
            pair = best(counts)
            words = rebuild(words, pair, number(first_id, len(merges)))
            merges.append(pair)
        return merges

    return learn_otherwise


def learn_cases(generator):
    a, b, c, d = sorted(pick(generator, 4))
    n, first_id = whole(generator, 4, 7), whole(generator, 100, 200)
    more = {"first_id": first_id}
    yield {"words": {(a, b): n, (b, c): n + 1}, "n_merges": 1, **more}
    yield {"words": {(b, a): n, (a, c): n, (a, b): n}, "n_merges": 3, **more}  # ties
    yield {"words": {(d, b, c): n, (b, c): 2, (b, d): 3}, "n_merges": 3, **more}
    yield {"words": {(a, a, a, a): 2, (c, b): 5}, "n_merges": 3, **more}
    yield {"words": {(a, b): 1}, "n_merges": 3, **more}  # nothing is left after one
    yield {"words": {(d, c): 1, (a, b, c, d): n, (c, d, a, b): 2}, "n_merges": 5, **more}
    words = {word(generator, 5, [a, b, c]): whole(generator, 1, 6) for _ in range(3)}
    yield {"words": words, "n_merges": 4, **more}
    yield {"words": {(a, b, c): 2}, "n_merges": 4, **more}  # the pairs run out after two
    yield {"words": {(a, a, a, b): n}, "n_merges": 2, **more}  # it matters which two are merged
    one_digit, two_digits = whole(generator, 2, 9), whole(generator, 10, 19)
    yield {"words": {(one_digit, c): n, (two_digits, c): n}, "n_merges": 1, **more}
    # Merged tokens take part in ties, with their new and larger ids.
    yield {"words": {(a, b, c): 3, (a, b, d): 3, (c, d): 3}, "n_merges": 3, **more}
    yield {"words": {(a, b): n}, "n_merges": 0, **more}
    yield {"words": {(b, c): n, (a, d): n, (a, c): n, (b, d): 9}, "n_merges": 3, **more}
    # After the first merge it matters how often each word occurs.
    yield {"words": {(a, b, c): n, (a, b, d): 1, (b, d): 2, (d, a): 2}, "n_merges": 3, **more}


def best_by(key):
    """Choose the pair with the smallest key(count, pair); of equals the one that was met first."""
    return lambda counts: min(counts, key=lambda pair: key(counts[pair], pair))


def last_of_ties(counts):
    return sorted(counts, key=counts.get)[-1]


def counted_once(words, n_merges, first_id):
    counts = count_pairs(words)
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[:n_merges]


def counted_once_in_order_met(words, n_merges, first_id):
    return [pair for pair, _ in Counter(count_pairs(words)).most_common(n_merges)]


def merged_with(replace):
    return lambda words, pair, new: rebuilt(words, pair, new, replace)


def padded(words, n_merges, first_id):
    merges = learn(words, n_merges, first_id)
    return merges + [None] * (n_merges - len(merges))


def one_at_least(words, n_merges, first_id):
    return learn(words, max(n_merges, 1), first_id)


def first_round_learned(words, n_merges, first_id):
    return learn(words, 1, first_id) if n_merges else None


def last_round_only(words, n_merges, first_id):
    for i in range(n_merges):
        merges = learn(words, i + 1, first_id)[i:]
    return merges


def all_or_nothing(words, n_merges, first_id):
    merges = learn(words, n_merges, first_id)
    return merges if len(merges) == n_merges else []


def merged_into_the_first_words(words, n_merges, first_id):
    """As if only the latest merge were done in the words that are counted."""
    merges, latest = [], words
    for new in range(first_id, first_id + n_merges):
        if not (counts := count_pairs(latest)):
            break
        merges.append(smallest_of_commonest(counts))
        latest = rebuilt(words, merges[-1], new)
    return merges


def list_added_to_a_tuple(words, n_merges, first_id):
    some, new = next(iter(words)), [first_id]
    return [some + new for _ in range(n_merges)]


def last_word_kept(words, n_merges, first_id):
    """As if the new dict were made inside the loop over the words."""

    def rebuild(words, pair, new):
        return dict([*rebuilt(words, pair, new).items()][-1:])

    return learn_with(rebuild=rebuild)(words, n_merges, first_id)


LEARN = Question(
    "tokenizer.learn",
    points=4,
    cases=learn_cases,
    reference=learn,
    equivalent_mutants={
        "words = {tuple(merge(list(word), best, new)): n for word, n in words.items()} -> "
        "words = {tuple(merge(word, best, new)): n for word, n in words.items()}": (
            "a tuple is walked and cut as a list is"
        ),
    },
    misconceptions=[
        Misconception(
            "largest_of_ties",
            learn_with(best_by(lambda n, pair: (-n, -pair[0], -pair[1]))),
            says="of equally common pairs the largest goes first",
            hint="`max` over (count, pair) prefers the largest pair as well as the largest count; "
            "the two wishes point in opposite directions.",
        ),
        Misconception(
            "first_of_ties",
            learn_with(best_by(lambda n, pair: -n)),
            says="of equally common pairs the one that was counted first goes first",
            hint="`max(counts, key=counts.get)` and `most_common` leave ties to the order in which "
            "the pairs were met. The rule asks for the smallest pair.",
        ),
        Misconception(
            "right_first",
            learn_with(best_by(lambda n, pair: (-n, pair[::-1]))),
            says="ties are decided by the right token before the left one",
            hint="Compare the left ids; only where they are equal the right ones. Tuples compare "
            "in this way by themselves.",
        ),
        Misconception(
            "rarest",
            learn_with(best_by(lambda n, pair: (n, pair))),
            says="the rarest pair is merged",
            hint="`min` by the count finds the smallest count. Which sign turns that round?",
        ),
        Misconception(
            "counted_once",
            counted_once,
            says="the pairs are counted once, and the commonest of them taken in order",
            hint="A merge makes new pairs and takes others away: count again after each.",
        ),
        Misconception(
            "per_word",
            learn_with(counts_of=per_word),
            says="every word counts once, however often it occurs",
            hint="Multiply by the number of times that the word occurs, as in 4.1.",
        ),
        Misconception(
            "last_word_kept",
            last_word_kept,
            says="after a merge only the last word is left",
            hint="The new dict is made anew for every word: make it once a round, before the loop "
            "over the words.",
        ),
        Misconception(
            "triples",
            lambda words, n_merges, first_id: [
                (*pair, first_id + i) for i, pair in enumerate(learn(words, n_merges, first_id))
            ],
            says="the new id stands beside each pair",
            hint="The right pairs. Give them back alone: their place in the list says the id.",
        ),
        Misconception(
            "one_id_for_all",
            learn_with(number=lambda first_id, i: first_id),
            says="every merge makes the same token, first_id",
            hint="Each merge makes a token of its own: first_id, first_id + 1, ...",
        ),
        Misconception(
            "ids_from_one_more",
            learn_with(number=lambda first_id, i: first_id + i + 1),
            says="the first merge makes the token first_id + 1",
            hint="Off by one: the token of the first merge is first_id itself.",
        ),
        Misconception(
            "first_place_only",
            learn_with(rebuild=merged_with(first_only)),
            says="the pair is merged at its first place in each word only",
            hint="The pair may stand in a word twice; merge it everywhere, as in 4.2.",
        ),
        Misconception(
            "second_token_stays",
            learn_with(rebuild=merged_with(keeps_the_second)),
            says="merging leaves the second token of the pair in the word",
            hint="Two tokens become one, as in 4.2.",
        ),
        Misconception(
            "left_only",
            learn_with(best_by(lambda n, pair: (-n, pair[0]))),
            says="ties are decided by the left token alone",
            hint="Two pairs may begin with the same token: then the smaller right id goes first.",
        ),
        Misconception(
            "sum_of_ids",
            learn_with(best_by(lambda n, pair: (-n, sum(pair)))),
            says="ties are decided by the sum of the two ids",
            hint="Compare the left ids; only where they are equal the right ones. Tuples compare "
            "in this way by themselves.",
        ),
        Misconception(
            "last_of_ties",
            learn_with(last_of_ties),
            says="of equally common pairs the one that was counted last goes first",
            hint="Sorting by the count alone leaves ties to the order in which the pairs were "
            "met. The rule asks for the smallest pair.",
        ),
        Misconception(
            "smallest_pair",
            learn_with(best_by(lambda n, pair: pair)),
            says="the smallest pair is merged, however often it occurs",
            hint="`min` of a dict compares its keys: give it a key that asks for the count first.",
        ),
        Misconception(
            "largest_pair",
            learn_with(max),
            says="the largest pair is merged, however often it occurs",
            hint="`max` of a dict compares its keys, not what it holds for them.",
        ),
        Misconception(
            "counted_once_in_order_met",
            counted_once_in_order_met,
            says="the pairs are counted once, and the commonest taken in the order of "
            "`most_common`",
            hint="Two things: a merge makes new pairs and takes others away, so count again after "
            "each; and of equally common pairs the smallest goes first.",
        ),
        Misconception(
            "words_never_change",
            learn_with(rebuild=lambda words, pair, new: words),
            says="the same pair is chosen in every round",
            hint="The words that you count have not changed. Is the merged dict kept, is it "
            "counted anew in each round? Does your `merge` merge a tuple too, and are its "
            "arguments in order?",
        ),
        Misconception(
            "old_words_kept",
            learn_with(rebuild=lambda words, pair, new: words | rebuilt(words, pair, new)),
            says="the words as they were stay beside the merged ones",
            hint="The merged word takes the place of the old one: build a new dict in each round.",
        ),
        Misconception(
            "count_lost",
            learn_with(
                rebuild=lambda words, pair, new: dict.fromkeys(rebuilt(words, pair, new), 1)
            ),
            says="after the first merge every word counts once",
            hint="The dict that is built anew must carry n over: the merged word occurs as often "
            "as the old one.",
        ),
        Misconception(
            "without_the_pair_dropped",
            learn_with(
                rebuild=lambda words, pair, new: rebuilt(
                    {w: n for w, n in words.items() if pair in pairwise(w)}, pair, new
                )
            ),
            says="words that do not have the pair are dropped",
            hint="Words without the pair stay as they are: their pairs come later.",
        ),
        Misconception(
            "last_token_lost",
            learn_with(rebuild=merged_with(drops_the_rest)),
            says="merging loses the last token of a word",
            hint="Look at what your `merge` does at the end of a word, in 4.2.",
        ),
        Misconception(
            "one_merge_too_many",
            learn_with(limit=lambda n_merges: n_merges + 1),
            says="one merge too many is made",
            hint="Off by one: n_merges says how many there are at most.",
        ),
        Misconception(
            "one_merge_too_few",
            learn_with(limit=lambda n_merges: n_merges - 1),
            says="one merge is missing, unless the pairs run out before",
            hint="Off by one: `range(1, n)` has n - 1 rounds.",
        ),
        Misconception(
            "one_merge_too_few_and_ids_too",
            learn_with(limit=lambda n: n - 1, number=lambda first_id, i: first_id + i + 1),
            says="one merge is missing, and the first makes the token first_id + 1",
            hint="Off by one, twice: a loop over `range(n)` begins at 0 and has n rounds.",
        ),
        Misconception(
            "no_limit",
            learn_with(limit=lambda n_merges: inf),
            says="merging goes on until no pair is left",
            hint="Stop after n_merges.",
        ),
        Misconception(
            "one_at_least",
            one_at_least,
            says="a merge is made before n_merges is asked",
            hint="n_merges may be 0: then there is nothing to do.",
        ),
        Misconception(
            "no_end",
            learn_with(is_over=lambda counts: False),
            says="a pair is chosen though none is left",
            hint="Words of one token have no pairs. What should be returned when `counts` is "
            "empty?",
        ),
        Misconception(
            "none_at_the_end",
            padded,
            says="None stands in the list where no pair was left",
            hint="Fewer than n_merges may come back: stop when there is no pair.",
        ),
        Misconception(
            "stops_at_one",
            learn_with(is_over=lambda counts: max(counts.values(), default=0) < 2),
            says="the work ends when no pair occurs twice",
            hint="A pair that occurs once is a pair: go on while there is any.",
        ),
        Misconception(
            "stops_at_the_last",
            learn_with(is_over=lambda counts: len(counts) < 2),
            says="the work ends when only one pair is left to choose from",
            hint="One pair is a pair: go on while there is any.",
        ),
        Misconception(
            "ids_from_256",
            learn_with(number=lambda first_id, i: 256 + i),
            says="the first merge makes the token 256, whatever first_id is",
            hint="The first new id is the argument `first_id`.",
        ),
        Misconception(
            "first_round_only",
            first_round_learned,
            says="only the first merge comes out",
            hint="A `return` that stands inside the loop ends the function in its first round: "
            "how far is it indented?",
        ),
        Misconception(
            "last_round_only",
            last_round_only,
            says="only the last merge comes out",
            hint="The list is made anew in every round: make it once, before the loop.",
        ),
        Misconception(
            "all_or_nothing",
            all_or_nothing,
            says="an empty list comes back where the pairs run out before n_merges",
            hint="What was learned until then is the answer: `return []` throws it away.",
        ),
        Misconception(
            "ids_as_text",
            learn_with(best_by(lambda n, pair: (-n, str(pair)))),
            says="ids are compared as text, where 10 stands before 9",
            hint="Compare the pairs themselves: tuples of numbers compare number by number.",
        ),
        Misconception(
            "ids_added",
            learn_with(rebuild=merged_with(ids_added)),
            says="the merged token is the sum of its two ids",
            hint="Letters join with `+`, numbers add up. The i-th merge makes first_id + i.",
        ),
        Misconception(
            "merged_into_the_first_words",
            merged_into_the_first_words,
            says="each merge is done in the words as they came in, without the merges before",
            hint="Each round goes on with the words of the round before: which dict do you go "
            "through?",
        ),
        Misconception(
            "flat",
            lambda words, n_merges, first_id: [
                token for pair in learn(words, n_merges, first_id) for token in pair
            ],
            says="the two ids of each pair stand in the list by themselves",
            hint="`+=` and `extend` add all that is in the pair; `append` adds the pair as one "
            "item.",
        ),
        Misconception(
            "latest_first",
            lambda words, n_merges, first_id: learn(words, n_merges, first_id)[::-1],
            says="the list begins with the merge that was learned last",
            hint="`append` puts each pair behind those before it.",
        ),
        Misconception(
            "from_the_right",
            learn_with(rebuild=merged_with(from_the_right)),
            says="the pair is merged from right to left",
            hint="It matters where pairs overlap: in (7, 7, 7) the left two are merged, as in 4.2.",
        ),
        Misconception(
            "list_added_to_a_tuple",
            list_added_to_a_tuple,
            says="a list is added to a tuple",
            hint="The words are tuples. A `merge` that works on lists is called with "
            "`list(word)`; `tuple(...)` of what it gives is a word again.",
        ),
    ],
)
