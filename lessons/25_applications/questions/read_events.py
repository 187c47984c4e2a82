"""25.5 The stream."""

from itertools import pairwise

import torch

from llama_edu import serve
from llama_edu.course.checking.draw import pick, whole
from llama_edu.course.checking.questions import Misconception, Question


def read_events(chunks: list[str]) -> list[str]:
    found = list(serve.read_events(chunk.encode() for chunk in chunks))
    return found[: found.index("[DONE]")] if "[DONE]" in found else found


def read_events_cases(generator):
    def cut(stream: str, *places: int) -> dict:
        edges = [0, *places, len(stream)]
        return {"chunks": [stream[a:b] for a, b in pairwise(edges)]}

    def anywhere(stream: str, n: int) -> dict:
        return cut(stream, *sorted(whole(generator, 0, len(stream)) for _ in range(n)))

    def send(*data: str) -> str:
        return "".join(f"data: {one}\n\n" for one in data)

    a, b, c = pick(generator, 3)
    one = send(f"{a}")
    yield cut(send(f"{a}", f" at {b} "), len(one))
    yield cut(send(f"{a}", f"{b}", "[DONE]"), 3, len(one) + 8)
    yield cut(send(f"{a}", f"{b}"), len(one) - 1)  # between the two line ends
    yield cut(send(f"a data: {a}", f"data {b}", "[DONE]", f"{c}"), 9)
    yield cut(send(f"{a}") + f"data: {b}", 4)  # cut off
    yield cut(send(f"{a}", "[DONE]", f"{b}") + send(f"{c}"), 7, len(send(f"{a}", "[DONE]", f"{b}")))
    yield cut(send("[DONE]?", f"{a}", "[DONE]"), 8)
    words = [
        "add",
        " a ",
        "tad ",
        "data:",
        f"{c}, and more",
        "",
        " dat",
        f"{a} [DONE]",
        "data: [DONE]",
    ]
    order = torch.randperm(len(words), generator=generator).tolist()
    yield anywhere(send(*[words[i] for i in order], "[DONE]"), n=7)
    yield {"chunks": []}


PREFIX, END = 'removeprefix("data: ")', 'if data == "[DONE]":\n                return events\n'

READ_EVENTS = Question(
    "applications.read_events",
    points=3,
    cases=read_events_cases,
    reference=read_events,
    misconceptions=[
        Misconception(
            "each_chunk_alone",
            {"(held + chunk)": "chunk"},
            says="what is left of a chunk is forgotten when the next one comes",
            hint="An event may begin in one chunk and end in the next: where is its start kept?",
        ),
        Misconception(
            "chunk_is_an_event",
            {"*whole, held = (held + chunk).split": "whole = chunk.strip().split"},
            says="each chunk is taken to hold whole events",
            hint="The network cuts where it likes. What says that an event is whole?",
        ),
        Misconception(
            "one_line_end",
            {'split("\\n\\n")': 'split("\\n")'},
            says="an event ends at a single line end",
            hint="Two line ends stand behind each event.",
        ),
        Misconception(
            "letters_stripped",
            {PREFIX: 'lstrip("data: ")'},
            says="every d, a, t, colon and space at the start of the data is taken away",
            hint="`lstrip` takes a set of letters, not a text. Which method takes a text away?",
        ),
        Misconception(
            "spaces_stripped",
            {PREFIX: 'removeprefix("data: ").strip()'},
            says="spaces at the ends of the data are taken away",
            hint="Most tokens begin with a space: joined, the words would stick together.",
        ),
        Misconception(
            "space_kept",
            {PREFIX: 'removeprefix("data:")'},
            says="the space behind the colon is kept, before `[DONE]` as well",
            hint="It belongs to `data: `, and not to the data.",
        ),
        Misconception(
            "prefix_kept",
            {f".{PREFIX}": "", '"[DONE]"': '"data: [DONE]"'},
            says="`data: ` stays in front of the data",
            hint="Only what stands behind it is asked for.",
        ),
        Misconception(
            "replaced_everywhere",
            {PREFIX: 'replace("data: ", "")'},
            says="`data: ` is taken away wherever it stands",
            hint="The data itself may hold it. Where alone does it mark an event?",
        ),
        Misconception(
            "end_is_data",
            {END: 'if data == "[DONE]":\n                return [*events, data]\n'},
            says="the mark of the end is given as well",
            hint="`[DONE]` is no data: nothing should show it to a reader.",
        ),
        Misconception(
            "end_not_heeded",
            {'data == "[DONE]"': 'data == "[END]"'},
            says="`[DONE]` is taken for data, and what follows it is read",
            hint="Which event ends the stream?",
        ),
        Misconception(
            "end_passed_over",
            {"return events\n            events": "continue\n            events"},
            says="`[DONE]` is left out, but what follows it is read",
            hint="Nothing after it belongs to the answer: leave the function there.",
        ),
        Misconception(
            "end_of_its_chunk",
            {"return events\n            events": "break\n            events"},
            says="`[DONE]` ends the chunk in which it stands, and the next chunks are read",
            hint="`break` leaves the inner loop alone.",
        ),
        Misconception(
            "end_anywhere",
            {'data == "[DONE]"': '"[DONE]" in data'},
            says="data that holds the text `[DONE]` ends the stream",
            hint="A model may write that text. The event ends the stream only if it is all of it.",
        ),
        Misconception(
            "end_at_the_start",
            {'data == "[DONE]"': 'data.startswith("[DONE]")'},
            says="data that begins with `[DONE]` ends the stream",
            hint="The event ends the stream only if it is all of it.",
        ),
        Misconception(
            "empty_left_out",
            {"events.append(data)": "events += [data] * bool(data)"},
            says="events with empty data are left out",
            hint="An event whose data is empty is an event.",
        ),
        Misconception(
            "rest_given",
            {"            events.append(data)\n    return events":
             "            events.append(data)\n"
             '    return events + [held.removeprefix("data: ")] * bool(held)'},
            says="an event that was cut off is given as if it were whole",
            hint="What stands in the rest when the stream ends was never finished.",
        ),
        Misconception(
            "rest_always_given",
            {"            events.append(data)\n    return events":
             "            events.append(data)\n    return [*events, held.removeprefix('data: ')]"},
            says="what is left after the last event is given as one more, even if it is empty",
            hint="After the last event nothing is left, or a part of one: neither counts.",
        ),
    ],
)  # fmt: skip
