"""The archives as documents: complete, with names that never change and no address after 1949."""

import pytest

from llama_edu.data.documents import (
    READERS,
    read_conversations,
    read_documents,
    read_verses,
)

N_DOCUMENTS = {
    "enwiki": 206, "bible": 2 * 1189, "shakespeare": 77, "sotu": 161, "sanguo": 120,
    "dialogues": 38,
}  # fmt: skip


@pytest.mark.network
@pytest.mark.parametrize("source", READERS)
def test_every_document_is_there_once_and_in_order(pull, source):
    pull(source)
    documents = list(read_documents(source))
    ids = [document.id for document in documents]
    assert len(ids) == len(set(ids)) == N_DOCUMENTS[source]
    assert ids == [document.id for document in read_documents(source)]
    assert all(document.text and document.source == source for document in documents)
    assert all(document.id.startswith(f"{source}/") for document in documents)


@pytest.mark.network
def test_same_numbers_are_the_same_verse_in_both_versions(pull):
    folder = pull("bible")
    kjv, asv = (
        {(book, chapter, verse): text for book, chapter, verse, text in read_verses(folder, v)}
        for v in ("kjv", "asv")
    )
    assert (len(kjv), len(asv)) == (31_102, 31_086)
    assert len(kjv.keys() & asv.keys()) == 31_086
    assert "Jesus wept" in kjv[43, 11, 35] and "Jesus wept" in asv[43, 11, 35]


@pytest.mark.network
def test_addresses_that_may_not_be_free_are_left_alone(pull):
    pull("sotu")
    years = [int(document.id.split("/")[1][:4]) for document in read_documents("sotu")]
    assert (min(years), max(years)) == (1790, 1949)


def test_conversations_are_read_from_their_one_shape_of_yaml():
    head, turns = "categories:\n- food\nconversations:\n", "- - 'do you'\n  - I don''t\n    eat.\n"
    assert read_conversations(f'{head}{turns}- - Hi\n  - "Yo"\n') == [
        ["do you", "I don't eat."],
        ["Hi", "Yo"],
    ]


def test_unknown_source_is_named():
    with pytest.raises(ValueError, match="source='news' must be one of enwiki, bible"):
        next(read_documents("news"))
