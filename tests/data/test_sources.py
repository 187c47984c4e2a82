"""Pulling: whole or not at all, once, resumed after a kill, and one clear line when it fails."""

import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llama_edu.data import fetch, sources
from llama_edu.data.sources import SourceError, cache_dir, cached, find, pull

# What a second process runs: the fixtures' one row, at the address where the server has it.
PULL = """
import json, sys
from llama_edu.data import archives, fetch, sources
row, url = json.loads(sys.argv[1])
source = archives.Source(**row | {"members": tuple(row["members"])})
sources.SOURCES, fetch.find_url = {"tiny": source}, lambda source: url
print(sources.pull("tiny"))
"""


def start_pull(source, server) -> subprocess.Popen:
    row = json.dumps([dataclasses.asdict(source), f"{server.url}/{source.file}"])
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", PULL, row], **pipes)


def contents(folder: Path) -> dict[str, int]:
    """Each file below the folder, but for locks, with its length."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def part_of(source) -> Path:
    return cache_dir() / f"{source.key}.part"


def write_part(source, archive: bytes) -> Path:
    cache_dir().mkdir(parents=True)
    part_of(source).write_bytes(archive)
    return part_of(source)


def assert_one_line(error: pytest.ExceptionInfo) -> None:
    assert "\n" not in str(error.value)


def test_pull_keeps_the_wanted_files_and_nothing_else(source):
    folder = pull("tiny")
    assert contents(folder) == {"one.txt": 6, "deep/two.txt": 512_000}
    assert (folder / "deep/two.txt").read_bytes() == bytes(range(256)) * 2000
    assert contents(cache_dir()).keys() == {f"{source.key}/one.txt", f"{source.key}/deep/two.txt"}


def test_second_pull_needs_no_server(source, server):
    assert cached("tiny") is None
    folder = pull("tiny")
    server.stop()
    for lock in cache_dir().glob("*.lock"):
        lock.unlink()
    assert pull("tiny") == cached("tiny") == folder
    assert server.ranges == [None]
    assert list(cache_dir().iterdir()) == [folder]  # so a read-only cache serves too


def test_interrupted_pull_asks_only_for_the_rest(source, server, archive):
    write_part(source, archive[:300_000])
    assert contents(pull("tiny"))["deep/two.txt"] == 512_000
    assert server.ranges == ["bytes=300000-"]
    assert server.n_bytes_sent == len(archive) - 300_000


def test_broken_connection_is_resumed_by_itself(source, server, archive):
    server.drop_after = 200_000
    assert contents(pull("tiny"))["deep/two.txt"] == 512_000
    first, second = server.ranges
    assert first is None and 0 < int(second[6:-1]) < len(archive)


def test_server_without_range_starts_over(source, server, archive):
    server.understands_range = False
    write_part(source, archive[:300_000])
    assert contents(pull("tiny"))["deep/two.txt"] == 512_000
    assert server.n_bytes_sent == len(archive)


def test_complete_part_is_unpacked_without_a_network(source, archive, monkeypatch):
    write_part(source, archive)  # a run that was killed before it unpacked
    monkeypatch.delattr(fetch, "find_url")
    assert contents(pull("tiny"))["one.txt"] == 6
    assert not part_of(source).exists()


def test_half_unpacked_folder_of_a_killed_run_is_replaced(source):
    (cache_dir() / f"{source.key}.new").mkdir(parents=True)
    (cache_dir() / f"{source.key}.new" / "stray.txt").write_text("half")
    assert contents(pull("tiny")).keys() == {"one.txt", "deep/two.txt"}


def test_wrong_checksum_leaves_nothing(source, server, archive):
    server.files[f"/{source.file}"] = archive[:-1] + b"?"
    with pytest.raises(SourceError, match=r"wrong checksum for tiny_pkg-1.0.*is pinned") as error:
        pull("tiny")
    assert_one_line(error)
    assert contents(cache_dir()) == {}


def test_answer_of_another_length_is_refused_before_it_is_written(source, server, archive):
    server.files[f"/{source.file}"] = b"<html>please log in</html>"
    part = write_part(source, b"")
    with pytest.raises(
        SourceError, match=rf"whl from \S+ offers 26 bytes of x/y where {len(archive)}"
    ) as error:
        pull("tiny")
    assert_one_line(error)
    assert part.stat().st_size == 0


@pytest.mark.parametrize("n_held", [0, 100_000])
def test_no_network_is_one_line_and_keeps_what_was_there(source, server, archive, n_held):
    part = write_part(source, archive[:n_held])
    server.stop()
    with pytest.raises(SourceError, match=r"ConnectionError.*check the network") as error:
        pull("tiny")
    assert_one_line(error)
    assert part.stat().st_size == n_held and cached("tiny") is None


def test_missing_file_names_the_http_status(source, server):
    server.files.clear()
    with pytest.raises(SourceError, match=r"^download of tiny_pkg\S+ from 127\.0\.0\.1 .*HTTP 404"):
        pull("tiny")
    assert contents(cache_dir()) == {}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_disk_full_while_downloading_leaves_nothing(source):
    cache_dir().mkdir()
    part_of(source).symlink_to("/dev/full")  # every write answers ENOSPC
    with pytest.raises(SourceError, match=r"No space left.*make room for 1.0 MB") as error:
        pull("tiny")
    assert_one_line(error)
    assert list(cache_dir().glob("*.part")) == [] and contents(cache_dir()) == {}


def test_disk_full_while_unpacking_leaves_nothing(source, monkeypatch):
    def fill_disk(part, root, members, folder):
        folder.mkdir()
        (folder / "one.txt").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sources, "unpack", fill_disk)
    with pytest.raises(SourceError, match=r"cannot write tiny to .*LLAMA_EDU_CACHE"):
        pull("tiny")
    assert contents(cache_dir()) == {}


def test_cache_that_is_a_file_is_one_clear_line(source, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LLAMA_EDU_CACHE", str(tmp_path / "file"))
    with pytest.raises(SourceError, match=r"cannot write tiny to .*file") as error:
        pull("tiny")
    assert_one_line(error)


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_pull_leaves_a_part_that_the_next_one_continues(source, server, archive):
    server.stall_after = 250_000
    process = start_pull(source, server)
    deadline = time.monotonic() + 10
    while fetch.size(part_of(source)) < 200_000:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    n_held = part_of(source).stat().st_size
    assert contents(cache_dir()) == {f"{source.key}.part": n_held}

    server.stall_after = None
    assert contents(pull("tiny"))["deep/two.txt"] == 512_000
    assert server.ranges == [None, f"bytes={n_held}-"]


def test_two_processes_fetch_once(source, server, archive):
    server.seconds_per_block = 0.02  # 32 blocks: long enough for both to start
    first, second = start_pull(source, server), start_pull(source, server)
    outputs = [process.communicate(timeout=20) for process in (first, second)]
    assert [out.strip() for out, _ in outputs] == [str(cached("tiny"))] * 2
    assert server.ranges == [None] and server.n_bytes_sent == len(archive)
    assert sum("waiting for another process" in err for _, err in outputs) == 1


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"name='shakespear' must be one of .*mean 'shakespeare'"):
        pull("shakespear")
    with pytest.raises(ValueError, match=r"name='\?\?' must be one of smollm2[^(]*$"):
        find("??")


def test_cache_is_the_platforms_own_unless_chosen(tmp_path, monkeypatch):
    from platformdirs import user_cache_dir

    monkeypatch.setenv("LLAMA_EDU_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("LLAMA_EDU_CACHE")
    assert cache_dir() == Path(user_cache_dir("llama_edu"))


def test_import_is_light():
    heavy = "{'torch', 'numpy', 'requests', 'rich', 'filelock', 'platformdirs'}"
    code = f"import sys, llama_edu.data.sources; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.network
def test_real_registry_gives_the_pinned_archive(tmp_path, monkeypatch):
    monkeypatch.setenv("LLAMA_EDU_CACHE", str(tmp_path))
    try:
        folder = pull("glassllm")
    except SourceError as error:
        if "no network" not in str(error) and "check the network" not in str(error):
            raise
        pytest.skip(str(error))
    files = contents(folder)
    assert "glassllm/weights/en.npz" in files
    assert (len(files), sum(files.values())) == (18, find("glassllm").unpacked_bytes)
