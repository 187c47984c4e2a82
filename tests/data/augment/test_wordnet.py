"""WordNet: its own format by hand, and the real one."""

import pytest

from llama_edu.data.augment import WordNet, rewrite

INDEX = {
    "noun": "  1 license\nquiet n 1 1 @ 1 0 00000010  \nbank n 2 1 @ 2 2 00000020 00000030  \n",
    "verb": "",
    "adj": "quiet a 1 0 1 1 00000040  \n",
    "adv": "",
}
DATA = {
    "noun": (
        "  1 license\n"
        "00000010 26 n 02 quiet 0 lull 0 000 | a pause\n"
        "00000020 14 n 03 bank 0 savings_bank 1 Lloyds 0 000 | money\n"
        "00000030 17 n 02 bank 1 shore 0 000 | of a river\n"
    ),
    "verb": "",
    "adj": "00000040 00 a 02 quiet(p) 0 still 0 000 | without noise\n",
    "adv": "",
}


@pytest.fixture
def folder(tmp_path):
    for part in INDEX:
        (tmp_path / f"index.{part}").write_text(INDEX[part])
        (tmp_path / f"data.{part}").write_text(DATA[part])
    return tmp_path


def test_first_sense_is_that_of_the_part_of_speech_that_was_seen_most(folder):
    wordnet = WordNet(folder)
    assert wordnet.synonyms("Quiet") == ["still"]
    assert wordnet.synonyms("quiet", n_senses=2) == ["still", "lull"]


def test_names_and_phrases_are_no_synonyms(folder):
    assert WordNet(folder).synonyms("bank") == []
    assert WordNet(folder).synonyms("bank", n_senses=2) == ["shore"]
    assert WordNet(folder).synonyms("banks") == []


@pytest.mark.network
def test_the_real_wordnet(pull):
    wordnet = WordNet(pull("wordnet") / "dict")
    assert len(wordnet.senses) > 140_000
    assert wordnet.synonyms("big") == ["large"]
    assert wordnet.synonyms("buy") == ["purchase"]
    assert "quickly" not in wordnet.synonyms("quickly") != []
    text = rewrite("They buy a big city.", "replace", alpha=1.0, synonyms=wordnet.synonyms)
    assert text == "They purchase a large metropolis."
