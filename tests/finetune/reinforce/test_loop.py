"""The loop: what it samples, what it learns, and that one seed is one run."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from llama_edu.config import ModelConfig
from llama_edu.finetune.instruct.examples import Example, chat_example
from llama_edu.finetune.instruct.recipe import world_tokenizer
from llama_edu.finetune.instruct.score import target_log_probs, unseen_questions
from llama_edu.finetune.instruct.world import conversation
from llama_edu.finetune.reinforce.loop import (
    Prompt,
    Settings,
    answered_batch,
    grpo_step,
    reinforce,
    sample_answers,
)
from llama_edu.finetune.reinforce.world import chances, is_exact, split, world_prompt
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED

END = 0
SETTINGS = Settings(n_answers=4, max_new_tokens=3, end=END, lr=2e-2)


def tiny(seed: int = 0) -> Llama:
    torch.manual_seed(seed)
    model = Llama(
        ModelConfig(
            vocab_size=9, d_model=16, n_layers=1, n_heads=2, n_kv_heads=1, d_ff=24, max_seq_len=16
        )
    )
    with torch.no_grad():
        model.output.weight.mul_(4)  # a model that has opinions
    return model


def wants(token: int):
    """Of an answer: its first token is this one."""
    return lambda answer: float(answer[0] == token)


def weights_of(model: Llama) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


def test_answers_end_with_the_end_or_are_cut_off():
    answers = sample_answers(
        tiny(), [[1, 2], [3]], replace(SETTINGS, n_answers=60), torch.Generator().manual_seed(0)
    )
    assert len(answers) == 120
    for answer in answers:
        assert len(answer) == 3 or answer[-1] == END
        assert END not in answer[:-1]
    assert {len(answer) for answer in answers} == {1, 2, 3}
    assert any(len(a) == 3 and a[-1] != END for a in answers)


def test_answers_are_drawn_with_the_chances_that_the_loss_computes():
    """Whole answers, the end of the turn and cut-off ones among them."""
    model, prompt = tiny(), [1, 2, 5]
    settings = replace(SETTINGS, n_answers=6_000, max_new_tokens=2)
    answers = sample_answers(model, [prompt], settings, torch.Generator().manual_seed(0))
    kinds = sorted({tuple(answer) for answer in answers})
    with torch.no_grad():
        batch = answered_batch([prompt], kinds)
        expected = target_log_probs(model, batch).sum(1).exp()
    found = torch.tensor([sum(tuple(a) == kind for a in answers) / 6_000 for kind in kinds])
    assert expected.sum() > 0.99
    torch.testing.assert_close(found, expected, rtol=0, atol=0.025)


def test_only_the_tokens_of_answers_are_targets():
    batch = answered_batch([[1, 2, 3], [4]], [[5, 0], [6, 7, 8], [5, 0], [0]])
    assert [row[row != IGNORED].tolist() for row in batch.targets] == [
        [5, 0],
        [6, 7, 8],
        [5, 0],
        [0],
    ]
    assert batch.inputs[1, :5].tolist() == [1, 2, 3, 6, 7]
    assert batch.targets[1, :5].tolist() == [IGNORED, IGNORED, 6, 7, 8]


@pytest.mark.parametrize(("weighting", "n_updates"), [("answer", 1), ("token", 1), ("constant", 3)])
def test_what_is_rewarded_becomes_likely(weighting, n_updates):
    model = tiny()
    settings = replace(SETTINGS, n_answers=8, weighting=weighting, n_updates=n_updates)
    rewards = []
    reinforce(
        model, lambda step: [Prompt([1, 2], wants(3)), Prompt([1, 4], wants(5))], settings, 30,
        after=lambda step, taken: rewards.append(taken.reward),
    )  # fmt: skip
    assert sum(rewards[:3]) / 3 < 0.5 < 0.9 < sum(rewards[-3:]) / 3


def test_equal_rewards_change_nothing():
    model = tiny()
    before = weights_of(model)
    reinforce(model, lambda step: [Prompt([1, 2], lambda answer: 1.0)], SETTINGS, 3)
    assert torch.equal(weights_of(model), before)


def test_what_is_never_right_teaches_nothing():
    model, seen = tiny(), []
    before = weights_of(model)
    ask = lambda step: [Prompt([1, 2], lambda answer: 0.0)]  # noqa: E731
    reinforce(model, ask, SETTINGS, 3, after=lambda step, taken: seen.append(taken.mixed))
    assert torch.equal(weights_of(model), before)
    assert seen == [0.0] * 3


def test_one_seed_is_one_run():
    runs = []
    for seed in (0, 0, 1):
        model, seen = tiny(), []
        reinforce(
            model, lambda step: [Prompt([1, 2], wants(3))], SETTINGS, 4, seed=seed,
            after=lambda step, taken, seen=seen: seen.append(taken),
        )  # fmt: skip
        runs.append((seen, weights_of(model)))
    assert runs[0][0] == runs[1][0] and torch.equal(runs[0][1], runs[1][1])
    assert not torch.equal(runs[0][1], runs[2][1])


def test_the_loss_of_a_first_update_is_zero_and_yet_it_learns():
    model = tiny()
    before = weights_of(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    dice, many = torch.Generator().manual_seed(1), replace(SETTINGS, n_answers=32)
    taken = grpo_step(model, optimizer, [Prompt([1, 2], wants(3))], many, dice)
    assert taken.mixed == 1
    assert abs(taken.loss) < 1e-6
    assert (weights_of(model) - before).abs().max() > 1e-3


def test_a_reference_holds_the_model_back():
    gone = []
    for weight in (0.0, 3.0):
        model, seen = tiny(), []
        reinforce(
            model, lambda step: [Prompt([1, 2], wants(3))],
            replace(SETTINGS, n_answers=16, kl_weight=weight), 15, reference=tiny(),
            after=lambda step, taken, seen=seen: seen.append(taken.kl),
        )  # fmt: skip
        assert seen[0] == pytest.approx(0, abs=1e-6)
        gone.append(seen[-1])
    assert gone[0] > 5 * gone[1] > 0


def test_a_kl_weight_without_a_reference_is_refused():
    with pytest.raises(ValueError, match="needs a reference"):
        reinforce(tiny(), lambda step: [Prompt([1], wants(1))], replace(SETTINGS, kl_weight=0.1), 1)


@pytest.fixture(scope="module")
def world():
    return world_tokenizer(n_stories=50)


def test_the_world_judges_the_right_answer_alone_as_right(world):
    for story, task in unseen_questions(2):
        prompt = world_prompt(world, story, task)
        wanted = [*world.encode(task.answer), world.eos_id]
        assert prompt.reward(wanted) == 1
        assert prompt.reward(wanted[:-1]) == 0  # it has not ended
        assert prompt.reward([*wanted[:-1], *wanted]) == 0
        example = chat_example(world, conversation(story, [task]))
        assert [*prompt.ids, *wanted][:-1] == example.inputs


def test_another_judge_sees_answer_and_right_answer(world):
    story, task = unseen_questions(1)[0]
    prompt = world_prompt(world, story, task, lambda answer, wanted: len(answer) / len(wanted))
    assert prompt.reward([1] * 6) == 6 / (len(world.encode(task.answer)) + 1)


def test_chances_are_shares_of_right_answers():
    """Of the answers of two tokens that come most often."""
    model, prompt = tiny(), [1, 2]
    settings = replace(SETTINGS, n_answers=6_000)
    answers = sample_answers(model, [prompt], settings, torch.Generator().manual_seed(0))
    pairs = Counter(tuple(answer) for answer in answers if len(answer) == 2).most_common(3)
    examples = [Example([*prompt, first], [IGNORED, first, END]) for (first, _), _ in pairs]
    assert [split(example) for example in examples] == [(prompt, [*pair]) for pair, _ in pairs]
    shares = torch.tensor([n / 6_000 for _, n in pairs])
    assert shares.min() > 0.01
    torch.testing.assert_close(chances(model, examples), shares, rtol=0, atol=0.007)
    assert is_exact([3, END], [3, END]) == 1 and is_exact([3], [3, END]) == 0
