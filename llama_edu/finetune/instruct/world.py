"""Instructions about the story world: nine kinds of task, whose right answers are known.

Training and test worlds never meet: which of the two a story belongs to is read off its text, and
no story to train on holds one of the pairs that are kept for the test.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from llama_edu.data.stories import NAMES, THINGS, Story, ask, instruct, summarize, tell_story

QUESTIONS = ("where person", "where thing", "who has")  # the three kinds of question
KINDS = (*QUESTIONS, "persons", "places", "count", "summary", "continuation", "refusal")
REFUSAL = "The story does not say."
N_EVENTS = (4, 9)  # sentences of a story, fewest and most
TEST_SHARE = 8  # one text in so many is for the test
KEPT_SHARE = 12  # one pair in so many stands in no story to train on


@dataclass(frozen=True)
class Task:
    """What to ask of a story, and the only right answer.

    Args:
        kind: one of KINDS.
        question: the instruction, without the story.
        answer: what the assistant must say, letter for letter.
        subject: the person or thing that a question asks for, "" where there is none.
        is_new: whether subject and answer are a pair that no story to train on held.
    """

    kind: str
    question: str
    answer: str
    subject: str = ""
    is_new: bool = False


def is_kept(a: str, b: str) -> bool:
    """Whether a person and a place, or a person and a thing, are kept apart for the test."""
    first, second = sorted((a, b))
    return crc32(f"{first} {second}".encode()) % KEPT_SHARE == 0


def is_test(story: Story) -> bool:
    """Whether a text is for the test; what no pair decides, the text does."""
    return crc32(story.text.encode()) % TEST_SHARE == 0


def pairs(story: Story) -> set[tuple[str, str]]:
    """Who was at which place in a story, and who had which thing."""
    found = set()
    for event in story.events:
        for who in filter(None, (event.who, event.other)):
            found |= {(who, other) for other in filter(None, (event.place, event.thing))}
    return found


def training_stories(seed: int) -> Iterator[Story]:
    """Stories to train on without end; other seeds give others."""
    for story in _stories(seed):
        if not is_test(story) and not any(is_kept(a, b) for a, b in pairs(story)):
            yield story


def unseen_stories(seed: int) -> Iterator[Story]:
    """Stories to test on without end; no training story has the text of one of them."""
    yield from filter(is_test, _stories(seed))


def _stories(seed: int) -> Iterator[Story]:
    dice = random.Random(seed)
    while True:
        yield tell_story(dice.getrandbits(40), dice.randint(*N_EVENTS))


def tasks(story: Story, dice: random.Random, kinds: tuple[str, ...] = KINDS) -> list[Task]:
    """All questions of a story, its lists, its summary and one continuation; what it does not say.

    Args:
        story: whose account is known.
        dice: decides which sentence is to be continued, what is asked in vain, and the order.
        kinds: some of KINDS.

    Raises:
        ValueError: if a kind is unknown.
    """
    if unknown := set(kinds) - set(KINDS):
        raise ValueError(f"kinds={sorted(unknown)} must be among {', '.join(KINDS)}")
    found = [_question(qa.question, qa.answer) for qa in ask(story)]
    found += [*_refusals(story, found, dice)]
    lists = zip(("persons", "places", "count"), instruct(story), strict=True)
    found += [Task(kind, task.instruction, task.output) for kind, task in lists]
    found.append(Task("summary", "How does the story end?", summarize(story).summary))
    found.append(_continuation(story, dice))
    found = [task for task in found if task.kind in kinds]
    dice.shuffle(found)
    return found


def _question(question: str, answer: str) -> Task:
    subject = question.removesuffix(" at the end?").split()[-1]
    if question.startswith("Who"):
        kind = "who has"
    else:
        kind = "where person" if subject in NAMES else "where thing"
    return Task(kind, question, answer, subject, kind != "where thing" and is_kept(subject, answer))


def _continuation(story: Story, dice: random.Random) -> Task:
    sentences = [f"{sentence}." for sentence in story.text.removesuffix(".").split(". ")]
    once = [i for i, s in enumerate(sentences[:-1]) if sentences.count(s) == 1]
    i = dice.choice(once)  # the opening stands there once in any case
    return Task("continuation", f'What comes after "{sentences[i]}"?', sentences[i + 1])


def _refusals(story: Story, questions: list[Task], dice: random.Random) -> Iterator[Task]:
    """A question of each form that the story has, about somebody or something it does not name."""
    for kind in QUESTIONS:
        for like in [task for task in questions if task.kind == kind][:1]:
            same = NAMES if like.subject in NAMES else THINGS
            other = dice.choice([word for word in same if word not in story.place_of])
            yield Task("refusal", like.question.replace(like.subject, other), REFUSAL, other)


def conversation(story: Story, some: list[Task]) -> list[dict[str, str]]:
    """The tasks of a story as the turns of one conversation; the story opens it."""
    turns = [
        {"role": role, "content": content}
        for task in some
        for role, content in (("user", task.question), ("assistant", task.answer))
    ]
    turns[0]["content"] = f"{story.text}\n{turns[0]['content']}"
    return turns


def account(story: Story) -> Iterator[tuple[str, str]]:
    """For each name, thing and place of the text, in order, two words of the world.

    The one before it in its sentence, and the place where it is by then; "" where there is none,
    as a place is nowhere, or where it is not known yet.
    """
    place_of: dict[str, str] = {}
    for event in story.events:
        yield "", place_of.get(event.who, "")
        if event.action == "go":
            yield event.who, ""
        else:
            yield event.who, event.place
        if event.other:
            yield event.thing, event.place
        place_of[event.who] = event.place
