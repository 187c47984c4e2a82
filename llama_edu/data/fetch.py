"""Fetch one pinned archive: ask the registry's client for its address, download it, check it."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from llama_edu.data.archives import Source
from llama_edu.data.progress import megabytes


class SourceError(RuntimeError):
    """An archive cannot be had: one line that says what failed and what to do."""


def find_url(source: Source) -> str:
    """Ask the registry's own client where an archive is, so that mirrors and local folders work.

    pip names every file it sees in its indexes and `--find-links` folders in the log of
    `pip index versions`. Its report (`pip install --dry-run --report`) may first download the
    whole wheel, unseen and not resumable, and it runs the setup.py of a source archive.

    Raises:
        SourceError: if the client is missing, is offline, or does not know the file.
    """
    if source.registry == "npm":
        return _find_npm_url(f"{source.package}@{source.version}")
    file = source.file
    log = _pip("index", "versions", source.package, "-vvv", "--retries", "1")
    links = re.findall(rf"(?:https?|file)://\S*/{re.escape(file)}(?:[?#]\S*)?", log)
    if links:
        return max(links, key=lambda link: source.sha256 in link)
    if "No module named pip" in log:
        raise SourceError(f"pip is missing, so {file} cannot be fetched; run: python -m ensurepip")
    if re.search("connection error|ssl certificate|timed out", log):
        raise SourceError(
            f"no network: pip cannot reach its package index for {file}; connect and run this "
            "again, or set PIP_FIND_LINKS to a folder that holds the file"
        )
    raise SourceError(
        f"the package index that pip uses does not list {file}; see `pip config list`, or set "
        "PIP_FIND_LINKS to a folder that holds the file"
    )


def _find_npm_url(spec: str) -> str:
    npm = shutil.which("npm")
    if npm is None:
        raise SourceError(f"npm is missing, so {spec} cannot be fetched; install Node.js")
    url = _run(npm, "view", spec, "dist.tarball", "--fetch-retries=0").stdout.strip()
    if not url.startswith(("http:", "https:")):
        raise SourceError(
            f"npm does not find {spec}; connect and run this again, or see `npm config list`"
        )
    return url


def _pip(*arguments: str) -> str:
    flags = ("--no-input", "--no-color", "--disable-pip-version-check")
    done = _run(sys.executable, "-m", "pip", *arguments, *flags)
    return done.stdout + done.stderr


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def download(url: str, part: Path, n_bytes: int, report: Callable[[int], None]) -> None:
    """Bring `part` to its full length, from wherever an interrupted run left it.

    Args:
        url: http, https or file address.
        part: file to write; bytes that it holds are kept, and only the rest is asked for.
        n_bytes: length of the whole file.
        report: called with the number of bytes that `part` holds so far.

    Raises:
        SourceError: if the server cannot be reached, stops early or offers a file of another
            length; `part` keeps the bytes that it has.
        OSError: if `part` cannot be written.
    """
    if url.startswith("file:"):
        from urllib.request import url2pathname  # 20 ms

        shutil.copyfile(url2pathname(urlsplit(url).path), part)
        return
    from requests import RequestException  # 60 ms, so only when something is downloaded

    options = _connection_options() if url.startswith("https:") else {}
    while (held := size(part)) < n_bytes:
        error = None
        try:
            _append(url, part, n_bytes, report, options)
        except RequestException as failure:
            error = failure
        # A connection that broke after some new bytes is simply asked for the rest.
        if size(part) <= held:
            raise SourceError(
                f"{_place(url)} stopped at {megabytes(held)} of {megabytes(n_bytes)} "
                f"({_reason(error)}); check the network, then run this again to continue"
            ) from error


def check_digest(part: Path, file: str, sha256: str) -> None:
    """Compare the SHA-256 of what was downloaded with the pinned one; a wrong `part` is deleted.

    Args:
        part: the downloaded file.
        file: its name in the registry, for the message.
        sha256: the pinned digest, 64 hex digits.

    Raises:
        SourceError: if they differ.
    """
    with part.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != sha256:
        part.unlink()
        raise SourceError(
            f"wrong checksum for {file}: SHA-256 {digest[:12]}… came where {sha256[:12]}… is "
            "pinned; it was deleted, run this again or use another package index"
        )


def size(path: Path) -> int:
    """Length of a file in bytes, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def _append(
    url: str, part: Path, n_bytes: int, report: Callable[[int], None], options: dict
) -> None:
    """Add to `part` what it lacks, or write it anew where the server cannot skip."""
    import requests

    held = size(part)
    headers = {"Accept-Encoding": "identity"}  # the bytes as pinned, not compressed on the way
    if held:
        headers["Range"] = f"bytes={held}-"
    with requests.get(url, headers=headers, stream=True, timeout=(10, 60), **options) as answer:
        answer.raise_for_status()
        resumed = answer.status_code == requests.codes.partial_content
        expected = n_bytes - held if resumed else n_bytes
        offered = int(answer.headers.get("Content-Length", expected))
        if offered != expected:
            raise SourceError(
                f"{_place(url)} offers {offered} bytes of {answer.headers.get('Content-Type')} "
                f"where {expected} are pinned; log in to the network, or use another package index"
            )
        with part.open("ab" if resumed else "wb") as stream:
            for chunk in answer.iter_content(1 << 16):
                stream.write(chunk)
                report(stream.tell())


def _place(url: str) -> str:
    parts = urlsplit(url)  # the host alone: a full address is long and may hold a password
    return f"download of {parts.path.rpartition('/')[2]} from {parts.hostname}"


def _reason(error: Exception | None) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code}"
    name = type(error).__name__ if error else "early end"
    return f"{name}: set PIP_CERT to your network's certificate" if name == "SSLError" else name


def _connection_options() -> dict:
    """The certificate file and the proxy that pip uses: a company network may need them."""
    found = re.findall(r"^(global|:env:)\.(cert|proxy)='(.+)'$", _pip("config", "list"), re.M)
    # The environment wins over pip's configuration files, so it comes last.
    settings = {key: value for _, key, value in sorted(found, reverse=True)}
    options: dict = {"verify": settings["cert"]} if "cert" in settings else {}
    if "proxy" in settings:
        options["proxies"] = {"http": settings["proxy"], "https": settings["proxy"]}
    return options
