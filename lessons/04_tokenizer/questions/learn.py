"""4.3 Learn the merges."""

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.tokenizer.merge_training import learn_merges

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


BEST = "min(counts, key=lambda pair: (-counts[pair], pair))"
KEY = "(-counts[pair], pair)"
REBUILT = "words = {tuple(merge(list(word), best, new)): n for word, n in words.items()}"

TIES = (
    "`counts.get` as a key, and `most_common`, leave ties to the order in which the pairs were "
    "met. What does the rule say about ties?"
)

LEARN = Question(
    "tokenizer.learn",
    points=4,
    cases=learn_cases,
    reference=learn,
    equivalent_mutants={
        f"{REBUILT} -> {REBUILT.replace('list(word)', 'word')}": (
            "a tuple is walked and cut as a list is"
        ),
    },
    misconceptions=[
        Misconception(
            "first_of_ties",
            {KEY: "-counts[pair]"},
            says="of equally common pairs the one that was counted first goes first",
            hint=TIES,
        ),
        Misconception(
            "last_of_ties",
            {BEST: "sorted(counts, key=counts.get)[-1]"},
            says="of equally common pairs the one that was counted last goes first",
            hint=TIES,
        ),
        Misconception(
            "largest_of_ties",
            {BEST: "max(counts, key=lambda pair: (counts[pair], pair))"},
            says="of equally common pairs the largest goes first",
            hint="`max` over (count, pair) prefers the largest pair as well as the largest count; "
            "the two wishes point in opposite directions.",
        ),
        Misconception(
            "rarest",
            {KEY: "(counts[pair], pair)"},
            says="the rarest pair is merged",
            hint="`min` by the count finds the smallest count. Which sign turns that round?",
        ),
        Misconception(
            "largest_pair",
            {BEST: "max(counts)"},
            says="the largest pair is merged, however often it occurs",
            hint="`max` of a dict compares its keys, not what it holds for them.",
        ),
        Misconception(
            "counted_once",
            {
                "counts = count_pairs(words)": "counts = count_pairs(words) "
                "if new == first_id else counts",
                "append(best)": "append(best)\n        del counts[best]",
            },
            says="the pairs are counted once, and the commonest of them taken in order",
            hint="A merge makes new pairs and takes others away: what must be done again after it?",
        ),
        Misconception(
            "words_never_change",
            {"words = {": "_ = {"},
            says="the same pair is chosen in every round",
            hint="The words that you count have not changed. Is the merged dict kept, and counted "
            "anew in each round? Does your `merge` take a tuple, and its arguments in this order?",
        ),
        Misconception(
            "old_words_kept",
            {"words = {": "words = words | {"},
            says="the words as they were stay beside the merged ones",
            hint="The merged word takes the place of the old one. What does the dict hold in the "
            "next round?",
        ),
        Misconception(
            "merged_into_the_first_words",
            {"merges = []": "merges, first = [], words", "in words.items()": "in first.items()"},
            says="each merge is done in the words as they came in, without the merges before",
            hint="Each round goes on with the words of the round before: which dict do you go "
            "through?",
        ),
        Misconception(
            "count_lost",
            {"new)): n": "new)): 1"},
            says="after the first merge every word counts once",
            hint="How often does a merged word occur? The dict that is built anew must say it.",
        ),
        Misconception(
            "last_word_kept",
            {"in words.items()": "in list(words.items())[-1:]"},
            says="after a merge only the last word is left",
            hint="How often is the new dict made anew in a round?",
        ),
        Misconception(
            "one_id_for_all",
            {"best, new)": "best, first_id)"},
            says="every merge makes the same token, first_id",
            hint="Each merge makes a token of its own.",
        ),
        Misconception(
            "ids_from_one_more",
            {"best, new)": "best, new + 1)"},
            says="the first merge makes the token first_id + 1",
            hint="Off by one: which token does the first merge make?",
        ),
        Misconception(
            "no_end",
            {"        if not counts:\n            break\n": ""},
            says="a pair is chosen though none is left",
            hint="Words of one token have no pairs. What should come back when `counts` is empty?",
        ),
        Misconception(
            "stops_at_one",
            {"not counts": "max(counts.values(), default=0) < 2"},
            says="the work ends when no pair occurs twice",
            hint="Does a pair that occurs once occur?",
        ),
        Misconception(
            "first_round_only",
            {"    return merges": "        return merges"},
            says="only the first merge comes out",
            hint="How far is the `return` indented? Inside the loop it ends the first round.",
        ),
    ],
)
