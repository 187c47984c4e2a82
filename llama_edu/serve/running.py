"""Start the server: for a person until Ctrl-C, or beside other work, as in a notebook."""

import asyncio
import threading
from collections.abc import Callable
from ipaddress import ip_address
from typing import Self

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from llama_edu.pretrained import Pretrained
from llama_edu.serve.engine import Engine
from llama_edu.serve.server import MOST_READ, make_app


def serve(
    pretrained: Pretrained, name: str, host: str = "127.0.0.1", port: int = 8000,
    on_start: Callable[[str], None] = print, ending: asyncio.Event | None = None,
) -> None:  # fmt: skip
    """Serve a model until Ctrl-C.

    Args:
        pretrained: the model.
        name: as clients know it.
        host: an address of this machine; 127.0.0.1 is reached from nowhere else.
        port: 0 takes a free one.
        on_start: called with the server's address as soon as it answers.
        ending: ends it when set, from its own event loop.

    Raises:
        ValueError: if nothing can listen there.
    """
    asyncio.run(_serve(pretrained, name, host, port, on_start, ending or asyncio.Event()))


async def _serve(pretrained, name, host, port, on_start, ending: asyncio.Event) -> None:
    try:
        sockets = bind_sockets(port, host)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"cannot listen at {host}, port {port}: {reason}; --port 0 takes a free port"
        raise ValueError(message) from None
    engine = Engine(pretrained, name)
    is_local = all(ip_address(one.getsockname()[0]).is_loopback for one in sockets)
    server = HTTPServer(make_app(engine, is_local), max_body_size=MOST_READ)
    server.add_sockets(sockets)
    shown_host = f"[{host}]" if ":" in host else host
    try:
        on_start(f"http://{shown_host}:{sockets[0].getsockname()[1]}")
        await ending.wait()
    finally:
        server.stop()
        engine.close()
        await server.close_all_connections()


class Running:
    """A server in a thread of its own, for as long as a `with` block lasts.

    with Running(pretrained, "mine") as server: print(server.url)

    Args:
        pretrained: the model.
        name: as clients know it.
        port: 0 takes a free one.
    """

    url: str

    def __init__(self, pretrained: Pretrained, name: str = "model", port: int = 0):
        self._ready, self._error = threading.Event(), None
        self._ending: asyncio.Event | None = None
        self._thread = threading.Thread(
            target=self._run, args=(pretrained, name, port), daemon=True, name="llama_edu.serve"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    def _run(self, pretrained: Pretrained, name: str, port: int) -> None:
        def started(url: str) -> None:
            self.url, self._loop = url, asyncio.get_running_loop()
            self._ready.set()

        self._ending = asyncio.Event()
        try:
            serve(pretrained, name, port=port, on_start=started, ending=self._ending)
        except Exception as error:
            self._error = error
            self._ready.set()
