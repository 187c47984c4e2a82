"""Tasks have the account's answers, and what is tested was never trained on."""

import random
from itertools import islice

import pytest

from llama_edu.data.stories import NAMES, PLACES, THINGS, tell_story
from llama_edu.finetune.instruct.world import (
    KINDS,
    QUESTIONS,
    REFUSAL,
    account,
    conversation,
    is_kept,
    is_test,
    pairs,
    tasks,
    training_stories,
    unseen_stories,
)


def some_tasks(n_stories: int, kinds=KINDS):
    dice = random.Random(0)
    return [
        (s, task) for s in islice(unseen_stories(0), n_stories) for task in tasks(s, dice, kinds)
    ]


def test_every_kind_is_asked_and_answered():
    for story in islice(training_stories(1), 20):
        found = tasks(story, random.Random(0))
        assert {task.kind for task in found} >= set(KINDS) - {"who has", "where thing"}
        assert all(task.question and task.answer for task in found)


def test_questions_by_hand():
    story = tell_story(1, 6)  # Eva finds the mirror at the beach; Tara and Cora are at the library
    found = {(t.kind, t.subject): t.answer for t in tasks(story, random.Random(0), QUESTIONS)}
    assert found == {
        ("where person", "Eva"): "beach",
        ("where person", "Tara"): "library",
        ("where person", "Cora"): "library",
        ("where thing", "mirror"): "beach",
        ("who has", "mirror"): "Eva",
    }


def test_what_is_continued_stands_there():
    for story, task in some_tasks(30, ("continuation",)):
        sentence = task.question.removeprefix('What comes after "').removesuffix('"?')
        assert story.text.count(sentence) == 1
        assert f"{sentence} {task.answer}" in story.text


def test_what_is_refused_is_not_in_the_story():
    words = {*NAMES, *THINGS}
    for story, task in some_tasks(60, ("refusal",)):
        (asked,) = words & set(task.question.removesuffix(" at the end?").split())
        assert asked not in story.text and task.answer == REFUSAL
        assert task.question in (
            f"Where is {asked} at the end?",
            f"Where is the {asked} at the end?",
            f"Who has the {asked} at the end?",
        )


def test_training_and_test_worlds_are_disjoint():
    trained = {story.text for story in islice(training_stories(5), 1000)}
    tested = {story.text for story in islice(unseen_stories(5), 100)}
    assert not trained & tested


def test_no_training_story_holds_a_kept_pair():
    kept = {(who, x) for who in NAMES for x in (*PLACES, *THINGS) if is_kept(who, x)}
    assert 0.05 < len(kept) / (len(NAMES) * (len(PLACES) + len(THINGS))) < 0.12
    held = set().union(*(pairs(story) for story in islice(training_stories(3), 1000)))
    assert not kept & held
    assert len(held) > 600  # and all the others occur


def test_new_pairs_are_marked_in_the_test():
    new = [task for _, task in some_tasks(200, QUESTIONS) if task.is_new]
    assert len(new) > 40
    assert all(is_kept(task.subject, task.answer) for task in new)
    for story in islice(training_stories(4), 200):
        assert not any(task.is_new for task in tasks(story, random.Random(0)))


def test_the_text_decides_what_is_tested():
    shares = [is_test(tell_story(seed, 6)) for seed in range(800)]
    assert 0.09 < sum(shares) / 800 < 0.16


def test_the_account_follows_the_words_of_the_text():
    words = {*NAMES, *PLACES, *THINGS}
    for story in islice(unseen_stories(2), 50):
        named = [word for word in story.text.replace(".", "").split() if word in words]
        told = list(account(story))
        assert len(named) == len(told)
        for word, (_, place) in zip(named, told, strict=True):
            assert place in ("", *PLACES) and not (word in PLACES and place)
            if word in THINGS:
                assert place


def test_a_conversation_opens_with_the_story():
    story = next(unseen_stories(0))
    some = tasks(story, random.Random(0))
    talk = conversation(story, some)
    assert talk[0]["content"] == f"{story.text}\n{some[0].question}"
    assert [turn["content"] for turn in talk[2::2]] == [task.question for task in some[1:]]
    assert [turn["content"] for turn in talk[1::2]] == [task.answer for task in some]
    assert [turn["role"] for turn in talk] == ["user", "assistant"] * len(some)


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match=r"kinds=\['riddle'\] must be among where person, "):
        tasks(tell_story(0), random.Random(0), ("riddle",))
