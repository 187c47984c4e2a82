"""Unpacking: the named members of a zip or tar.gz, and never a path outside the folder."""

import io
import tarfile
import zipfile

import pytest

from llama_edu.data.fetch import SourceError
from llama_edu.data.unpack import unpack

FILES = {"pkg/a.txt": b"a", "pkg/sub/b.txt": b"bb", "pkg/c.py": b"ccc", "other/d.txt": b"dddd"}


def write_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            out.writestr(name, data)


def write_tar(path, files):
    with tarfile.open(path, "w:gz") as out:
        for name, data in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(data)
            out.addfile(item, io.BytesIO(data))


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_members_below_the_root_are_written(write, tmp_path):
    write(tmp_path / "archive", FILES)
    unpack(tmp_path / "archive", "pkg/", ("*.txt",), tmp_path / "out")
    written = {
        p.relative_to(tmp_path / "out").as_posix(): p.read_bytes()
        for p in (tmp_path / "out").rglob("*")
        if p.is_file()
    }
    assert written == {"a.txt": b"a", "sub/b.txt": b"bb"}


@pytest.mark.parametrize("write", [write_zip, write_tar])
@pytest.mark.parametrize("name", ["pkg/../../evil.txt", "pkg//etc/evil.txt", "pkg/sub/../../e.txt"])
def test_path_out_of_the_folder_is_refused(write, name, tmp_path):
    write(tmp_path / "archive", {name: b"evil"})
    with pytest.raises(SourceError, match=r"points outside its folder"):
        unpack(tmp_path / "archive", "pkg/", ("*.txt",), tmp_path / "out")
    assert list(tmp_path.rglob("e*.txt")) == []


def test_links_in_a_tar_are_not_followed(tmp_path):
    (tmp_path / "secret").write_text("secret")
    with tarfile.open(tmp_path / "archive", "w:gz") as out:
        link = tarfile.TarInfo("pkg/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
        out.addfile(link)
    with pytest.raises(SourceError, match=r"holds no pkg/\*.txt"):
        unpack(tmp_path / "archive", "pkg/", ("*.txt",), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_archive_without_the_members_says_what_it_lacks(tmp_path):
    write_zip(tmp_path / "archive", FILES)
    with pytest.raises(SourceError, match=r"archive holds no pkg/\*.gguf or pkg/\*.npz"):
        unpack(tmp_path / "archive", "pkg/", ("*.gguf", "*.npz"), tmp_path / "out")
