"""No held-out text is trained on, nothing is lost, and too little is refused."""

import pytest

from llama_edu.data.documents import Document
from llama_edu.train.own_text.divide import divide


def documents(*lengths):
    return [
        Document(str(i), "text", chr(97 + i % 26) * (n - 1) + "\n") for i, n in enumerate(lengths)
    ]


def test_many_documents_are_held_out_whole():
    own = documents(*[1000 + i for i in range(100)])
    parts = divide(own)
    assert sorted(parts.training + parts.held_out) == sorted(d.text for d in own)
    assert 0.04 < sum(map(len, parts.held_out)) / sum(len(d.text) for d in own) < 0.07
    assert divide(own).held_out == parts.held_out != divide(own, seed=1).held_out
    assert "whole documents of 100" in parts.rule


@pytest.mark.parametrize("lengths", [(40_000,), (30_000, 10_000), (30_000, *[100] * 10)])
def test_few_or_very_uneven_documents_lose_their_ends(lengths):
    own = documents(*lengths)
    parts = divide(own)
    assert "the last 5" in parts.rule
    assert sum(map(len, parts.training + parts.held_out)) == sum(lengths)
    assert parts.training[0] + parts.held_out[0] == own[0].text


def test_a_cut_falls_between_lines():
    own = [Document("0", "text", "a line of a play\n" * 3000)]
    assert divide(own).held_out[0].startswith("a line")


def test_a_long_text_holds_out_no_more_than_is_needed():
    parts = divide(documents(20_000_000))
    assert len(parts.held_out[0]) == 250_000


def test_too_little_text_is_refused_with_what_is_needed():
    with pytest.raises(ValueError, match=r"19,999 bytes, too few .* at least 20,000"):
        divide(documents(19_999))
