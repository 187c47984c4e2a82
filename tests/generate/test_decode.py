"""The decoding loop: equal to reading everything anew, and to each text alone in a batch."""

import dataclasses

import numpy as np
import pytest
import torch

from llama_edu.config import PRESETS
from llama_edu.generate import generate, stream
from llama_edu.model.llama import Llama
from llama_edu.pretrained import Pretrained

CONFIG = dataclasses.replace(PRESETS["tiny"], vocab_size=67, n_heads=8, d_model=48)
PROMPTS = [[5, 9, 2, 44], [7], [1, 2, 3, 4, 5, 6, 7, 8, 9]]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    made = Llama(CONFIG).eval()
    with torch.no_grad():
        for weight in made.parameters():  # far from uniform, so that no two logits nearly tie
            if weight.ndim == 2:
                weight.mul_(8)
    return made


def greedy_without_cache(model, prompt, n):
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(n):
            ids.append(model(torch.tensor([ids]))[0, -1].argmax().item())
    return ids[len(prompt) :]


def test_greedy_equals_reading_the_whole_text_anew(model):
    for prompt in PROMPTS:
        assert generate(model, [prompt], 12) == [greedy_without_cache(model, prompt, 12)]


def test_batch_gives_each_prompt_what_it_gets_alone(model):
    together = generate(model, PROMPTS, 15)
    assert together == [generate(model, [prompt], 15)[0] for prompt in PROMPTS]


def test_sampled_batch_gives_each_prompt_what_it_gets_alone(model):
    settings = {"temperature": 0.9, "top_p": 0.95, "repetition_penalty": 1.2}

    def dice(seed):
        return torch.Generator().manual_seed(seed)

    together = generate(model, PROMPTS, 15, generator=[dice(s) for s in (3, 4, 5)], **settings)
    alone = [
        generate(model, [prompt], 15, generator=dice(seed), **settings)[0]
        for prompt, seed in zip(PROMPTS, (3, 4, 5), strict=True)
    ]
    assert together == alone
    assert len(set(map(tuple, together))) == 3


def test_tensor_of_prompts_equals_lists(model):
    batch = torch.tensor([[4, 8, 3], [9, 9, 1]])
    assert generate(model, batch, 5) == generate(model, batch.tolist(), 5)


def test_stop_ids_end_one_text_and_not_the_others(model):
    free = generate(model, PROMPTS, 10)
    stop = free[1][3]
    stopped = generate(model, PROMPTS, 10, stop={stop})
    cut = [ids[: ids.index(stop)] if stop in ids else ids for ids in free]
    assert stopped == cut
    assert len(stopped[1]) <= 3


def test_stream_yields_none_once_a_text_has_ended(model):
    free = generate(model, PROMPTS[:2], 10)
    stop = free[1][0]
    assert stop not in free[0]
    steps = list(stream(model, PROMPTS[:2], 10, stop=[stop]))
    assert [step[1] for step in steps] == [None] * 10
    assert [step[0] for step in steps] == free[0]


def test_repetition_penalty_forbids_what_was_used(model):
    ids = generate(model, [[3, 3, 3]], 20, repetition_penalty=1e9)[0]
    assert len(set(ids)) == 20
    assert 3 not in ids


def test_seed_decides_the_text(model):
    def write(seed):
        generator = torch.Generator().manual_seed(seed)
        return generate(model, [[1, 2]], 20, temperature=1.0, generator=generator)

    assert write(7) == write(7)
    assert write(7) != write(8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], 3), "at least one token"),
        (([[1], []], 3), "at least one token"),
        (([[1]], 0), "max_new_tokens must be at least 1, got 0"),
        (([[1] * 120], 9), "120 tokens and max_new_tokens=9 exceed the model's context of 128"),
        (([[67]], 1), r"token 67 is not in \[0, vocab_size=67\)"),
        (([[-1]], 1), "token -1 is not in"),
    ],
)
def test_refuses_prompts_that_cannot_be_continued(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        generate(model, *arguments)


def test_refuses_a_wrong_number_of_generators(model):
    with pytest.raises(ValueError, match="2 generators for 3 prompts"):
        generate(model, PROMPTS, 1, generator=[torch.Generator(), torch.Generator()])


@pytest.mark.parametrize("prompts", [
    torch.tensor([[1, 2], [3, 4]]), np.array([[1, 2], [3, 4]]), [np.array([1, 2]), (3, 4)],
    [torch.tensor([1, 2]), torch.tensor([3, 4])], ((1, 2), (3, 4)),
    torch.tensor([[1, 2], [3, 4]]).short(), [[torch.tensor(1), np.int64(2)], [3, 4]],
])  # fmt: skip
def test_prompts_of_any_kind_are_read(model, prompts):
    assert generate(model, prompts, 5) == generate(model, [[1, 2], [3, 4]], 5)


@pytest.mark.parametrize("prompts, message", [
    ([1, 2, 3], r"tokens must be a batch, a list of prompts, got one prompt: \[\[1, 2, 3\]\]"),
    (torch.tensor([1, 2, 3]), r"must be a batch, a list of prompts, got one prompt"),
    (np.array([1, 2]), r"got one prompt: \[\[1, 2\]\]"),
    ([torch.tensor(1), torch.tensor(2)], "got one prompt"),
    ("Once upon", "tokens must be ids, got the text 'Once upon': encode it first"),
    (["Once", "upon"], "tokens must be B lists of ids, got"), ([b"ab", [1]], "B lists of ids"),
    (None, "tokens must be B lists of ids, got None"), (5, "tokens must be B lists of ids, got 5"),
    ([[1.5]], r"tokens must be B lists of ids, got \[\[1.5\]\]"), ([[None]], "B lists of ids"),
    ([["1"]], "B lists of ids"), ([[[1, 2]]], "B lists of ids"), ([[1], 2], "B lists of ids"),
    (torch.ones(1, 2), "B lists of ids"), (torch.ones(1, 2, 3).long(), "B lists of ids"),
    ({"input_ids": [[1, 2]]}, "B lists of ids"), (torch.tensor(5), "B lists of ids"),
])  # fmt: skip
def test_prompts_of_another_kind_are_named(model, prompts, message):
    with pytest.raises(ValueError, match=message):
        generate(model, prompts, 5)


def test_stop_is_any_ids(model):
    (answer,) = generate(model, [[1, 2]], 8)
    end = answer[3]
    until = [answer[: answer.index(end)]]
    for stop in (end, [end], (end,), {end}, torch.tensor(end), torch.tensor([end]),
                 np.array([end]), np.int64(end), [torch.tensor(end)], {end: "</s>"}):  # fmt: skip
        assert generate(model, [[1, 2]], 8, stop=stop) == until
    for stop in (None, (), [], torch.tensor([], dtype=torch.long)):
        assert generate(model, [[1, 2]], 8, stop=stop) == [answer]


@pytest.mark.parametrize("stop", ["</s>", ["</s>"], [2.5], [None], [[2]], [b"a"], 2.5, [5, "a"]])
def test_a_stop_of_another_kind_is_named(model, stop):
    with pytest.raises(ValueError, match=r"stop must hold ids, got .*stop_strings of stream_text"):
        generate(model, [[1, 2]], 8, stop=stop)


@pytest.mark.parametrize("settings, message", [
    ({"generator": 0}, r"generator must be a torch\.Generator, such as .*manual_seed\(0\), got 0"),
    ({"generator": [0]}, r"generator must be a torch\.Generator"),
    ({"temperature": None}, "temperature must be a number, got None"),
    ({"temperature": "hot"}, "temperature must be a number, got 'hot'"),
    ({"temperature": float("nan")}, "temperature must be at least 0, got nan"),
    ({"top_k": 2.5}, "top_k must be a whole number, got 2.5"),
    ({"top_k": "5"}, "top_k must be a whole number, got '5'"),
    ({"top_p": "0.5"}, "top_p must be a number, got '0.5'"),
    ({"min_p": [0.1]}, "min_p must be a number"),
    ({"repetition_penalty": None}, "repetition_penalty must be a number, got None"),
])  # fmt: skip
def test_a_setting_of_another_kind_is_named(model, settings, message):
    with pytest.raises(ValueError, match=message):
        generate(model, [[1, 2]], 3, **settings)


def test_other_arguments_of_another_kind_are_named(model):
    for n in (2.5, "3", None, [3]):
        with pytest.raises(ValueError, match="max_new_tokens must be a whole number, got"):
            generate(model, [[1, 2]], n)
    with pytest.raises(ValueError, match=r"must be a Llama, got Pretrained: pass its \.model"):
        generate(Pretrained(model, None, []), [[1, 2]], 3)
    with pytest.raises(ValueError, match="model must be a Llama, got str"):
        generate("llama", [[1, 2]], 3)
    assert generate(model, [[1, 2]], 3, temperature=1, top_k=np.int64(1)) == generate(
        model, [[1, 2]], 3
    )
