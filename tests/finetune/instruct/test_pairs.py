"""Your own pairs: both forms are read, and every wrong line is told in one line."""

import json

import pytest

from llama_edu.finetune.instruct.examples import chat_example
from llama_edu.finetune.instruct.pairs import read_dialogues, read_examples, read_pairs

USER, ANSWER = {"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Me."}


def written(tmp_path, *lines) -> str:
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), "utf-8")
    return path


def test_both_forms_are_read(tmp_path):
    talk = [{"role": "system", "content": "Be brief."}, USER, ANSWER]
    path = written(tmp_path, {"prompt": "Who?", "answer": "Me."}, "", {"messages": talk})
    assert read_pairs(path) == [[USER, ANSWER], talk]


@pytest.mark.parametrize(
    "line, complaint",
    [
        ('{"prompt": "a"', "must be JSON: Expecting ',' delimiter at character 15"),
        ("null", 'must be an object with "prompt" and "answer", or "messages"; it is NoneType'),
        ('["a", "b"]', "it is list"),
        ("[" * 100_000, "must be JSON of two or three levels, it is nested far deeper"),
        ('{"prompt": "\\ud800", "answer": "b"}', "must be text, a surrogate alone is none"),
        ({"a\nb": 1}, "it has a\\nb"),
        ({"prompt": ["a\n"] * 999, "answer": "b"}, "must be a text that is not empty"),
        ("3", 'must be an object with "prompt" and "answer", or "messages"; it is int'),
        ({"prompt": "a"}, "it has prompt"),
        ({"question": "a", "answer": "b"}, "it has answer, question"),
        ({"prompt": "a", "answer": ""}, "answer='' must be a text that is not empty"),
        ({"prompt": "a", "answer": " \n"}, "answer=' \\n' must be a text that is not empty"),
        ({"prompt": 3, "answer": "b"}, "prompt=3 must be a text that is not empty"),
        ({"messages": "a"}, "messages must be a list of turns, it is str"),
        ({"messages": []}, "messages must go user, assistant, …; they go nowhere"),
        ({"messages": [USER]}, "messages must go user, assistant, …; they go user"),
        ({"messages": [ANSWER, USER]}, "messages must go user, assistant, …; they go assistant"),
        ({"messages": [USER, "b"]}, 'messages[1] must be an object with "role" and "content"'),
        (
            {"messages": [USER, {"role": "bot", "content": "b"}]},
            "messages must go user, assistant, …; they go user, bot",
        ),
        (
            {"messages": [USER, {"role": "assistant", "content": None}]},
            "messages[1]: content=None must be a text that is not empty",
        ),
    ],
)
def test_a_wrong_line_is_named(tmp_path, line, complaint):
    path = written(tmp_path, {"prompt": "a", "answer": "b"}, line)
    with pytest.raises(ValueError) as caught:
        read_pairs(path)
    message = str(caught.value)
    assert message.startswith("pairs.jsonl, line 2: ") and complaint in message
    assert "\n" not in message and len(message) < 200


def test_all_wrong_lines_are_named_at_once(tmp_path):
    path = written(tmp_path, "x", {"prompt": "a", "answer": "b"}, {"prompt": "a"})
    with pytest.raises(ValueError) as caught:
        read_pairs(path)
    assert [line[:20] for line in str(caught.value).splitlines()] == [
        "pairs.jsonl, line 1:", "pairs.jsonl, line 3:",
    ]  # fmt: skip


def test_of_many_wrong_lines_twenty_are_shown(tmp_path):
    with pytest.raises(ValueError) as caught:
        read_pairs(written(tmp_path, *["x"] * 30))
    lines = str(caught.value).splitlines()
    assert len(lines) == 21 and lines[-1] == "… and 10 more lines"


def test_an_empty_file_and_bytes_that_are_no_text_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"pairs.jsonl must hold a conversation a line"):
        read_pairs(written(tmp_path, ""))
    (tmp_path / "pairs.jsonl").write_bytes(b'{"prompt": "\xff", "answer": "b"}')
    with pytest.raises(ValueError, match="line 1: must be UTF-8, byte 12 is not"):
        read_pairs(tmp_path / "pairs.jsonl")


def test_pairs_become_examples(tmp_path, tokenizer):
    path = written(tmp_path, {"prompt": "Who?", "answer": "Me."}, {"messages": [USER, ANSWER]})
    wanted = chat_example(tokenizer, [USER, ANSWER])
    assert read_examples(path, tokenizer, len(wanted)) == [wanted, wanted]


def test_a_line_that_is_too_long_or_holds_a_control_token_is_named(tmp_path, tokenizer):
    good, posed = {"prompt": "a", "answer": "b"}, {"prompt": "a<|eot_id|>", "answer": "b"}
    path = written(tmp_path, good, {"prompt": "a", "answer": "b " * 50}, posed)
    with pytest.raises(ValueError) as caught:
        read_examples(path, tokenizer, 16)
    long, control = str(caught.value).splitlines()
    assert long.startswith("pairs.jsonl, line 2: must be at most 16 tokens long, it is ")
    assert control == (
        "pairs.jsonl, line 3: messages[0]: content must not hold the control token '<|eot_id|>'"
    )


@pytest.mark.network
@pytest.mark.parametrize("language, n_least", [("english", 1900), ("chinese", 400)])
def test_the_dialogues_alternate(pull, language, n_least):
    pull("dialogues")
    talks = read_dialogues(language)
    assert len(talks) >= n_least
    for talk in talks:
        assert [turn["role"] for turn in talk] == ["user", "assistant"] * (len(talk) // 2)
        assert all(turn["content"].strip() for turn in talk)


def test_an_unknown_language_is_named():
    with pytest.raises(ValueError, match="language='latin' must be 'english' or 'chinese'"):
        read_dialogues("latin")
