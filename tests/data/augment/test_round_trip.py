"""Back-translation on real aligned verses, and the filters that make it usable."""

import pytest

from llama_edu.data.augment import RoundTrip, is_usable
from llama_edu.data.documents import read_verses

VERSE = "He that believeth hath everlasting life, and shall not see death."


@pytest.fixture(scope="module")
def verses(pull) -> list[tuple[str, str]]:
    """Verses of the New Testament in both versions."""
    folder = pull("bible")
    texts = [{row[:3]: row[3] for row in read_verses(folder, v)} for v in ("kjv", "asv")]
    both = [key for key in texts[1] if key in texts[0] and key[0] >= 43]
    return [tuple(text[key] for text in texts) for key in both][:3000]


@pytest.fixture(scope="module")
def trip(verses) -> RoundTrip:
    return RoundTrip(verses[:2500], n_steps=5)


@pytest.mark.network
def test_what_the_revisers_changed_was_learned_from_the_verses_alone(trip):
    assert trip.there.translations("ghost")[0][0] == "spirit"
    assert trip.there.translations("everlasting")[0][0] == "eternal"
    assert trip.there.translations("jesus")[0][0] == "jesus"


@pytest.mark.network
def test_verses_never_seen_come_back_changed_and_pass_the_filters_often(trip, verses):
    unseen = [first for first, _ in verses[2500:]]
    back = [trip.paraphrase(text, seed=i) for i, text in enumerate(unseen)]
    changed = sum(a != b for a, b in zip(unseen, back, strict=True)) / len(unseen)
    usable = sum(map(is_usable, unseen, back)) / len(unseen)
    print(f"of {len(unseen)} verses {changed:.0%} come back changed, {usable:.0%} usable")
    assert 0.3 < changed < 0.9 and 0.2 < usable <= changed
    assert [trip.paraphrase(text, seed=i) for i, text in enumerate(unseen[:9])] == back[:9]


@pytest.mark.network
def test_signs_capitals_and_protected_words_stay(trip):
    for seed in range(30):
        back = trip.paraphrase(VERSE, seed=seed, protected=["everlasting life"])
        assert "everlasting life," in back and back[0].isupper() and back.endswith(".")
    without = {trip.paraphrase(VERSE, seed=seed) for seed in range(30)}
    assert any("eternal" in text for text in without)


@pytest.mark.parametrize(("paraphrase", "protected", "usable"), [
    ("He that believeth hath eternal life, and shall not see death.", ["death"], True),
    (VERSE, [], False),  # nothing new
    (VERSE.upper(), [], False),  # nor here
    ("A farmer went to market with a cow and two hens to sell them.", [], False),  # another thing
    (VERSE + " And so it was, and so it is, and so it shall be ever.", [], False),  # too long
    ("He that believeth hath eternal life, and shall not see dying.", ["death"], False),
    ("He that believeth hath eternal life, and shall not see deaths.", ["death"], False),
    ("", [], False),
])  # fmt: skip
def test_each_filter(paraphrase, protected, usable):
    assert is_usable(VERSE, paraphrase, protected=protected) is usable


@pytest.mark.parametrize(("pairs", "temperature"), [([], 1.0), ([("a", "b")], 0.0)])
def test_mistakes_are_named(pairs, temperature):
    with pytest.raises(ValueError, match="must be"):
        RoundTrip(pairs, temperature=temperature)
