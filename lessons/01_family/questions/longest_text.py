"""1.4 How long a text fits into memory."""

from llama_edu.config import PRESETS
from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question


def longest_text(memory_gib: int, n_params: int, bits_per_weight: int, bytes_per_token: int) -> int:
    left = 8 * 2**30 * memory_gib - n_params * bits_per_weight
    return max(0, left // (8 * bytes_per_token))


def longest_text_cases(generator):
    for name, memory_gib, bits in (
        ("llama-3-8b", 20, 16),
        ("llama-3-8b", 8, 4),
        ("llama-7b", 16, 16),
        ("llama-2-70b", 80, 8),
        ("llama-3.2-1b", 3, 16),
        ("smollm2-135m", 8, 16),
        ("llama-2-13b", 16, 4),
    ):
        config = PRESETS[name]
        yield {
            "memory_gib": memory_gib,
            "n_params": config.n_params,
            "bits_per_weight": bits,
            "bytes_per_token": config.kv_bytes_per_token(),
        }
    for memory_gib in (16, 32):  # too little, by whole tokens, also if a GiB were 10^9 bytes
        missing = 8192 * whole(generator, 10**5, 10**6)
        yield {
            "memory_gib": memory_gib,
            "n_params": (memory_gib * 2**30 + missing) // 2,
            "bits_per_weight": 16,
            "bytes_per_token": 8192,
        }
    for memory_gib, bits in ((1, 8), (2, 4), (3, 6), (2, 16)):
        yield {
            "memory_gib": memory_gib,
            "n_params": whole(generator, 10**7, 10**8) * 4 + 1,
            "bits_per_weight": bits,
            "bytes_per_token": whole(generator, 1000, 60_000),
        }


LONGEST_TEXT = Question(
    "family.longest_text",
    points=2,
    cases=longest_text_cases,
    reference=longest_text,
    equivalent_mutants={
        "weights = n_params * bits_per_weight / 8 -> weights = n_params * bits_per_weight // 8": (
            "a part of a byte is not worth a token: both are taken for right"
        ),
        "n_tokens = (memory - weights) // bytes_per_token -> "
        "n_tokens = (memory - weights) / bytes_per_token": "`int` cuts off what `//` would",
        "return max(0, int(n_tokens)) -> return max(int(n_tokens), 0)": (
            "the larger of the same two"
        ),
    },
    misconceptions=[
        Misconception(
            "gigabytes",
            {"2**30": "10**9"},
            says="a GiB is taken for a billion bytes",
            hint="A *gibi*byte is a power of 2: which one stands above the hints?",
        ),
        Misconception(
            "bits_as_bytes",
            {" / 8": ""},
            says="the bits of a weight are taken for bytes",
            hint="A weight of 16 bits takes two bytes.",
        ),
        Misconception(
            "bits_over_bytes",
            {"memory_gib * 2**30": "8 * memory_gib * 2**30", " / 8": ""},
            says="what is left is in bits, and what a token takes in bytes",
            hint="What you divide, and what you divide by, must have one unit.",
        ),
        Misconception(
            "two_bytes",
            {"bits_per_weight / 8": "2"},
            says="every weight takes 2 bytes, whatever `bits_per_weight` says",
            hint="That is so with 16 bits; quantized weights take fewer.",
        ),
        Misconception(
            "whole_bytes",
            {"n_params * bits_per_weight / 8": "n_params * (bits_per_weight // 8)"},
            says="the bits of one weight are cut to whole bytes",
            hint="What is `4 // 8`? Multiply first, divide last.",
        ),
        Misconception(
            "no_weights",
            {"memory - weights": "memory"},
            says="the cache may fill all memory, as if the weights took none",
            hint="The weights must be in memory too, before the first token.",
        ),
        Misconception(
            "below_zero",
            {"max(0, int(n_tokens))": "int(n_tokens)"},
            says="where the weights do not fit, the result is below zero",
            hint="A text cannot have fewer than no tokens.",
        ),
        Misconception(
            "without_sign",
            {"max(0, int(n_tokens))": "abs(int(n_tokens))"},
            says="where the weights do not fit, what is missing counts as room",
            hint="`abs` makes a positive number of a negative one. What fits if there is too "
            "little memory?",
        ),
        Misconception(
            "at_least_one",
            {"max(0,": "max(1,"},
            says="one token always fits",
            hint="Not if the weights alone are too large.",
        ),
        Misconception(
            "rounded_up",
            {"= (memory - weights) //": "= -((weights - memory) // bytes_per_token)  #"},
            says="the number of tokens is rounded up",
            hint="A token that fits only in part does not fit.",
        ),
        Misconception(
            "rounded",
            {"weights) //": "weights) /", "int(n_tokens)": "round(n_tokens)"},
            says="the number of tokens is rounded to the nearest",
            hint="A token that fits only in part does not fit, however large that part is.",
        ),
        Misconception(
            "bytes_left",
            {"(memory - weights) // bytes_per_token": "memory - weights"},
            says="the bytes that are left are returned, not the tokens",
            hint="How many tokens go into these bytes?",
        ),
        Misconception(
            "yes_or_no",
            {"max(0, int(n_tokens))": "n_tokens > 0"},
            says="it is only said whether anything fits",
            hint="How many tokens is asked for, as a whole number.",
        ),
    ],
)
