"""The hints say what the world's account says, and leave nothing behind in the model."""

import random
from dataclasses import replace
from itertools import islice

import pytest
import torch

from llama_edu.data.stories import tell_story
from llama_edu.finetune.instruct.examples import chat_example, text_example
from llama_edu.finetune.instruct.hints import AccountLoss, start_copying, with_account, world_ids
from llama_edu.finetune.instruct.packing import packed_batch
from llama_edu.finetune.instruct.recipe import Recipe, stages, world_model, world_tokenizer
from llama_edu.finetune.instruct.world import account, conversation, tasks, training_stories
from llama_edu.train.loss import IGNORED, next_token_loss


@pytest.fixture(scope="module")
def world():
    return world_tokenizer(n_stories=100)


def told(world, story, some):
    """(word, word before it, place) of each token with a hint."""
    ids = world_ids(world)
    example = with_account(chat_example(world, conversation(story, some)), ids, story, some)
    words = {token: word for word, token in ids.items()} | {IGNORED: ""}
    rows = zip(example.inputs, *example.hints, strict=True)
    return [
        (words.get(i), words[before], "" if place == IGNORED else world.decode([place]))
        for i, before, place in rows
    ]


def test_every_word_of_the_world_is_one_token(world):
    assert len(set(world_ids(world).values())) == len(world_ids(world)) == 56
    with pytest.raises(ValueError, match=r"the word '[A-Z][a-z]+' is \d tokens, it must be one"):
        world_ids(world_tokenizer(knows_words=False, n_stories=5))


def test_hints_by_hand(world):
    """Ben goes to the library and Mia to the kitchen, where she finds the kettle; they meet."""
    story = tell_story(0, 6)
    some = [task for task in tasks(story, random.Random(0)) if task.subject == "Ben"]
    assert [row for row in told(world, story, some) if row[0]] == [
        ("Ben", "", ""), ("library", "Ben", ""),
        ("Mia", "", ""), ("kitchen", "Mia", ""),
        ("Mia", "", "kitchen"), ("kettle", "Mia", "kitchen"),
        ("Mia", "", "kitchen"), ("harbour", "Mia", ""),
        ("Ben", "", "library"), ("harbour", "Ben", ""),
        ("Mia", "", "harbour"), ("kettle", "Mia", "harbour"), ("Ben", "kettle", "harbour"),
        ("Ben", "", "harbour"),  # the question: where he is at the end
        ("harbour", "", ""),  # the answer
    ]  # fmt: skip


def test_every_question_has_a_hint(world):
    """The first token of its answer, also where the answer is that the story does not say."""
    dice = random.Random(1)
    for story in islice(training_stories(1), 20):
        some = tasks(story, dice)
        named = [row for row in told(world, story, some) if row[0]]
        asked = [row for row in named[len(list(account(story))) :] if row[2]]
        answers = [world.decode(world.encode(task.answer)[:1]) for task in some if task.subject]
        subjects = [task.subject for task in some if task.subject]
        assert asked == [(s, "", a) for s, a in zip(subjects, answers, strict=True)]


def test_a_story_alone_has_its_account(world):
    story = next(training_stories(2))
    ids = world.encode(story.text)
    example = with_account(text_example(ids), world_ids(world), story, [])
    assert example.inputs == ids[:-1] and example.targets == ids[1:]
    assert sum(i != IGNORED for i in example.hints[0]) >= 7


def test_keys_start_as_queries_and_the_output_as_the_values(world):
    model = world_model(Recipe(), world.vocab_size)
    for n_kv_heads in (4, 2):
        config = replace(model.config, n_kv_heads=n_kv_heads)
        grouped = type(model)(config)
        start_copying(grouped)
        attention = grouped.blocks[0].attention
        q, k, v = attention.qkv_proj.weight.unflatten(0, (-1, 32)).split(
            [4, n_kv_heads, n_kv_heads]
        )
        assert torch.equal(k, q[:: 4 // n_kv_heads])
        o = attention.o_proj.weight.T.unflatten(0, (4, 32))
        torch.testing.assert_close(o, 0.2 * v.repeat_interleave(4 // n_kv_heads, dim=0))
        assert not grouped.blocks[0].ffn.down_proj.weight.any()


def test_without_hints_it_is_the_loss_of_answers(world):
    recipe = Recipe(n_steps=4, pretraining=0.0)
    (stage,) = stages(recipe, world)
    model, batch = world_model(recipe, world.vocab_size), stage.batches.next()
    plain, n = next_token_loss(model, batch)
    ours, n_ours = AccountLoss(other=0.0, hint_weight=lambda number: 0.0)(model, batch)
    torch.testing.assert_close(ours, plain, rtol=1e-5, atol=1e-3)
    assert n == n_ours
    total, _ = stage.loss(model, batch)
    assert total > plain
    assert not model.blocks[0]._forward_hooks  # nothing is left behind


def test_other_tokens_weigh_a_tenth_of_a_mean(world):
    (stage,) = stages(Recipe(n_steps=4, pretraining=0.0, tells_account=False), world)
    model, batch = world_model(Recipe(), world.vocab_size), stage.batches.next()
    every = packed_batch([[text_example([*row[: int(n)].tolist()])] for row, n in zip(
        batch.inputs, (batch.documents == 0).sum(1), strict=True)])  # fmt: skip
    at_most = every.inputs.shape[1]
    others = every.targets.where(batch.targets[:, :at_most] == IGNORED, IGNORED)
    other, n_others = next_token_loss(model, replace(every, targets=others))
    plain, n = next_token_loss(model, batch)
    total, _ = stage.loss(model, batch)
    torch.testing.assert_close(total / n, plain / n + 0.1 * other / n_others, rtol=1e-5, atol=1e-5)


def test_the_hints_fade_over_both_stages(world):
    first, second = stages(Recipe(n_steps=100), world)
    weights = [first.loss.hint_weight(n) for n in (0, 14)] + [
        second.loss.hint_weight(n) for n in (10, 45, 70)
    ]
    assert weights == pytest.approx([1.0, 0.8, 0.5, 0.0, 0.0])


def test_the_learning_rate_rises_and_falls_once():
    first, second = stages(
        Recipe(n_steps=1000, tells_account=False, peak_lr=1.0), world_tokenizer(n_stories=20)
    )
    assert [first.schedule(n) for n in (50, 100, 250)] == pytest.approx([0.5, 1.0, 1.0])
    assert [second.schedule(n) for n in (1, 350, 550, 750)] == pytest.approx([1.0, 1.0, 0.5, 0.0])
