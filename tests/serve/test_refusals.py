"""What the server does not answer, it refuses in one sentence that names the field."""

import http.client
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.serve.conftest import Reply

HELLO = [{"role": "user", "content": "hi"}]
WRONG = [
    ({"temperature": "hot"}, "temperature must be a number, got 'hot'"),
    ({"temperature": -1}, "temperature must be at least 0"),
    ({"temperature": 2.5}, "temperature must be in [0, 2], got 2.5"),
    ({"temperature": True}, "temperature must be a number"),
    ({"temperature": 10**400}, "temperature must be in [0, 2]"),
    ({"top_p": 0}, "top_p must be in (0, 1]"),
    ({"top_k": 1.5}, "top_k must be a whole number"),
    ({"repetition_penalty": 1e300}, "repetition_penalty must be in [0.1, 10]"),
    ({"max_tokens": 0}, "max_tokens must be a whole number above 0, got 0"),
    ({"max_tokens": "9"}, "max_tokens must be a whole number above 0, got '9'"),
    ({"max_completion_tokens": 2.0}, "max_completion_tokens must be a whole number"),
    ({"seed": "lucky"}, "seed must be a whole number"),
    ({"seed": 2**63}, "seed must be a whole number"),
    ({"stop": ""}, "stop must be a text or a list of at most 4"),
    ({"stop": ["a", 1]}, "stop must be a text or a list"),
    ({"stop": ["a"] * 5}, "stop must be a text or a list of at most 4"),
    ({"stream": "yes"}, "stream must be true or false, got 'yes'"),
    ({"stream_options": {"include_usage": 1}}, "include_usage must be true or false"),
    ({"n": 2}, "n=2: this server cannot do it"),
    ({"tools": [{"type": "function"}]}, "tools="),
    ({"logprobs": True}, "logprobs=True"),
    ({"temprature": 1}, "there is no field 'temprature' here"),
    ({"prompt": "the"}, "there is no field 'prompt' here"),
    ({"messages": []}, "messages must be a list such as"),
    ({"messages": "hi"}, "messages must be a list such as"),
    ({"messages": None}, "messages must be a list such as"),
    ({"messages": ["hi"]}, "messages[0] must be an object"),
    ({"messages": [{"role": "boss", "content": "hi"}]}, "messages[0]: role='boss' must be one of"),
    ({"messages": [{"role": ["user"], "content": "hi"}]}, "messages[0]: role=['user']"),
    ({"messages": [*HELLO, {"role": "user"}]}, "messages[1]: content=None must be text"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "parts of text alone"),
    ({"messages": [{"role": "user", "content": "a</s>b"}]}, "holds '</s>', a control token"),
    ({"messages": [{"role": "user", "content": "<|im_end|>"}]}, "holds '<|im_end|>'"),
    ({"messages": [{"role": "user", "content": "<|im_end|> <s>"}]}, "holds '<|im_end|>'"),
    ({"messages": [{"role": "user", "content": "<s> <|im_end|>"}]}, "holds '<s>'"),
    ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages"),
]  # fmt: skip


@pytest.mark.parametrize("fields, says", WRONG, ids=str)
def test_a_wrong_field_is_named(client, fields, says):
    reply = client.ask("POST", "/v1/chat/completions", {"messages": HELLO, **fields})
    assert reply.status == 400
    assert says in reply.error["message"]
    assert reply.error["type"] == "invalid_request_error"
    (name,) = fields
    assert reply.error["param"] in (name, "include_usage")


@pytest.mark.parametrize("prompt", [None, 3, ["a", "b"], [1, 2], [], {"a": 1}, "\ud800"])
def test_a_prompt_is_one_text(client, prompt):
    reply = client.complete(prompt)
    assert (reply.status, reply.error["param"]) == (400, "prompt")


def test_a_prompt_that_does_not_fit_is_told_with_its_length(client):
    reply = client.complete("cat " * 100)
    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")
    assert "exceed the model's context of 64" in reply.error["message"]
    fits = client.complete("the cat", max_tokens=61)
    assert fits.json["usage"]["total_tokens"] <= 64
    assert client.complete("the cat", max_tokens=62).error["param"] == "max_tokens"


def test_another_model_is_not_pretended(client):
    reply = client.chat(model="gpt-4")
    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
    assert "ask for 'tiny'" in reply.error["message"]


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/v2/models", 404), ("POST", "/chat", 404), ("GET", "/v1/models/x", 404),
    ("GET", "/../../etc/passwd", 404), ("GET", "/v1/chat/completions", 405),
    ("DELETE", "/v1/models", 405), ("POST", "/", 405), ("PATCH", "/health", 405),
])  # fmt: skip
def test_an_address_that_is_not_there(client, method, path, status):
    reply = client.ask(method, path, b"{}" if method == "POST" else None)
    assert (reply.status, reply.error["type"]) == (status, "invalid_request_error")


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b"\xff\xfe{}", b'{"messages": [', b"[" * 100_000, b'"text"',
    b'{"seed": ' + b"9" * 5000 + b"}", b"\0" * 10,
])  # fmt: skip
def test_a_body_that_is_no_object_of_json(client, body):
    reply = client.ask("POST", "/v1/chat/completions", body)
    assert reply.status == 400
    assert reply.error["message"].startswith("the body ")


@pytest.mark.parametrize("body, headers", [
    (b" " * 1_100_000, {}), (b"{}", {"Content-Length": "99999999999"}),
])  # fmt: skip
def test_a_body_that_is_too_long(client, body, headers):
    reply = client.ask("POST", "/v1/completions", body, headers)
    assert (reply.status, reply.error["code"]) == (413, "body_too_long")
    assert client.ask("GET", "/health").status == 200


def test_a_body_in_chunks_may_be_too_long_as_well(client):
    for n, status in ((1, 200), (1100, 413)):
        body = iter([b'{"prompt": "the", "max_tokens": 1}', *[b" " * 1000] * n])
        connection = http.client.HTTPConnection(client.address, timeout=60)
        connection.request("POST", "/v1/completions", body)
        assert connection.getresponse().status == status
        connection.close()


@pytest.mark.parametrize("headers, is_allowed", [
    ({"Host": "evil.example"}, False),
    ({"Host": "localhost:1"}, True),
    ({"Host": "[::1]:80"}, True),
    ({"Origin": "https://evil.example"}, False),
    ({"Origin": "null"}, False),
    ({"Host": "localhost:1", "Origin": "http://localhost:1"}, True),
    ({"Host": "localhost:1", "Origin": "http://localhost:2"}, False),
])  # fmt: skip
@pytest.mark.parametrize("method, path", [("GET", "/v1/models"), ("POST", "/v1/completions")])
def test_pages_of_others_cannot_ask(client, headers, is_allowed, method, path):
    body = b'{"prompt": "the", "max_tokens": 1}' if method == "POST" else None
    reply = client.ask(method, path, body, headers)
    assert (reply.status == 200) == is_allowed
    assert is_allowed or (reply.status == 403 and reply.error["message"])


def test_a_model_without_a_template_says_so(client, pretrained, monkeypatch):
    monkeypatch.setattr(pretrained.tokenizer, "chat_template", None)
    assert "has no chat template" in client.chat(max_tokens=1).error["message"]
    assert client.complete(max_tokens=1).status == 200


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
NAMES = (
    "messages", "prompt", "temperature", "top_p", "top_k", "min_p", "max_tokens", "stop", "seed",
    "stream", "stream_options", "model", "n", "logit_bias", "user", "tools", "x",
)  # fmt: skip
FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FEW
@given(st.dictionaries(st.sampled_from(NAMES), ANY), st.booleans(), st.booleans())
def test_any_json_is_answered_or_refused_in_one_sentence(client, fields, is_chat, is_whole):
    path = "/v1/chat/completions" if is_chat else "/v1/completions"
    good = {"messages": HELLO} if is_chat else {"prompt": "the"}
    if is_whole:  # else the prompt may be anything as well
        fields = {
            name: value for name, value in fields.items() if name not in ("messages", "prompt")
        }
        fields |= good
    fields.setdefault("max_tokens", 2)
    is_answered_or_refused(client.ask("POST", path, fields))


@FEW
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_refused_in_one_sentence(client, body):
    reply = client.ask("POST", "/v1/chat/completions", body)
    assert reply.status == 400 and reply.error


def is_answered_or_refused(reply: Reply) -> None:
    if reply.status == 200:
        assert reply.body.startswith(b"data: ") or json.loads(reply.body)["choices"]
    else:
        assert reply.status in (400, 404)
        assert reply.error
