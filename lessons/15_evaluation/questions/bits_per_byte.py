"""15.1 Bits per byte."""

import math

import torch
from torch import Tensor

from llama_edu.course.checking.questions import Misconception, Question


def bits_per_byte(losses: Tensor, text: str) -> float:
    return losses.sum().item() / math.log(2) / len(text.encode())


def bits_per_byte_cases(generator):
    for n_tokens, text in (
        (3, "an owl"),
        (2, "été"),
        (4, "猫 sleeps"),
        (1, "tea"),
        (7, "naïve ☕ and 🦉"),
    ):
        yield {"losses": 0.2 + 4 * torch.rand(n_tokens, generator=generator), "text": text}


BITS_PER_BYTE = Question(
    "evaluation.bits_per_byte",
    points=1,
    cases=bits_per_byte_cases,
    reference=bits_per_byte,
    misconceptions=[
        Misconception(
            "nats",
            {" / math.log(2)": ""},
            says="the losses stay in nats",
            hint="A nat is more than a bit: 1 bit is ln 2 nats. How many bits are ln 2 nats, then?",
        ),
        Misconception(
            "times_ln_2",
            {"/ math.log(2)": "* math.log(2)"},
            says="the losses are multiplied by ln 2",
            hint="A loss of ln 2 nats must become 1 bit. Which way does the factor go?",
        ),
        Misconception(
            "by_characters",
            {"text.encode()": "text"},
            says="the text is measured in characters",
            hint="An é is one character and two bytes. What gives the bytes of a text?",
        ),
        Misconception(
            "by_tokens",
            {"text.encode()": "losses"},
            says="the bits are divided by the number of tokens",
            hint="That is bits per token, which belongs to one tokenizer. What does none change?",
        ),
        Misconception(
            "mean_over_bytes",
            {"losses.sum()": "losses.mean()"},
            says="the mean of the losses is divided by the number of bytes",
            hint="The text costs all of its tokens together, not one of them.",
        ),
        Misconception(
            "not_divided",
            {" / len(text.encode())": ""},
            says="the bits of the whole text are returned",
            hint="So much costs all of it. What does one byte of it cost?",
        ),
        Misconception(
            "base_10",
            {"math.log(2)": "math.log(10)"},
            says="the losses are divided by ln 10",
            hint="Bits count to base 2.",
        ),
        Misconception(
            "perplexity",
            {"losses.sum().item() / math.log(2)": "losses.mean().exp().item()",
             " / len(text.encode())": ""},
            says="the perplexity of a token is returned",
            hint="Perplexity is the exponential of a mean over tokens. Bits per byte needs no exp.",
        ),
        Misconception(
            "bytes_over_bits",
            {"bits / len(text.encode())": "len(text.encode()) / bits"},
            says="the bytes are divided by the bits",
            hint="Per byte means: for each byte. What stands above the line?",
        ),
        Misconception(
            "times_eight",
            {"len(text.encode())": "(8 * len(text.encode()))"},
            says="the bits are divided by eight times the bytes",
            hint="That is the share of a file's bits. Here each byte counts as one.",
        ),
    ],
)  # fmt: skip
