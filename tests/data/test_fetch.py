"""Finding an archive with the registries' own clients, here against local ones, and progress."""

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from llama_edu.data import fetch
from llama_edu.data.fetch import SourceError, find_url
from llama_edu.data.progress import megabytes, progress
from llama_edu.data.sources import pull


@pytest.fixture
def pip_only(monkeypatch, tmp_path):
    """pip without the machine's own settings: no index, and no folder but the test's."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null" if sys.platform != "win32" else "nul")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return monkeypatch


def serve_index(server, pip_only, source, *links: str) -> None:
    page = "".join(f'<a href="{link}">{link.partition("#")[0]}</a>' for link in links)
    server.files[f"/simple/{source.package}/"] = f"<!DOCTYPE html><html>{page}</html>".encode()
    pip_only.delenv("PIP_NO_INDEX")
    pip_only.setenv("PIP_INDEX_URL", f"{server.url}/simple")


def test_pull_from_a_local_folder_of_archives(source, archive, tmp_path, pip_only):
    pip_only.setattr(fetch, "find_url", find_url)
    (tmp_path / "wheels and more").mkdir()
    (tmp_path / "wheels and more" / source.file).write_bytes(archive)
    pip_only.setenv("PIP_FIND_LINKS", (tmp_path / "wheels and more").as_uri())
    assert (pull("tiny") / "one.txt").read_bytes() == b"first\n"


@pytest.mark.parametrize("file", ["tiny_pkg-1.0-py3-none-any.whl", "tiny_pkg-1.0.tar.gz"])
def test_pip_index_names_wheels_and_source_archives(source, server, pip_only, file):
    source = replace(source, file=file)
    serve_index(server, pip_only, source, f"/files/{file}", "/files/tiny_pkg-1.0.1.tar.gz")
    assert find_url(source) == f"{server.url}/files/{file}"
    assert server.ranges == [None]  # the page of the index, and no archive


def test_link_with_the_pinned_digest_is_preferred(source, server, pip_only):
    digests = {"a-longer-path": "0" * 64, "good": source.sha256, "zebra": "f" * 64}
    links = (f"/{place}/{source.file}#sha256={digest}" for place, digest in digests.items())
    serve_index(server, pip_only, source, *links)
    assert find_url(source).startswith(f"{server.url}/good/")


def test_file_that_no_index_lists_is_one_clear_line(source, server, pip_only):
    serve_index(server, pip_only, source, "/files/tiny_pkg-0.9-py3-none-any.whl")
    with pytest.raises(SourceError, match=r"does not list tiny_pkg-1.0-py3.*PIP_FIND_LINKS"):
        find_url(source)


def test_unreachable_index_is_called_no_network(source, server, pip_only):
    serve_index(server, pip_only, source)
    server.stop()
    with pytest.raises(SourceError, match=r"^no network: pip cannot reach its package index"):
        find_url(source)


def test_environment_without_pip_says_how_to_get_it(source, monkeypatch, tmp_path):
    bare = tmp_path / "python"
    bare.write_text('#!/bin/sh\necho "$0: No module named pip" >&2; exit 1\n')
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(SourceError, match=r"pip is missing.*python -m ensurepip"):
        find_url(source)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for npm is a shell script")
def test_npm_is_asked_for_the_tarball(source, monkeypatch, tmp_path):
    npm = tmp_path / "npm"
    npm.write_text('#!/bin/sh\necho "http://localhost/$1/$2/$3"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    url = find_url(replace(source, registry="npm"))
    assert url == "http://localhost/view/tiny-pkg@1.0/dist.tarball"

    npm.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(SourceError, match=r"npm does not find tiny-pkg@1.0; connect"):
        find_url(replace(source, registry="npm"))


def test_missing_npm_is_one_clear_line(source, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SourceError, match=r"npm is missing.*install Node.js"):
        find_url(replace(source, registry="npm"))


def test_certificate_and_proxy_of_pip_are_used(pip_only, tmp_path):
    (tmp_path / "pip.conf").write_text(
        "[global]\ncert = /etc/file.pem\nproxy = http://proxy:3128\n"
    )
    pip_only.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    pip_only.delenv("PIP_CERT", raising=False)
    proxies = {"http": "http://proxy:3128", "https": "http://proxy:3128"}
    assert fetch._connection_options() == {"verify": "/etc/file.pem", "proxies": proxies}

    pip_only.setenv("PIP_CERT", "/etc/environment.pem")
    assert fetch._connection_options() == {"verify": "/etc/environment.pem", "proxies": proxies}


def test_without_pip_settings_requests_decides(pip_only):
    pip_only.delenv("PIP_CERT", raising=False)
    pip_only.delenv("PIP_PROXY", raising=False)
    assert fetch._connection_options() == {}


def test_log_gets_one_line_before_and_one_after(capsys):
    with progress("tiny", 500_000, 3_196_628) as report:
        report(1_000_000)
    before, after = capsys.readouterr().err.splitlines()
    assert before == "fetching tiny (3.2 MB, 0.5 MB of it already here)"
    assert after.startswith("fetched tiny in 0.")


def test_terminal_gets_a_bar_with_bytes_and_speed(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress("tiny", 0, 2_000_000) as report:
        report(1_000_000)
        report(2_000_000)
    assert "tiny" in sys.stderr.getvalue() and "2.0/2.0 MB" in sys.stderr.getvalue()


def test_sizes_are_decimal_megabytes():
    assert megabytes(3_196_628) == "3.2 MB"


def test_local_file_address_with_a_space_is_copied(tmp_path):
    (tmp_path / "a b").write_bytes(b"data")
    fetch.download((tmp_path / "a b").as_uri(), tmp_path / "part", 4, lambda done: None)
    assert Path(tmp_path / "part").read_bytes() == b"data"
