"""1.3 The bytes of the KV cache."""

from dataclasses import replace

from llama_edu.config import PRESETS
from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question

from .shapes import inputs, shapes

FIELDS = ("d_model", "n_layers", "n_heads", "n_kv_heads")


def cache_bytes(
    d_model: int,
    n_layers: int,
    n_heads: int,
    n_kv_heads: int,
    n_tokens: int,
    n_texts: int,
    bits_per_number: int,
) -> int:
    config = replace(
        PRESETS["tiny"],
        d_model=d_model,
        n_layers=n_layers,
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
    )
    return n_texts * n_tokens * config.kv_bytes_per_token(bits_per_number // 8)


def cache_bytes_cases(generator):
    for bits, config in zip((16, 8, 32, 16, 8, 16, 16), shapes(generator), strict=True):
        n_texts, n_tokens = sorted(pick(generator, 2, 2, 90))
        more = {"n_tokens": n_tokens, "n_texts": n_texts, "bits_per_number": bits}
        yield inputs(config, *FIELDS) | more
    llama = inputs(PRESETS["llama-7b"], *FIELDS)
    yield llama | {"n_tokens": 1024, "n_texts": 32, "bits_per_number": 16}


CACHE_BYTES = Question(
    "family.cache_bytes",
    points=2,
    cases=cache_bytes_cases,
    reference=cache_bytes,
    misconceptions=[
        Misconception(
            "keys_only",
            {"2 * n_layers": "n_layers"},
            says="only the keys are kept, or only the values",
            hint="For a new token the model needs the others' keys to find them, and what else?",
        ),
        Misconception(
            "all_heads",
            {"n_kv_heads * d_head": "n_heads * d_head"},
            says="a key and a value are kept for every query head",
            hint="Query heads may share keys and values. How many heads have keys, and how wide is "
            "one of them?",
        ),
        Misconception(
            "one_head",
            {"n_kv_heads * d_head": "d_head"},
            says="the keys and values of one head are counted",
            hint="Each of the G key and value heads has its own.",
        ),
        Misconception(
            "heads_as_wide_as_model",
            {"d_model // n_heads": "d_model"},
            says="each key is as wide as the model",
            hint="The width D is shared among the H query heads: how wide is one head?",
        ),
        Misconception(
            "one_layer",
            {"2 * n_layers": "2"},
            says="the cache of one layer is counted",
            hint="Every layer makes keys and values of its own, and keeps them.",
        ),
        Misconception(
            "one_text",
            {"n_texts * n_tokens": "n_tokens"},
            says="the cache of one text is counted",
            hint="Can two texts share keys, if their words are different?",
        ),
        Misconception(
            "one_token",
            {"n_texts * n_tokens": "n_texts"},
            says="one token of each text is counted",
            hint="The keys and values of every token so far are kept.",
        ),
        Misconception(
            "bits",
            {" // 8": ""},
            says="bits are counted, not bytes",
            hint="How many bits are a byte?",
        ),
        Misconception(
            "numbers",
            {" * bits_per_number // 8": ""},
            says="numbers are counted, not their bytes",
            hint="A number of 16 bits takes two bytes.",
        ),
        Misconception(
            "two_bytes",
            {"bits_per_number // 8": "2"},
            says="every number takes 2 bytes, whatever `bits_per_number` says",
            hint="So it is with 16 bits. And with 8, or 32?",
        ),
    ],
)
