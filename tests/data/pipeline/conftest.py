"""A small dirty corpus in two files, with one of everything that a build drops."""

import json
from itertools import islice

import pytest

from llama_edu.data.filter import Page, judge, rules_for
from llama_edu.data.pipeline import Settings
from llama_edu.data.stories import tell_story

FOOTER = (
    "This text was put on the network by a collector of stories who asks you to write to him at "
    "the address that stands below whenever you find a mistake."
)
PAGE = (
    "'''Water''' is a [[substance]] without taste, and it covers most of our planet.<ref>x</ref> "
    "All known life needs it. People have always settled near rivers; cities such as Cairo or "
    "London owe their place to one. To be of use it must be clean, which many wells that were dug "
    "with care are not any more.\n\n==Ice==\nIce swims because frozen water takes more room than "
    "liquid does. Fish survive winters below it.\n\n==References==\n* A. Book"
)
GERMAN = (
    "Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich in seinem Bett zu "
    "einem ungeheueren Ungeziefer verwandelt. Er lag auf seinem harten Rücken und sah seinen Bauch."
)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> tuple[str, str]:
    """Paths of the two files: 60 stories and oddities, then 30 more and copies of the first."""
    folder = tmp_path_factory.mktemp("corpus")
    told = (tell_story(seed, n_events=14).text for seed in range(1000))
    # Small worlds repeat themselves: Gopher's rules would drop half of their stories.
    varied = (text for text in told if not judge(Page(text), rules_for("en")))
    stories = list(islice(varied, 94))
    first = [{"id": f"story-{i}", "text": text} for i, text in enumerate(stories[:60])]
    first += [
        {"id": "redirect", "text": "#REDIRECT [[Water]]", "markup": "wikitext"},
        {"id": "german", "text": GERMAN},
        {"id": "short", "text": "It was late, and the rain would not stop. Nobody came to see it."},
        {"id": "letter", "text": f"{stories[90]} Call 415-555-2671 or a@example.com."},
        {"id": "footer-1", "text": f"{stories[91]}\n{FOOTER}"},
    ]
    second = [{"id": f"more-{i}", "text": text} for i, text in enumerate(stories[60:90])]
    second += [
        {"id": "copy", "text": stories[5].upper()},
        {"id": "page", "text": PAGE, "markup": "wikitext"},
        {"id": "near", "text": stories[6].replace("the ", "that ", 2) + " It was late."},
        {"id": "footer-2", "text": f"{stories[92]}\n{FOOTER}"},
        {"id": "exam", "text": f"{stories[93]} Where is the golden key of the mayor?"},
    ]
    paths = []
    for name, documents in (("first", first), ("second", second)):
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(d) + "\n" for d in documents), encoding="utf-8")
        paths.append(str(path))
    return tuple(paths)


@pytest.fixture(scope="session")
def settings(corpus) -> Settings:
    """Many small shards, so that a kill finds the build in the middle."""
    return Settings(
        sources=corpus, shard_chars=4000, near_copy=0.75, reference="first",
        evaluation=("Where is the golden key of the mayor?",), test_share=0.2,
    )  # fmt: skip
