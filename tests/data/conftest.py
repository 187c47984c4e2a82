"""A local file server and a tiny pinned archive, so that no test needs a registry."""

import hashlib
import io
import threading
import time
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

import pytest

from llama_edu.data import fetch, sources
from llama_edu.data.archives import Source

TEXTS = {"one.txt": b"first\n", "deep/two.txt": bytes(range(256)) * 2000}  # 512,006 bytes


@dataclass
class FileServer:
    """Serves `files`, remembers what it was asked for, and misbehaves on demand."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: list[str | None] = field(default_factory=list)  # Range header of each request
    n_bytes_sent: int = 0
    understands_range: bool = True
    drop_after: int | None = None  # close the first connection after so many bytes
    stall_after: int | None = None  # say no more after so many bytes
    seconds_per_block: float = 0.0
    url: str = ""


def _handler(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = server.files.get(self.path)
            asked = self.headers["Range"]
            server.ranges.append(asked)
            if body is None:
                self.send_error(404)
                return
            start = int(asked[6:-1]) if asked and server.understands_range else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "x/y")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            self.send_body(body[start:])

        def send_body(self, body):
            limit, server.drop_after = server.drop_after, None
            for at in range(0, len(body), 1 << 14):
                sent = server.n_bytes_sent
                if limit is not None and sent >= limit:
                    return
                while server.stall_after is not None and sent >= server.stall_after:
                    time.sleep(0.01)
                try:
                    server.n_bytes_sent += self.wfile.write(body[at : at + (1 << 14)])
                except OSError:  # the client was killed
                    return
                time.sleep(server.seconds_per_block)

        def log_message(self, *_):
            pass

    return Handler


@pytest.fixture
def server():
    """A running `FileServer`, on 127.0.0.1 alone."""
    state = FileServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    state.url = f"http://127.0.0.1:{http.server_port}"
    state.stop = lambda: (http.shutdown(), http.server_close())
    yield state
    state.stop()


@pytest.fixture
def archive() -> bytes:
    """A stored zip with `TEXTS` under `pkg/`, and a file that nobody wants."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        for name, text in TEXTS.items():
            out.writestr(f"pkg/{name}", text)
        out.writestr("pkg/code.py", "raise SystemExit")
    return packed.getvalue()


@pytest.fixture
def source(archive, server, tmp_path, monkeypatch) -> Source:
    """The archive as the only row of the table, on the server, with an empty cache."""
    row = Source(
        name="tiny",
        holds="two files",
        license="CC0",
        credit="this test",
        package="tiny-pkg",
        version="1.0",
        file="tiny_pkg-1.0-py3-none-any.whl",
        archive_bytes=len(archive),
        sha256=hashlib.sha256(archive).hexdigest(),
        root="pkg/",
        members=("*.txt",),
        n_files=len(TEXTS),
        unpacked_bytes=sum(map(len, TEXTS.values())),
    )
    server.files[f"/{row.file}"] = archive
    url = f"{server.url}/{row.file}"
    monkeypatch.setattr(fetch, "find_url", lambda source: url)
    monkeypatch.setattr(sources, "SOURCES", MappingProxyType({"tiny": row}))
    monkeypatch.setenv("LLAMA_EDU_CACHE", str(tmp_path / "cache"))
    return row
