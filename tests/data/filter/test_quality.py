"""The quality classifier: it learns on pages it has not seen, and it can learn the wrong thing."""

import os
import subprocess
import sys

import numpy as np
import pytest

from llama_edu.data.documents import read_documents
from llama_edu.data.filter.quality import QualityClassifier, hashed_words, prose_and_furniture


def area_under_curve(scores: np.ndarray, is_good: np.ndarray) -> float:
    """Share of (good, bad) pairs that the scores order rightly."""
    differences = scores[is_good][:, None] - scores[~is_good][None, :]
    return float((differences > 0).mean() + 0.5 * (differences == 0).mean())


def labelled(pages: list[str]) -> tuple[list[str], np.ndarray]:
    parts = [prose_and_furniture(page) for page in pages]
    good = [text for prose, _ in parts for text in prose]
    bad = [text for _, furniture in parts for text in furniture]
    return good + bad, np.array([True] * len(good) + [False] * len(bad))


@pytest.fixture(scope="module")
def halves(pull):
    """Texts and labels of some pages of the dump, and of other pages."""
    pull("enwiki")
    pages = [page.text for page in read_documents("enwiki") if len(page.text) > 1000][:32]
    return labelled(pages[:20]), labelled(pages[20:])


def test_gradient_descends_to_a_separating_line():
    classifier = QualityClassifier(n_features=64)
    losses = classifier.fit(["good prose here", "junk 12 34"] * 3, [True, False] * 3)
    assert losses[0] == pytest.approx(np.log(2)) and losses[-1] < 0.1
    good, bad = classifier.score(["good prose", "12 junk"])
    assert good > 0.8 and bad < 0.2


@pytest.mark.network
def test_pages_never_seen_are_judged_well(halves):
    (texts, is_good), (unseen, truth) = halves
    classifier = QualityClassifier(n_features=1024)
    classifier.fit(texts, is_good)
    assert area_under_curve(classifier.score(unseen), truth) > 0.95
    good_words, bad_words = classifier.telling_words(texts)
    assert "the" in good_words and {":", "/", "-"} & set(bad_words)


@pytest.mark.network
def test_trap_a_classifier_of_topics_is_perfect_and_knows_nothing_of_quality(halves, pull):
    pull("bible")
    (texts, is_good), (unseen, truth) = halves
    wiki = [text for text, good in zip(texts, is_good, strict=True) if good][:300]
    bible = [page.text[:400] for _, page in zip(wiki, read_documents("bible"), strict=False)]
    classifier = QualityClassifier(n_features=1024)
    cut = len(wiki) * 2 // 3
    classifier.fit(wiki[:cut] + bible[:cut], [True] * cut + [False] * cut)
    rest, labels = wiki[cut:] + bible[cut:], np.arange(2 * len(wiki[cut:])) < len(wiki[cut:])
    assert area_under_curve(classifier.score(rest), labels) > 0.99
    assert area_under_curve(classifier.score(unseen), truth) < 0.7


def test_features_are_the_same_in_every_process():
    code = (
        "from llama_edu.data.filter.quality import hashed_words;"
        "print(hashed_words(['one two two'], 97).argsort().tolist())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in "12"
    }  # fmt: skip
    assert len(outputs) == 1 and len(outputs.pop()) > 97


def test_rows_have_length_one_and_an_empty_text_is_zero():
    rows = hashed_words(["a b b", ""], 16)
    assert np.linalg.norm(rows, axis=1).tolist() == pytest.approx([1, 0])
    with pytest.raises(ValueError, match="is_good must hold both True and False"):
        QualityClassifier().fit(["a"], [True])
