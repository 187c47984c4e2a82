"""A folder of short stories, and a run on it."""

import pytest

from llama_edu.data.stories import tell_story
from llama_edu.train.own_text import Wishes, prepare


@pytest.fixture(scope="session")
def stories(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stories")
    for seed in range(60):
        text = tell_story(seed, n_events=14).text
        (folder / f"{seed:02}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def prepared(stories, tmp_path):
    """A folder in which everything is ready for twelve steps, and the report."""
    said = []
    wishes = Wishes(minutes=0.1, n_steps=12, preset="tiny")
    prepare(stories, tmp_path / "run", wishes, said.append)
    return tmp_path / "run", said
