"""Cleaning as a whole, on hand-made damage and on the real archives."""

import re

import pytest

from llama_edu.data.clean import clean
from llama_edu.data.documents import read_documents


@pytest.mark.parametrize(
    "text", ["a  b\n\n\n\nc\u00a0d ", "“好，”他说！\n\n\t下文", "1 < 2 and 3 > 2"]
)
def test_plain_text_is_clean_after_the_first_time(text):
    once = clean(text)
    assert clean(once) == once
    assert once.split() == text.split()


def test_unknown_markup_is_named():
    with pytest.raises(ValueError, match="markup='latex' must be one of plain, html, wikitext"):
        clean("x", "latex")


@pytest.mark.network
def test_the_novel_loses_its_watermark_and_its_broken_sentences_only(pull):
    pull("sanguo")
    dirty = {document.id: document.text for document in read_documents("sanguo")}
    cleaned = {name: clean(text) for name, text in dirty.items()}
    assert "www.xyyuedu.com" in dirty["sanguo/010"]
    assert "二军远来，只宜深沟高垒" in cleaned["sanguo/010"]
    assert not re.search("xyyuedu|[□?]", "".join(cleaned.values()))
    n_han = {name: sum("一" <= c <= "鿿" for c in text) for name, text in dirty.items()}
    for name, text in cleaned.items():
        kept = sum("一" <= c <= "鿿" for c in text) / n_han[name]
        assert kept == 1 or (re.search("[□?]", dirty[name]) and kept > 0.97), name


@pytest.mark.network
def test_no_markup_is_left_in_the_prose_of_the_dump(pull):
    pull("enwiki")
    pages = [d for _, d in zip(range(24), read_documents("enwiki"), strict=False)]
    prose = [clean(page.text, page.markup) for page in pages]
    redirects = [page.text.lower().startswith("#redirect") for page in pages]
    assert [not text for text in prose] == redirects and 0 < sum(redirects) < 24
    together = "".join(prose)
    assert not re.search(r"\{\{|\}\}|\[\[|\]\]|'''|</?(ref|div|small)|^==", together, re.MULTILINE)
    assert prose[1].startswith("Anarchism is a political philosophy that advocates self-governed")
    assert 0.2 < len(together) / sum(len(page.text) for page in pages) < 0.7
