"""Server-sent events: whole again however the network cut them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.serve.events import event, read_events

STREAM = event({"text": "naïve 东西"}) + ": a comment\n\nid: 3\n" + event("a: b") + event("[DONE]")
TOLD = ['{"text": "naïve 东西"}', "a: b", "[DONE]"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_events_are_whole_however_they_are_cut(size, line_end):
    data = STREAM.replace("\n", line_end).encode()
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    assert list(read_events(chunks)) == TOLD


@given(st.lists(st.integers(0, len(STREAM.encode())), max_size=8))
def test_any_cuts_give_the_same_events(cuts):
    data, places = STREAM.encode(), sorted({0, *cuts, len(STREAM.encode())})
    chunks = [data[a:b] for a, b in pairwise(places)]
    assert list(read_events(chunks)) == TOLD


def test_an_event_is_told_as_soon_as_it_is_whole():
    def chunks():
        yield b"data: one\n\nda"
        raise AssertionError("asked for more than it needed")

    assert next(read_events(chunks())) == "one"


@pytest.mark.parametrize("data, told", [
    (b"data: cut off\n", []),
    (b"data:a\ndata:  b\n\n", ["a\n b"]),  # lines of one event, and one space is taken away
    (b"data\n\n", [""]),
    (b"event: x\n\n\n\n", []),
    (b"data: \xff\n\n", ["\ufffd"]),
])  # fmt: skip
def test_the_rules_of_the_standard(data, told):
    assert list(read_events([data])) == told
