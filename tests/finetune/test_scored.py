"""Scores of runs: the same numbers as the functions that they are made of."""

import pytest
import torch

from llama_edu.evaluate import bits_per_byte
from llama_edu.finetune.held_out import last_answer, score_by_kind
from llama_edu.finetune.instruct.recipe import Recipe, world_model, world_tokenizer
from llama_edu.finetune.scored import documents_score, share_of_sums, text_score
from llama_edu.pretrained import Pretrained
from llama_edu.train.loss import IGNORED

TEXT = "Ada went to the barn. Ben ran to the mill. Ada found the ring there and took it."


@pytest.fixture(scope="module")
def small():
    tokenizer = world_tokenizer(n_stories=60)
    model = world_model(Recipe(), tokenizer.vocab_size).eval()
    return Pretrained(model, tokenizer, tokenizer.stop_ids)


def test_a_text_costs_what_bits_per_byte_says(small):
    score = text_score(small, TEXT)
    # The same losses, added in another order.
    assert score.mean == pytest.approx(bits_per_byte(small.model, small.tokenizer, TEXT), rel=1e-6)


def test_documents_cost_the_sum_of_each_and_their_ends(small):
    texts = [TEXT, TEXT[:40]]
    costs = [documents_score(small, [text]).mean * (len(text) + 1) for text in texts]
    together = documents_score(small, texts)
    assert together.mean == pytest.approx(sum(costs) / (len(TEXT) + 42), rel=1e-6)
    assert together.low <= together.mean <= together.high


def test_a_share_of_sums_is_not_a_mean_of_shares():
    above, below = ([torch.tensor(x)] for x in ([6.0], [2.0]))
    score = share_of_sums([*above, torch.tensor([1.0, 1.0])], [*below, torch.tensor([4.0, 4.0])])
    assert score.mean == pytest.approx(8 / 10) and score.low >= 0.25 and score.high <= 3


def test_only_the_last_answer_counts(small):
    tokenizer = small.tokenizer
    first = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    second = [{"role": "user", "content": "c"}, {"role": "assistant", "content": "de"}]
    example = last_answer(tokenizer, [*first, *second])
    counted = [target for target in example.targets if target != IGNORED]
    assert tokenizer.decode(counted) == "de<|eot_id|>"
    assert tokenizer.decode(example.inputs) == (
        "<|begin_of_text|><|user|>a<|assistant|>b<|eot_id|><|user|>c<|assistant|>de"
    )


def test_kinds_are_told_apart(small):
    asked = [
        (kind, [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}])
        for kind in ("one", "two", "one")
    ]
    scores = score_by_kind(small.model, small.tokenizer, asked)
    assert {kind: score.n for kind, score in scores.items()} == {"one": 2, "two": 1}
    assert scores["one"].mean == scores["two"].mean == 0  # nothing is learned yet
