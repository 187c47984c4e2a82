"""The pages of the server: what is at which address, and how it is answered.

Source: OpenAI's API reference, "Chat completions" and "Completions".
"""

import asyncio
import time
import uuid
from http.client import responses
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body

from llama_edu.reading import shown
from llama_edu.serve.asked import Refusal, read_asked
from llama_edu.serve.engine import Answer, Engine
from llama_edu.serve.events import END, event

MOST_BYTES = 1_000_000  # of a body: far more than fills the context of any LLaMA that runs here
MOST_READ = 64_000_000  # before the connection is cut
PAGE = Path(__file__).with_name("page.html")


class _Handler(RequestHandler):
    """Refuses in JSON, and what a web page of somebody else's asks for."""

    engine: Engine
    is_local: bool

    def initialize(self, engine: Engine, is_local: bool) -> None:
        self.engine, self.is_local = engine, is_local

    def prepare(self) -> None:
        host = self.request.host
        if self.is_local and not _is_this_machine(host):
            # A page may have made its own name point at this machine (DNS rebinding).
            raise Refusal(f"this server answers localhost alone, not {shown(host)}", 403)
        origin = self.request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise Refusal(f"pages of {shown(origin)} may not ask this server", 403)

    def write_error(self, status_code: int, **info: Any) -> None:
        """One sentence in JSON, whatever went wrong; a trace stands in the log alone."""
        error = info.get("exc_info", (None, None))[1]
        self.set_header("Content-Type", "application/json")
        self.finish(self._refusal(status_code, error).as_json())

    def _refusal(self, status: int, error: BaseException | None) -> Refusal:
        method, path = self.request.method, self.request.path
        if isinstance(error, Refusal):
            self.set_status(error.status)
            return error
        if status == 404:
            return Refusal(f"there is nothing at {shown(path)}: see /v1/models", 404, "not_found")
        if status == 405:
            return Refusal(f"{shown(path)} is not asked by {method}", 405, "method_not_allowed")
        if status < 500:
            reason = responses.get(status, "refused")
            return Refusal(f"the request cannot be read: {reason}", status)
        return Refusal("something went wrong in this server; its log says what", status)

    def log_exception(self, kind: Any, value: BaseException | None, trace: Any) -> None:
        """What a client did wrong is told to the client, not to the log."""
        if not isinstance(value, Refusal | StreamClosedError):
            super().log_exception(kind, value, trace)


class _Unknown(_Handler):
    def prepare(self) -> None:
        super().prepare()
        raise HTTPError(404)


class _Page(_Handler):
    def get(self) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", "default-src 'self' 'unsafe-inline'")
        self.finish(PAGE.read_bytes())


class _Health(_Handler):
    def get(self) -> None:
        self.finish({"status": "ok", "open_requests": len(self.engine)})


class _Models(_Handler):
    def get(self, name: str | None = None) -> None:
        engine = self.engine
        model = {"id": engine.name, "object": "model", "created": engine.started}
        model |= {"owned_by": "llama_edu"}
        if name not in (None, engine.name):
            raise Refusal(f"there is no model {shown(name)} here", 404, "model_not_found")
        self.finish({"object": "list", "data": [model]} if name is None else model)


@stream_request_body
class _Completions(_Handler):
    """Both calls: they differ in the prompt, and in where the text stands in the answer."""

    is_chat: bool
    answer: Answer | None = None
    has_left = False

    def initialize(self, is_chat: bool, **rest: Any) -> None:
        super().initialize(**rest)
        self.is_chat, self.body = is_chat, bytearray()
        self.stamp = {
            "id": f"{'chatcmpl' if is_chat else 'cmpl'}-{uuid.uuid4().hex}",
            "object": "chat.completion" if is_chat else "text_completion",
            "created": int(time.time()),
            "model": self.engine.name,
        }

    def prepare(self) -> None:
        super().prepare()
        length = self.request.headers.get("Content-Length", "0")
        if length.isdecimal() and int(length) > MOST_READ:
            raise self._too_long()

    def data_received(self, chunk: bytes) -> None:
        if len(self.body) <= MOST_BYTES:  # the rest is read, so that the client hears the refusal
            self.body += chunk

    def _too_long(self) -> Refusal:
        message = f"the body must have at most {MOST_BYTES:,} bytes"
        return Refusal(message, 413, "body_too_long")

    def on_connection_close(self) -> None:
        """The client went away: nobody needs the rest of the answer."""
        self.has_left = True
        if self.answer is not None:
            self.answer.leave()

    async def post(self) -> None:
        engine = self.engine
        if len(self.body) > MOST_BYTES:
            raise self._too_long()
        asked = await asyncio.to_thread(
            read_asked, bytes(self.body), engine.pretrained, engine.name, is_chat=self.is_chat
        )  # a long prompt takes a while to encode, in which others are served
        if self.has_left:
            return
        self.answer = Answer(asked, engine.pretrained)
        pieces = engine.answer(self.answer)
        if asked.is_streamed:
            await self._send_events(pieces)
            return
        text = "".join([piece async for piece in pieces])
        if self.has_left:
            return
        content = {"message": {"role": "assistant", "content": text}}
        choice = self._choice(content if self.is_chat else {"text": text})
        choice["finish_reason"] = self.answer.finish_reason
        self.finish({**self.stamp, "choices": [choice], "usage": self.answer.usage})

    async def _send_events(self, pieces: Any) -> None:
        """Send each piece as it comes; the first waits, so that a refusal has its status."""
        is_first = True
        try:
            async for piece in pieces:
                if is_first:
                    await self._begin()
                    is_first = False
                await self._send([self._choice(self._delta(piece))])
        except Exception as error:
            if is_first or self.has_left:
                raise
            self.log_exception(type(error), error, error.__traceback__)
            self.write(event(self._refusal(500, error).as_json()))
            self.finish()
            return
        if self.has_left:
            return
        if is_first:  # an answer of nothing
            await self._begin()
        last = self._choice({"delta": {}} if self.is_chat else {"text": ""})
        await self._send([last | {"finish_reason": self.answer.finish_reason}])
        if self.answer.asked.tells_usage:
            await self._send([], usage=self.answer.usage)
        self.write(event(END))
        self.finish()

    async def _begin(self) -> None:
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        if self.is_chat:
            self.stamp["object"] = "chat.completion.chunk"
            opening = {"delta": {"role": "assistant", "content": ""}}
            await self._send([self._choice(opening)])

    async def _send(self, choices: list[dict], **more: Any) -> None:
        self.write(event({**self.stamp, "choices": choices, **more}))
        await self.flush()

    def _delta(self, piece: str) -> dict[str, Any]:
        return {"delta": {"content": piece}} if self.is_chat else {"text": piece}

    def _choice(self, content: dict[str, Any]) -> dict[str, Any]:
        return {"index": 0, **content, "logprobs": None, "finish_reason": None}


def make_app(engine: Engine, is_local: bool = True) -> Application:
    """All addresses of the server.

    Args:
        engine: answers.
        is_local: whether only this machine can reach it, so that no other host name is right.
    """
    shared = {"engine": engine, "is_local": is_local}
    return Application(
        [
            (r"/", _Page, shared),
            (r"/health", _Health, shared),
            (r"/v1/models", _Models, shared),
            (r"/v1/models/(.+)", _Models, shared),
            (r"/v1/chat/completions", _Completions, {"is_chat": True, **shared}),
            (r"/v1/completions", _Completions, {"is_chat": False, **shared}),
        ],
        default_handler_class=_Unknown,
        default_handler_args=shared,
        log_function=lambda handler: None,
    )


def _is_this_machine(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
