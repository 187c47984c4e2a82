"""The server through real HTTP: the same words as without it, and one sentence where it refuses."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch

from llama_edu.generate import generate, stream_text
from llama_edu.serve import Running
from llama_edu.serve.asked import Asked
from llama_edu.serve.engine import Answer
from tests.serve.conftest import Client

SAMPLED = {"max_tokens": 12, "temperature": 1.5, "top_p": 1}


def written(pretrained, tokens, n, seed=None, **settings):
    """What the package writes without a server."""
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    pieces = stream_text(
        pretrained.model, pretrained.tokenizer, tokens, n, stop=pretrained.stop_ids,
        generator=generator, **settings,
    )  # fmt: skip
    return "".join(pieces).replace("<s>", "")  # the one control token that ends no answer


def content(reply):
    (choice,) = reply.json["choices"]
    return choice["message"]["content"] if "message" in choice else choice["text"]


def test_it_says_that_it_lives_and_what_it_serves(client):
    assert client.ask("GET", "/health").json == {"status": "ok", "open_requests": 0}
    listed = client.ask("GET", "/v1/models").json
    assert (listed["object"], [model["id"] for model in listed["data"]]) == ("list", ["tiny"])
    assert client.ask("GET", "/v1/models/tiny").json == listed["data"][0]


def test_a_greedy_answer_is_that_of_generate(client, pretrained):
    tokens = pretrained.chat_ids([{"role": "user", "content": "the cat"}])
    expected = generate(pretrained.model, [tokens], 9, stop=pretrained.stop_ids)[0]
    replies = [client.chat(max_tokens=9, temperature=0) for _ in range(2)]
    assert {content(one) for one in replies} == {pretrained.tokenizer.decode(expected)}
    first = replies[0].json
    assert (first["object"], first["model"]) == ("chat.completion", "tiny")
    assert first["id"].startswith("chatcmpl-") and first["id"] != replies[1].json["id"]
    assert first["choices"][0]["finish_reason"] == "length"
    assert first["choices"][0]["message"]["role"] == "assistant"
    usage = {"prompt_tokens": len(tokens), "completion_tokens": 9, "total_tokens": len(tokens) + 9}
    assert first["usage"] == usage


def test_a_text_is_continued_as_the_command_line_does(client, pretrained):
    reply = client.complete("a hat", max_tokens=8, temperature=0)
    assert content(reply) == written(pretrained, pretrained.text_ids("a hat"), 8)
    assert (reply.json["object"], reply.json["id"][:5]) == ("text_completion", "cmpl-")
    assert content(client.complete(["a hat"], max_tokens=8, temperature=0)) == content(reply)


def test_a_seed_gives_the_same_words_and_another_others(client, pretrained):
    one, again, other = (content(client.chat(**SAMPLED, seed=seed)) for seed in (1, 1, 2))
    tokens = pretrained.chat_ids([{"role": "user", "content": "the cat"}])
    assert one == again == written(pretrained, tokens, 12, 1, temperature=1.5, top_p=1.0)
    assert one != other
    assert len({content(client.chat(**SAMPLED)) for _ in range(3)}) > 1


@pytest.mark.parametrize("seed", range(4))
def test_streamed_and_whole_are_the_same_text(client, seed):
    whole = client.chat(**SAMPLED, seed=seed)
    body = {"messages": [{"role": "user", "content": "the cat"}], **SAMPLED, "seed": seed}
    events = client.events(
        "/v1/chat/completions", body | {"stream_options": {"include_usage": True}}
    )
    *chunks, usage = events
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert deltas[-1] == {}
    assert "".join(delta.get("content", "") for delta in deltas) == content(whole)
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert reasons == [None] * (len(chunks) - 1) + [whole.json["choices"][0]["finish_reason"]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert (usage["choices"], usage["usage"]) == ([], whole.json["usage"])


def test_a_streamed_text_is_the_same_text_too(client):
    whole = client.complete("the hat", **SAMPLED, seed=3)
    events = client.events("/v1/completions", {"prompt": "the hat", **SAMPLED, "seed": 3})
    assert "".join(event["choices"][0]["text"] for event in events) == content(whole)
    assert {event["object"] for event in events} == {"text_completion"}


@pytest.mark.parametrize("streamed", [False, True])
def test_a_stop_string_ends_the_answer_and_is_not_in_it(client, streamed):
    whole = content(client.complete(max_tokens=12, temperature=0))
    stop = whole[5:7]
    body = {"prompt": "the cat", "max_tokens": 12, "temperature": 0, "stop": ["never", stop]}
    if streamed:
        events = client.events("/v1/completions", body)
        text = "".join(event["choices"][0]["text"] for event in events)
        reason = events[-1]["choices"][0]["finish_reason"]
    else:
        reply = client.ask("POST", "/v1/completions", body)
        text, reason = content(reply), reply.json["choices"][0]["finish_reason"]
        assert reply.json["usage"]["completion_tokens"] < 12
    assert (text, reason) == (whole[: whole.index(stop)], "stop")


def test_a_text_that_the_checkpoint_ends_with_ends_the_answer(client, pretrained):
    whole = content(client.complete(max_tokens=12, temperature=0))
    with Running(replace(pretrained, stop_strings=(whole[5:7],)), "ends") as server:
        reply = Client(server.url).complete(max_tokens=12, temperature=0, stop="never")
    assert content(reply) == whole[: whole.index(whole[5:7])]
    assert reply.json["choices"][0]["finish_reason"] == "stop"


def test_a_stop_string_in_the_very_last_token_is_no_length(client):
    whole = client.complete(max_tokens=12, temperature=0)
    n, stop = whole.json["usage"]["completion_tokens"], content(whole)[-1]
    if content(whole).index(stop) == len(content(whole)) - 1:
        reply = client.complete(max_tokens=n, temperature=0, stop=stop)
        assert reply.json["choices"][0]["finish_reason"] == "stop"
    cut = client.complete(max_tokens=n, temperature=0, stop="never said")
    assert cut.json["choices"][0]["finish_reason"] == "length"


def test_control_tokens_that_a_model_writes_have_no_text(pretrained):
    answer = Answer(Asked(tokens=[1], max_new_tokens=3), pretrained)
    cat = pretrained.tokenizer.encode("cat")
    start = pretrained.tokenizer.special_tokens["<s>"]
    assert answer.decode_bytes([start]) == b""
    assert b"".join(answer.decode_bytes([i]) for i in cat) == b"cat"
    assert answer.n_tokens == 1 + len(cat)


def test_two_clients_at_once_get_what_each_gets_alone(client):
    prompts = ["the cat", "the hat sat on", "a mat"] * 4
    alone = [content(client.complete(one, **SAMPLED, seed=7)) for one in prompts]
    with ThreadPoolExecutor(6) as pool:
        together = pool.map(lambda one: content(client.complete(one, **SAMPLED, seed=7)), prompts)
        assert list(together) == alone


def test_parts_of_text_are_one_content(client):
    parts = [{"type": "text", "text": "the "}, {"type": "text", "text": "cat"}]
    assert content(client.chat(parts, max_tokens=5, temperature=0)) == content(
        client.chat("the cat", max_tokens=5, temperature=0)
    )


def test_fields_that_change_nothing_are_passed_over(client):
    more = {"user": "me", "n": 1, "frequency_penalty": 0.0, "tools": None, "logprobs": False,
            "stream_options": None, "max_completion_tokens": 4, "model": "tiny"}  # fmt: skip
    assert client.chat(temperature=0, **more).json["usage"]["completion_tokens"] == 4


class Slow:
    """A tokenizer that takes its time over each token, and counts them."""

    def __init__(self, tokenizer, seconds=0.05):
        self.tokenizer, self.seconds, self.n = tokenizer, seconds, 0

    def __getattr__(self, name):
        return getattr(self.tokenizer, name)

    def decode_bytes(self, ids):
        self.n += 1
        time.sleep(self.seconds)
        return b"x"


@pytest.fixture
def slow(pretrained):
    tokenizer = Slow(pretrained.tokenizer)
    never_ends = type(pretrained)(pretrained.model, tokenizer, [])
    with Running(never_ends, "slow") as server:
        yield Client(server.url), tokenizer


def wait_until(holds):
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_client_that_goes_away_ends_its_answer(slow, is_streamed):
    client, tokenizer = slow
    body = {"prompt": "the", "max_tokens": 60, "stream": is_streamed}
    connection = client.open_only("POST", "/v1/completions", body)
    wait_until(lambda: tokenizer.n >= 2)
    connection.close()
    wait_until(lambda: client.ask("GET", "/health").json["open_requests"] == 0)
    n_written = tokenizer.n
    assert n_written < 60
    assert client.complete("the", max_tokens=2).status == 200
    assert tokenizer.n in (n_written + 2, n_written + 3)  # one may have been under way


def test_one_that_waits_and_goes_is_never_written(slow):
    client, tokenizer = slow
    first = client.open_only("POST", "/v1/completions", {"prompt": "the", "max_tokens": 60})
    wait_until(lambda: tokenizer.n >= 1)
    second = client.open_only("POST", "/v1/completions", {"prompt": "the", "max_tokens": 60})
    wait_until(lambda: client.ask("GET", "/health").json["open_requests"] == 2)
    second.close()
    wait_until(lambda: client.ask("GET", "/health").json["open_requests"] == 1)
    first.close()
    wait_until(lambda: client.ask("GET", "/health").json["open_requests"] == 0)
    assert tokenizer.n < 60


def test_too_many_at_once_are_told_to_come_back(slow, monkeypatch):
    client, _ = slow
    monkeypatch.setattr("llama_edu.serve.engine.MOST_WAITING", 0)
    first = client.open_only("POST", "/v1/completions", {"prompt": "the", "max_tokens": 60})
    wait_until(lambda: client.ask("GET", "/health").json["open_requests"] == 1)
    for is_streamed in (False, True):
        reply = client.complete("the", max_tokens=2, stream=is_streamed)
        assert (reply.status, reply.error["code"]) == (503, "overloaded")
    first.close()


@pytest.mark.parametrize("is_streamed, status", [(False, 500), (True, 500)])
def test_a_fault_of_the_server_shows_no_trace(pretrained, is_streamed, status):
    def fail(tokens):
        raise RuntimeError("secret of the house")

    broken = type(pretrained)(pretrained.model, pretrained.tokenizer, ["no id"])
    with Running(broken, "broken") as server:
        reply = Client(server.url).complete("the", max_tokens=2, stream=is_streamed)
        assert (reply.status, reply.error["type"]) == (status, "server_error")
        assert "log" in reply.error["message"]


def test_a_fault_in_the_midst_of_a_stream_is_an_event(pretrained):
    class Failing(Slow):
        def decode_bytes(self, ids):
            if self.n == 3:
                raise RuntimeError("secret of the house")
            return super().decode_bytes(ids)

    tokenizer = Failing(pretrained.tokenizer, seconds=0)
    with Running(type(pretrained)(pretrained.model, tokenizer, []), "failing") as server:
        reply = Client(server.url).complete("the", max_tokens=9, stream=True)
    *_, last, rest = reply.body.decode().split("\n\n")
    assert json.loads(last.removeprefix("data: "))["error"]["type"] == "server_error"
    assert rest == "" and b"secret" not in reply.body


def test_a_port_that_is_taken_is_told():
    with Running(None, "one") as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(
            ValueError, match=f"cannot listen at 127.0.0.1, port {port}: .*--port 0"
        ):
            Running(None, "two", port=port).__enter__()


def test_the_page_asks_for_nothing_elsewhere(client):
    page = client.ask("GET", "/")
    assert (page.status, page.type) == (200, "text/html; charset=utf-8")
    text = page.body.decode()
    assert "http:" not in text and "https:" not in text and "//cdn" not in text
    assert "v1/chat/completions" in text
