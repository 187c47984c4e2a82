"""8.1 Teacher forcing."""

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question


def teacher_forcing(
    targets: list[list[int]], start: int, end: int, pad: int
) -> tuple[Tensor, Tensor]:
    given = [torch.tensor([start, *target]) for target in targets]
    expected = [torch.tensor([*target, end]) for target in targets]
    return tuple(pad_sequence(rows, True, pad) for rows in (given, expected))


def teacher_forcing_cases(generator):
    def ids(n: int) -> list[int]:
        return pick(generator, n, low=10)

    names = {"start": 1, "end": 2, "pad": 0}
    yield {"targets": [ids(2), ids(1)], **names}
    yield {"targets": [ids(1), ids(4), ids(2)], **names}
    yield {"targets": [ids(3)], **names}
    start, end, pad = pick(generator, 3, high=9)
    yield {"targets": [ids(3), ids(3), ids(5)], "start": start, "end": end, "pad": pad}
    twice = ids(1)  # a token may come again, the padding's neighbour as well
    yield {"targets": [twice * 3, ids(2) + twice], "start": 7, "end": 5, "pad": 8}
    yield {"targets": [ids(whole(generator, 2, 4)), []], "start": 3, "end": 4, "pad": 9}


GIVEN = "given.append([start, *target, *padding])"
EXPECTED = "expected.append([*target, end, *padding])"

TEACHER_FORCING = Question(
    "transformer.teacher_forcing",
    points=2,
    cases=teacher_forcing_cases,
    reference=teacher_forcing,
    misconceptions=[
        Misconception(
            "not_shifted",
            {GIVEN: "given.append([*target, end, *padding])"},
            says="the decoder is given what it must say: nothing is shifted",
            hint="It would only copy, and write nothing of its own later. What stands in front of "
            "the first token, before anything is written?",
        ),
        Misconception(
            "sliced_after_padding",
            {GIVEN: "given.append([start, *target, end, *padding][:-1])"},
            says="the last place of each row is cut off: only the longest target loses its end",
            hint="A shorter target has padding there, and keeps its end token among what is given. "
            "Cut before you fill up, or leave the end out from the beginning.",
        ),
        Misconception(
            "end_given_too",
            {GIVEN: "given.append([start, *target, end, *padding])"},
            says="what is given holds the end token as well",
            hint="Nothing comes after the end. Which is the last token that something follows?",
        ),
        Misconception(
            "start_expected_too",
            {EXPECTED: "expected.append([start, *target, end, *padding])"},
            says="what is expected holds the start token as well",
            hint="Who must say the start token? It is put there before the decoder says anything.",
        ),
        Misconception(
            "framed_both",
            {
                GIVEN: "given.append([start, *target, end, *padding])",
                EXPECTED: "expected.append([start, *target, end, *padding])",
            },
            says="both hold the start token and the end token",
            hint="Then each place would have to say the token that it is given. One of the two "
            "lacks the first of them, the other the last.",
        ),
        Misconception(
            "no_end",
            {"*target, end, ": "*target, "},
            says="no end token is expected",
            hint="How would the model learn to stop? It must say that, too.",
        ),
        Misconception(
            "end_at_the_end_of_the_row",
            {EXPECTED: "expected.append([*target, *padding, end])"},
            says="the end token stands behind the padding",
            hint="The text ends where its own tokens end; what fills up comes after that.",
        ),
        Misconception(
            "padding_left",
            {
                GIVEN: "given.append(padding + [start] + target)",
                EXPECTED: "expected.append(padding + target + [end])",
            },
            says="the padding stands on the left",
            hint="Here all texts begin at the first place: where does what fills up belong?",
        ),
        Misconception(
            "padded_before_the_end",
            {
                GIVEN: "given.append([start] + (target + padding))",
                EXPECTED: "expected.append((target + padding)[1:] + [end] + [pad])",
            },
            says="what is expected is moved by one place too many",
            hint="Beside the start token stands the first token of the target, not the second.",
        ),
        Misconception(
            "start_for_padding",
            {"[pad]": "[start]"},
            says="rows are filled up with the start token",
            hint="Filling up has an id of its own, the last argument.",
        ),
        Misconception(
            "zero_for_padding",
            {"[pad]": "[0]"},
            says="rows are filled up with 0, whatever `pad` is",
            hint="The padding's id is an argument, and not always 0.",
        ),
        Misconception(
            "end_for_padding",
            {"[pad]": "[end]"},
            says="rows are filled up with the end token",
            hint="Some models do that, but here the padding has an id of its own.",
        ),
        Misconception(
            "swapped",
            {"given), torch.tensor(expected)": "expected), torch.tensor(given)"},
            says="the two results come in the wrong order",
            hint="First what the decoder is given, then what it must say.",
        ),
    ],
)
