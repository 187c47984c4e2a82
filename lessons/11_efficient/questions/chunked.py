"""11.2 The mask of chunks."""

from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.model.masks import chunked

from .sliding_window import mask_cases

CHUNKED = Question(
    "efficient.chunked",
    points=2,
    cases=mask_cases,
    reference=chunked,
    misconceptions=[
        Misconception(
            "future",
            {"is_before & is_near": "is_near"},
            says="a token sees its whole chunk, what comes after it too",
            hint="While a text is written, is there anything after the token yet?",
        ),
        Misconception(
            "no_chunks",
            {"is_before & is_near": "is_before"},
            says="a token sees all before it",
            hint="Which argument has had no part in it?",
        ),
        Misconception(
            "either",
            {"is_before & is_near": "is_before | is_near"},
            says="a token sees its whole chunk and all that stands before it",
            hint="A key must be in the same chunk *and* not later, not only one of the two.",
        ),
        Misconception(
            "window",
            {"keys // size == queries // size": "queries - keys < size"},
            says="it is a sliding window",
            hint="A window moves along with the token; a chunk stays where it is.",
        ),
        Misconception(
            "place_in_chunk",
            {"keys // size == queries // size": "keys % size == queries % size"},
            says="tokens see those at the same place of other chunks",
            hint="`%` gives the place within a chunk. What gives the chunk's number?",
        ),
        Misconception(
            "not_whole_division",
            {"keys // size == queries // size": "keys / size == queries / size"},
            says="with `/` for `//` no two tokens have the same chunk",
            hint="`/` gives 1.5 for the token in the middle of chunk 1. Which operator gives 1?",
        ),
        Misconception(
            "first_of_chunk_hidden",
            {"keys // size == queries // size": "keys > queries // size * size"},
            says="the first token of a chunk is seen by nobody",
            hint="Where does the query's chunk begin, and does that token belong to it?",
        ),
        Misconception(
            "not_itself",
            {"keys <= queries": "keys < queries"},
            says="a token does not see itself",
            hint="The first token of a chunk would see nothing at all.",
        ),
        Misconception(
            "after",
            {"keys <= queries": "keys >= queries"},
            says="a token sees itself and what comes after it",
            hint="May a token look at what has not been written yet?",
        ),
        Misconception(
            "queries_first",
            {"torch.arange(n_keys - n_queries, n_keys)": "torch.arange(n_queries)"},
            says="the queries are the first tokens, not the last ones",
            hint="They are read after what is in the cache: where does the first one stand?",
        ),
        Misconception(
            "chunks_from_the_first_query",
            {"queries // size": "(queries - n_keys + n_queries) // size"},
            says="the chunk of a query is counted from the first query",
            hint="Chunks are counted from token 0 of the whole text, for queries and keys alike.",
        ),
        Misconception(
            "chunks_from_one",
            {
                "keys // size == queries // size": "(keys + 1) // size == (queries + 1) // size",
            },
            says="the first chunk is one token short",
            hint="Tokens are counted from 0: 0 to `size` - 1 are the first chunk.",
        ),
        Misconception(
            "chunk_before_too",
            {"keys // size == queries // size": "queries // size - keys // size <= 1"},
            says="a token sees the chunk before its own as well",
            hint="What does the first token of a chunk see, as the lesson has it?",
        ),
        Misconception(
            "number_of_chunks",
            {
                "keys // size == queries // size": (
                    "keys * size // n_keys == queries * size // n_keys"
                ),
            },
            says="the text is cut into `size` chunks, not into chunks of `size` tokens",
            hint="`size` counts the tokens of a chunk; the number of chunks follows.",
        ),
        Misconception(
            "chunk_number_as_start",
            {"keys // size == queries // size": "keys >= queries // size"},
            says="the number of a chunk is taken for the position of its first token",
            hint="With chunks of 4, at which position does chunk 2 begin?",
        ),
    ],
)
