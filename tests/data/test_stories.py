"""The story world: the same seed, the same story; and labels that a reader of the text confirms."""

import re
from collections import Counter

import pytest

from llama_edu.data.annotate import QuestionAnswer
from llama_edu.data.stories import NAMES, annotate, ask, instruct, summarize, tell_story

STORIES = [tell_story(seed) for seed in range(300)]
SENTENCES = {
    "go": r"(?P<who>\w+) (?:went|walked|ran) to the (?P<place>\w+)",
    "take": r"(?P<who>\w+) (?:found|picked up) the (?P<thing>\w+) there(?: and took it)?",
    "give": r"(?P<who>\w+) (?:gave|handed) the (?P<thing>\w+) to (?P<other>\w+)",
    "drop": r"(?P<who>\w+) (?:left|put down) the (?P<thing>\w+) there",
}  # fmt: skip


def read(text: str) -> tuple[dict, dict]:
    """Where everybody and everything is, and who has what, from the words alone."""
    place_of, holder_of = {}, {}
    for sentence in text.split(".")[1:-1]:
        (action, found), = (
            (action, found)
            for action, pattern in SENTENCES.items()
            if (found := re.fullmatch(pattern, sentence.strip()))
        )  # fmt: skip
        who = found["who"]
        if action == "go":
            place_of[who] = found["place"]
            for thing, holder in holder_of.items():
                if holder == who:
                    place_of[thing] = found["place"]
            continue
        thing = found["thing"]
        place_of[thing] = place_of[who]
        if action == "drop":
            assert holder_of.pop(thing) == who
        elif action == "give":
            assert holder_of[thing] == who and place_of[found["other"]] == place_of[who]
            holder_of[thing] = found["other"]
        else:
            assert thing not in holder_of
            holder_of[thing] = who
    return place_of, holder_of


@pytest.mark.parametrize("part", range(3))
def test_a_reader_of_the_text_finds_the_same_facts(part):
    for story in STORIES[part::3]:
        assert read(story.text) == (story.place_of, story.holder_of)


def test_same_seed_same_story_and_other_seeds_others():
    assert tell_story(7) == tell_story(7)
    assert len({story.text for story in STORIES}) == len(STORIES)


def test_every_action_happens_often():
    actions = Counter(event.action for story in STORIES for event in story.events)
    assert all(actions[action] > 100 for action in SENTENCES)
    assert all(len(story.events) == 9 for story in STORIES)


def test_answers_are_the_facts_and_stand_in_the_text():
    for story in STORIES[:50]:
        questions = ask(story)
        assert len(questions) == len(story.place_of) + len(story.holder_of)
        for item in questions:
            name = re.search(r"(\w+) at the end", item.question)[1]
            facts = story.holder_of if item.question.startswith("Who") else story.place_of
            assert item.answer == facts[name]
            assert item.context[item.start :].startswith(item.answer)
            assert item.answer not in item.context[item.start + 1 :]  # the last mention decides


def test_summary_and_instructions_follow_the_account():
    story = next(story for story in STORIES if story.holder_of)
    summary = summarize(story).summary
    for name, place in story.place_of.items():
        assert (f"{name} is at the {place}" in summary) == (name in NAMES)
    persons, places, count = (task.output for task in instruct(story))
    sentences = story.text.split(". ")
    first = persons.split(", ")[0]
    walks = [s for s in sentences if re.match(r"\w+ (went|walked|ran) ", s)]
    assert places == ", ".join(s.rstrip(".").split()[-1] for s in walks if s.startswith(first))
    assert count == str(len(walks))


def test_all_records_of_a_story():
    records = annotate(STORIES[3])
    assert sum(isinstance(record, QuestionAnswer) for record in records) == len(records) - 4
    with pytest.raises(ValueError, match="n_events must be at least 4, got 3"):
        tell_story(0, n_events=3)
