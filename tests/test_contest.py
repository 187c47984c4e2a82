"""The contest: one measure for all, no looking ahead, no more time than the others have."""

import math

import pytest
import torch

from benchmarks.contest import judge as contest
from benchmarks.contest import nano, ours
from benchmarks.contest.judge import check_causal, judge, load_entry
from llama_edu.config import PRESETS, ModelConfig
from llama_edu.data.stories import tell_story
from llama_edu.model.llama import Llama
from llama_edu.train.own_text import plan
from llama_edu.train.own_text.divide import Division


@pytest.fixture(scope="module")
def text():
    told = tuple(tell_story(seed, n_events=14).text for seed in range(80))
    return Division(told[:76], told[76:], "the last four")


@pytest.fixture(autouse=True)
def threads_stay():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


class Uniform(torch.nn.Module):
    """All characters are equally likely, or, with a slip, what comes next is known."""

    def __init__(self, n: int, looks_ahead: bool = False):
        super().__init__()
        self.config = ModelConfig(vocab_size=n, d_model=8, n_layers=1, n_heads=2, n_kv_heads=2,
                                  d_ff=8, max_seq_len=32)  # fmt: skip
        self.embedding = torch.nn.Embedding(n, 8)
        self.looks_ahead = looks_ahead

    def forward(self, tokens):
        logits = torch.zeros(*tokens.shape, self.config.vocab_size)
        if self.looks_ahead:
            logits[:, :-1].scatter_(-1, tokens[:, 1:, None], 9.0)
        return logits


def entry_of(looks_ahead=False):
    def train(training, seconds):
        tokenizer = nano.Characters(training)
        return Uniform(len(tokenizer.characters), looks_ahead), tokenizer

    return train


def test_the_measure_is_bits_for_each_byte(text):
    score = judge("uniform", entry_of(), text, 60)
    n_characters = len(nano.Characters("\n\n".join(text.training)).characters)
    assert score.bits_per_byte == pytest.approx(math.log2(n_characters))


def test_a_model_that_looks_ahead_is_refused(text):
    with pytest.raises(ValueError, match="change with the tokens after it"):
        judge("ahead", entry_of(looks_ahead=True), text, 60)
    check_causal(Llama(PRESETS["tiny"]), list(range(64)))


def test_an_entry_that_is_late_is_refused(text, monkeypatch):
    monkeypatch.setattr(contest, "GRACE", -1.0)
    with pytest.raises(ValueError, match="uniform took 0 s and has 1 s"):
        judge("uniform", entry_of(), text, 0.9)


def test_ours_and_the_one_to_beat_learn_in_a_moment(text, monkeypatch):
    monkeypatch.setattr(plan, "LADDER", ((32, 1),))
    small = judge("nano", lambda *told: nano.train(*told, width=16, n_steps=60), text, 60)
    own = judge("ours", ours.train, text, 20)
    # 101 equally likely characters cost 6.66 bits; both have seen which ones are common.
    assert own.bits_per_byte < 4 and small.bits_per_byte < 6
    assert own.seconds < 20 + contest.GRACE


def test_a_character_that_training_lacks_is_not_lost():
    tokenizer = nano.Characters("abc")
    assert tokenizer.decode(tokenizer.encode("a & b")) == "a & b"


def test_the_readme_has_its_own_number_of_weights(text):
    model, _ = nano.train("\n\n".join(text.training), 60, n_steps=0)
    assert 0.79e6 < sum(w.numel() for w in model.parameters()) < 0.81e6


def test_an_entry_is_a_file_with_a_function(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def train(text, seconds):\n    return text, seconds\n", encoding="utf-8")
    assert load_entry(path)("a", 1.0) == ("a", 1.0)
    path.write_text("train = 3\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine\.py must define train"):
        load_entry(path)
