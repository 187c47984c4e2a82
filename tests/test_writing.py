"""write_whole: the old file or the new one, never half of one."""

from pathlib import Path

import pytest

from llama_edu.writing import write_whole


def test_a_file_is_replaced_and_its_folder_made(tmp_path):
    path = tmp_path / "new folder" / "a.txt"
    write_whole(path, "old")
    write_whole(path, "né\n")
    assert path.read_bytes() == "né\n".encode()
    assert [one.name for one in path.parent.iterdir()] == ["a.txt"]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_whole(path, "old")

    def half(self, text, **kwargs):
        self.write_bytes(text[:1].encode())
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError, match="no space left"):
        write_whole(path, "new")
    assert path.read_bytes() == b"old"
