"""11.1 The mask of a window."""

import torch

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.masks import sliding_window


def mask_cases(generator):
    """Sizes of queries, keys and window: small ones to be printed, edges, and one by chance."""
    for n_queries, n_keys, size in ((3, 3, 2), (2, 5, 3), (4, 4, 1), (5, 7, 9), (1, 6, 4)):
        yield {"n_queries": n_queries, "n_keys": n_keys, "size": size}
    n_queries = whole(generator, 4, 7)
    n_keys = n_queries + whole(generator, 1, 5)
    yield {"n_queries": n_queries, "n_keys": n_keys, "size": whole(generator, 2, 4)}
    yield {"n_queries": 9, "n_keys": 11 + whole(generator, 0, 4), "size": 3}


SLIDING_WINDOW = Question(
    "efficient.sliding_window",
    points=2,
    cases=mask_cases,
    reference=sliding_window,
    misconceptions=[
        Misconception(
            "queries_before_the_start",
            {
                "torch.arange(n_keys - n_queries, n_keys)": "(torch.arange(n_queries) "
                "- n_keys + n_queries)"
            },
            says="the first query stands before the first token",
            hint="There are more keys than queries: at which position does query 0 stand?",
        ),
        Misconception(
            "itself_not_counted",
            {"back < size": "back <= size"},
            says="a token sees `size` others and itself",
            hint="The window counts the token itself: with `size=1` it sees nothing else.",
        ),
        Misconception(
            "one_too_few",
            {"back < size": "back < size - 1"},
            says="the window is one token too short",
            hint="How many keys does the last query of `sliding_window(3, 3, 2)` see?",
        ),
        Misconception(
            "future",
            {"(back >= 0) & (back < size)": "back.abs() < size"},
            says="a token also sees those that come after it",
            hint="While a text is written, is there anything after the token yet?",
        ),
        Misconception(
            "no_window",
            {" & (back < size)": ""},
            says="a token sees all before it",
            hint="Which argument has had no part in it?",
        ),
        Misconception(
            "no_past_limit",
            {"(back >= 0) & ": ""},
            says="a token sees the last ones, and everything after it",
            hint="A key that comes later has a negative distance.",
        ),
        Misconception(
            "not_itself",
            {"back >= 0": "back > 0"},
            says="a token does not see itself",
            hint="The first token of a text would see nothing at all.",
        ),
        Misconception(
            "queries_first",
            {"torch.arange(n_keys - n_queries, n_keys)": "torch.arange(n_queries)"},
            says="the queries are the first tokens, not the last ones",
            hint="A chunk is read after what is in the cache: where does its first token stand?",
        ),
        Misconception(
            "keys_of_queries",
            {"torch.arange(n_keys)": "torch.arange(n_keys - n_queries, n_keys)"},
            says="only the newest tokens have keys",
            hint="The mask has a column for every key, those in the cache included.",
        ),
        Misconception(
            "swapped",
            {"queries - keys": "keys - queries"},
            says="it looks ahead in place of back",
            hint="Is a key that lies before the query at a larger or a smaller position?",
        ),
        Misconception(
            "hidden",
            {"return (back >= 0) & (back < size)": "return ~((back >= 0) & (back < size))"},
            says="True stands where a query may not look",
            hint="What does True mean in this course's masks?",
        ),
        Misconception(
            "columns_look",
            {"return (back >= 0) & (back < size)": "return ((back >= 0) & (back < size)).T"},
            says="queries are the columns, and keys the rows",
            hint="The mask has shape (T, S): a row for each query.",
        ),
        Misconception(
            "one_position_late",
            {
                "torch.arange(n_keys - n_queries, n_keys)": "torch.arange(n_keys - n_queries + 1, "
                "n_keys + 1)"
            },
            says="each query stands one position too late, and sees the token after it",
            hint="Positions are counted from 0: at which one does the last of `n_keys` tokens "
            "stand?",
        ),
        Misconception(
            "far_end_not_moved",
            {"back < size": "back - n_keys + n_queries < size"},
            says="the window's far end is counted as if the queries were the first tokens",
            hint="Both ends move along with the query: `triu` needs the shift that `tril` has.",
        ),
        Misconception(
            "slice_from_below_0",
            lambda n_queries, n_keys, size: torch.tensor(
                [
                    [key in range(n_keys)[t - size + 1 : t + 1] for key in range(n_keys)]
                    for t in range(n_keys - n_queries, n_keys)
                ]
            ),
            says="a slice begins below 0, which Python counts from the end",
            hint="For the first tokens `t - size + 1` is negative. Which key is the first?",
        ),
    ],
)
