"""What is set aside is never trained on, and a file of pairs is checked line by line."""

import json

import pytest

from llama_edu.finetune.instruct.recipe import world_tokenizer
from llama_edu.finetune.tune.tasks import material, pairs_file, set_aside
from llama_edu.train.loss import IGNORED


@pytest.fixture(scope="module")
def tokenizer():
    return world_tokenizer(n_stories=60)


def test_a_tenth_of_the_pairs_is_kept_and_not_trained_on(tokenizer, pairs, tmp_path):
    kept = set_aside(str(pairs), tokenizer, 64, 0, tmp_path)
    found = material(str(pairs), tokenizer, 64, 0, tmp_path)
    assert (len(kept), found.size, found.name) == (3, 27, "my pairs")
    trained = pairs_file(tmp_path, str(pairs)).read_text(encoding="utf-8")
    for line in kept:
        assert line["kind"] == "my pairs" and json.dumps(line["messages"]) not in trained


def test_wrong_lines_are_named_and_few_are_refused(tokenizer, pairs, tmp_path):
    with pytest.raises(ValueError, match=r"my pairs.jsonl, line 1: must be at most 9 tokens"):
        set_aside(str(pairs), tokenizer, 9, 0, tmp_path)
    lines = pairs.read_text(encoding="utf-8").splitlines()
    pairs.write_text("\n".join(lines[:9]), encoding="utf-8")
    with pytest.raises(ValueError, match="has 9 conversations, at least 10 are needed"):
        set_aside(str(pairs), tokenizer, 64, 0, tmp_path)


def test_stories_that_do_not_fit_lose_questions_and_not_their_answers(tokenizer, tmp_path):
    whole, short = (material("world", tokenizer, n, 0, tmp_path).pool(0) for n in (512, 140))
    assert max(map(len, whole)) > 140 >= max(map(len, short))
    assert all(any(target != IGNORED for target in example.targets) for example in short)
    with pytest.raises(ValueError, match="no story fits into 12 tokens"):
        material("world", tokenizer, 12, 0, tmp_path)


def test_the_parts_of_the_world_hold_their_kinds(tokenizer, tmp_path):
    kinds = {line["kind"] for line in set_aside("world lists", tokenizer, 512, 0, tmp_path)}
    assert kinds == {"persons", "places", "count"}
