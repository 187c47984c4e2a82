"""A tiny model behind HTTP, and a client of the standard library."""

import http.client
import json
from typing import NamedTuple

import pytest
import torch

from llama_edu.pretrained import Pretrained, load_pretrained
from llama_edu.serve import Running, read_events
from tests import checkpoints

TEMPLATE = "{% for m in messages %}{{ m.content }} {% endfor %}"


class Reply(NamedTuple):
    status: int
    body: bytes
    type: str

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        assert self.type == "application/json; charset=UTF-8", self
        assert b"Traceback" not in self.body
        error = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"] and "\n" not in error["message"]
        return error


class Client:
    def __init__(self, url: str):
        self.address = url.removeprefix("http://")

    def open(self, method, path, body=None, headers=()):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        if not isinstance(body, bytes | None):
            body = json.dumps(body).encode()
        connection.request(method, path, body, dict(headers))
        return connection, connection.getresponse()

    def open_only(self, method, path, body):
        """A request whose answer is not read."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request(method, path, json.dumps(body).encode())
        return connection

    def ask(self, method, path, body=None, headers=()) -> Reply:
        connection, reply = self.open(method, path, body, headers)
        read = Reply(reply.status, reply.read(), reply.headers.get("Content-Type", ""))
        connection.close()
        return read

    def chat(self, text="the cat", **fields) -> Reply:
        messages = [{"role": "user", "content": text}]
        return self.ask("POST", "/v1/chat/completions", {"messages": messages, **fields})

    def complete(self, prompt="the cat", **fields) -> Reply:
        return self.ask("POST", "/v1/completions", {"prompt": prompt, **fields})

    def events(self, path, body) -> list:
        """The JSON of all events; the last must be the end mark."""
        connection, reply = self.open("POST", path, {**body, "stream": True})
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        *read, end = read_events(iter(lambda: reply.read1(7), b""))
        connection.close()
        assert end == "[DONE]"
        return [json.loads(one) for one in read]


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory) -> Pretrained:
    folder = checkpoints.write_hf(tmp_path_factory.mktemp("served"))
    loaded = load_pretrained(folder, dtype=torch.float32)
    loaded.tokenizer.chat_template = TEMPLATE
    return loaded


@pytest.fixture(scope="session")
def client(pretrained):
    with Running(pretrained, "tiny") as server:
        yield Client(server.url)
