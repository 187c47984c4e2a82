"""Small stories from a seeded world whose facts are known, so that every label is exact.

People walk between places, find things, hand them on and put them down. The world keeps account,
and questions, summaries and instructions are read off the account, never off the text.
"""

import random
from dataclasses import dataclass

from llama_edu.data.annotate.records import Instruction, QuestionAnswer, Record, Summary

NAMES = (
    "Ada", "Ben", "Cora", "Dan", "Eva", "Finn", "Gina", "Hugo", "Ida", "Jon", "Kim", "Leo", "Mia",
    "Ned", "Olga", "Paul", "Rosa", "Sam", "Tara", "Uwe",
)  # fmt: skip
PLACES = (
    "barn", "beach", "bridge", "cellar", "forest", "garden", "harbour", "kitchen", "library",
    "market", "mill", "museum", "school", "station", "tower", "workshop",
)  # fmt: skip
THINGS = (
    "apple", "basket", "bell", "book", "candle", "coin", "drum", "flute", "hammer", "kettle", "key",
    "kite", "lamp", "letter", "map", "mirror", "ring", "rope", "scarf", "violin",
)  # fmt: skip
OPENINGS = (
    "It was a {day} morning.", "One {day} day, everybody was up early.", "The day began {day}.",
)  # fmt: skip
DAYS = ("bright", "cold", "foggy", "grey", "rainy", "sunny", "warm", "windy")
GOES = ("{who} went to the {place}.", "{who} walked to the {place}.", "{who} ran to the {place}.")
TAKES = ("{who} found the {thing} there and took it.", "{who} picked up the {thing} there.")
GIVES = ("{who} gave the {thing} to {other}.", "{who} handed the {thing} to {other}.")
DROPS = ("{who} left the {thing} there.", "{who} put down the {thing} there.")


@dataclass(frozen=True)
class Event:
    """What happened: `who` did it, at `place`; `thing` and `other` as the action needs them."""

    action: str  # "go", "take", "give" or "drop"
    who: str
    place: str
    thing: str = ""
    other: str = ""


@dataclass(frozen=True)
class Story:
    """A text and everything that is true in it.

    Args:
        text: one paragraph, a sentence for each event after the opening.
        events: in the order of the sentences.
        place_of: person or thing -> the place where it is at the end.
        holder_of: thing -> who has it at the end, for things that somebody has.
    """

    text: str
    events: tuple[Event, ...]
    place_of: dict[str, str]
    holder_of: dict[str, str]


def tell_story(seed: int, n_events: int = 9) -> Story:
    """Tell the story of a seed; the same seed gives the same story on every machine.

    Args:
        seed: any whole number.
        n_events: sentences after the opening, >= 4.

    Raises:
        ValueError: if `n_events` is smaller.
    """
    if n_events < 4:
        raise ValueError(f"n_events must be at least 4, got {n_events}")
    draw = random.Random(seed)
    people, places = draw.sample(NAMES, 3), draw.sample(PLACES, 4)
    things = draw.sample(THINGS, 2)
    place_of: dict[str, str] = {thing: draw.choice(places) for thing in things}
    holder_of: dict[str, str] = {}
    events: list[Event] = []
    while len(events) < n_events:
        event = draw.choice(_possible(people, places, things, place_of, holder_of))
        last = events[-1] if events else event
        if event.action == last.action == "go" and event is not last and event.who == last.who:
            continue  # two walks of one person in a row tell nothing
        _apply(event, place_of, holder_of)
        events.append(event)
    opening = draw.choice(OPENINGS).format(day=draw.choice(DAYS))
    forms = {"go": GOES, "take": TAKES, "give": GIVES, "drop": DROPS}
    sentences = [draw.choice(forms[event.action]).format(**vars(event)) for event in events]
    known = {event.who for event in events} | {e.thing for e in events if e.thing}
    return Story(
        " ".join([opening, *sentences]),
        tuple(events),
        {name: place for name, place in place_of.items() if name in known},
        dict(holder_of),
    )


def _possible(people, places, things, place_of, holder_of) -> list[Event]:
    """All events that can happen next; what is done with things has more weight than walks."""
    events = []
    for who in people:
        here = place_of.get(who)
        events += [Event("go", who, place) for place in places if place != here]
        if here is None:
            continue
        for thing in things:
            if holder_of.get(thing) == who:
                others = [name for name in people if name != who and place_of.get(name) == here]
                events += 12 * [Event("give", who, here, thing, other) for other in others]
                events += 3 * [Event("drop", who, here, thing)]
            elif thing not in holder_of and place_of[thing] == here:
                events += 12 * [Event("take", who, here, thing)]
    return events


def _apply(event: Event, place_of: dict[str, str], holder_of: dict[str, str]) -> None:
    if event.action == "go":
        place_of[event.who] = event.place
        carried = [thing for thing, holder in holder_of.items() if holder == event.who]
        place_of.update(dict.fromkeys(carried, event.place))  # what one holds goes along
    elif event.action == "drop":
        del holder_of[event.thing]
    else:
        holder_of[event.thing] = event.other or event.who


def ask(story: Story) -> list[QuestionAnswer]:
    """All questions about the end of a story, with their exact answers."""
    pairs = [
        (f"Where is {'' if name in NAMES else 'the '}{name} at the end?", place)
        for name, place in story.place_of.items()
    ]
    pairs += [(f"Who has the {thing} at the end?", who) for thing, who in story.holder_of.items()]
    return [
        QuestionAnswer(
            context=story.text, question=question, answer=answer, start=story.text.rfind(answer)
        )
        for question, answer in pairs
    ]


def summarize(story: Story) -> Summary:
    """The state at the end in one or two sentences, the persons in the order of the alphabet."""
    people = sorted(name for name in story.place_of if name in NAMES)
    parts = [f"{name} is at the {story.place_of[name]}" for name in people]
    held = [f"{who} has the {thing}" for thing, who in sorted(story.holder_of.items())]
    summary = f"In the end {', '.join(parts)}."
    return Summary(
        document=story.text, summary=f"{summary} {', '.join(held)}.".strip() if held else summary
    )


def instruct(story: Story) -> list[Instruction]:
    """Tasks on the whole story whose right response is known."""
    who = list(dict.fromkeys(event.who for event in story.events))
    visited = [e.place for e in story.events if e.action == "go" and e.who == who[0]]
    walks = sum(event.action == "go" for event in story.events)
    return [
        Instruction(
            instruction="List the persons who do something in the story, in their order.",
            input=story.text,
            output=", ".join(who),
        ),
        Instruction(
            instruction=f"List the places to which {who[0]} goes, in their order.",
            input=story.text,
            output=", ".join(visited),
        ),
        Instruction(
            instruction="How often does somebody go to a place? Answer with a number.",
            input=story.text,
            output=str(walks),
        ),
    ]


def annotate(story: Story) -> list[Record]:
    """All records of a story: questions, the summary, instructions."""
    return [*ask(story), summarize(story), *instruct(story)]
