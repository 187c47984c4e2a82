"""Chat and complete: what is typed, what is answered, and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from llama_edu.cli import app, talk
from llama_edu.data.sources import SourceError, pull

QUESTION = {"role": "user"}


class FakePretrained:
    """Renders a conversation as one id a message, so that a test can see what the model saw."""

    class model:
        config = type("config", (), {"max_seq_len": 304})

    stop_ids: tuple = ()
    stop_strings: tuple = ()

    def __init__(self):
        self.seen = []

    def chat_ids(self, messages):
        self.seen.append([m["content"] for m in messages])
        return [1] * len(messages)


@pytest.fixture
def fake(monkeypatch):
    pretrained = FakePretrained()
    monkeypatch.setattr(talk, "_load", lambda model, dtype: pretrained)
    monkeypatch.setattr(
        talk, "_answer", lambda pretrained, tokens, *args, **kwargs: iter(["so ", "be it"])
    )
    return pretrained


def run(arguments, typed, capsys, monkeypatch):
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    app(arguments, standalone_mode=False)
    return capsys.readouterr()


def test_first_question_is_asked_and_answered_at_end_of_input(fake, capsys, monkeypatch):
    out = run(["start", "--chat"], "", capsys, monkeypatch).out
    assert f"you> {talk.FIRST_QUESTION}\nso be it" in out
    assert fake.seen == [[talk.FIRST_QUESTION]]


def test_conversation_is_remembered_until_reset(fake, capsys, monkeypatch):
    run(["chat"], "one\ntwo\n/reset\nthree\n/quit\nfour\n", capsys, monkeypatch)
    assert fake.seen == [["one"], ["one", "so be it", "two"], ["three"]]


def test_system_message_survives_a_reset(fake, capsys, monkeypatch):
    run(["chat", "--system", "Be brief."], "one\n/reset\ntwo\n", capsys, monkeypatch)
    assert fake.seen == [["Be brief.", "one"], ["Be brief.", "two"]]


def test_unknown_command_is_not_sent_to_the_model(fake, capsys, monkeypatch):
    err = run(["chat"], "/rest\n", capsys, monkeypatch).err
    assert "/rest is no command" in err
    assert fake.seen == []


def test_oldest_turns_are_forgotten_when_the_context_is_full(fake, capsys, monkeypatch):
    run(["chat", "--max-new-tokens", "300"], "a\nb\nc\nd\n", capsys, monkeypatch)
    # Room for 304 - 300 = 4 messages: "c" is the fifth, so that "a" and its answer go.
    assert fake.seen[-1] == ["b", "so be it", "c", "so be it", "d"][-3:]
    assert ["b", "so be it", "c"] in fake.seen


def test_ctrl_c_stops_the_answer_and_keeps_what_was_said(capsys):
    def pieces():
        yield "half an "
        raise KeyboardInterrupt

    assert talk._show(pieces()) == "half an "
    captured = capsys.readouterr()
    assert captured.out == "half an "
    assert "(stopped)" in captured.err


def test_user_mistake_is_one_line_and_exit_code_1(tmp_path):
    command = [sys.executable, "-m", "llama_edu", "complete", "x", "--model", str(tmp_path / "no")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("error: there is no file or folder")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments, words", [
    (["complete", "x", "--top-p", "7"], "top_p must be in"),
    (["chat", "--top-p", "0"], "top_p must be in"),
    (["complete", "x", "--repetition-penalty", "-1"], "repetition_penalty must be positive"),
    (["complete", ""], "TEXT must not be empty"),
    (["complete", "x", "--dtype", "int4"], "--dtype must be one of"),
])  # fmt: skip
def test_a_wrong_setting_is_told_before_a_model_is_loaded(arguments, words, monkeypatch):
    monkeypatch.setattr("llama_edu.pretrained.locate", lambda name: pytest.fail("loads"))
    with pytest.raises(ValueError, match=words):
        app(arguments, standalone_mode=False)


def test_a_gguf_file_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no file nothere\.gguf"):
        app(["complete", "x", "--model", "nothere.gguf"], standalone_mode=False)


def test_an_error_in_an_answer_starts_on_a_line_of_its_own(capsys):
    def pieces():
        yield "half a"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        talk._show(pieces())
    assert capsys.readouterr().out == "half a\n"


@pytest.fixture
def smollm2():
    try:
        pull("smollm2-135m-instruct")
    except SourceError as error:
        pytest.skip(str(error))


@pytest.mark.network
def test_smollm2_answers_in_its_own_words(smollm2, capsys, monkeypatch):
    torch.manual_seed(0)
    arguments = ["chat", "--temperature", "0", "--max-new-tokens", "12", "--dtype", "fp32"]
    out = run(arguments, "What is the capital of France?\n", capsys, monkeypatch).out
    assert "Paris" in out


@pytest.mark.network
def test_the_first_answer_is_that_of_the_readme_and_ends_by_itself(smollm2, capsys):
    talk.ask_once()
    question, answer = capsys.readouterr().out.strip().split("\n", 1)
    assert question == f"you> {talk.FIRST_QUESTION}"
    assert answer.endswith("supports life on our planet.")
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"{question} {answer}" in " ".join(readme.split())


@pytest.mark.parametrize("arguments", [("complete", "Once"), ("chat",)])
@pytest.mark.parametrize("fast", [False, True])
def test_fast_compiles_the_step(monkeypatch, capsys, arguments, fast):
    seen = []

    def stream_text(*arguments, **settings):
        seen.append(settings["compiled"])
        yield "so be it"

    pretrained = FakePretrained()
    pretrained.text_ids, pretrained.tokenizer = lambda text: [1], None
    pretrained.model.embedding = torch.nn.Embedding(1, 1)
    monkeypatch.setattr(talk, "_load", lambda model, dtype: pretrained)
    monkeypatch.setattr("llama_edu.generate.stream_text", stream_text)
    run([*arguments, *["--fast"] * fast], "hello\n", capsys, monkeypatch)
    assert seen == [fast]


class Refusing(FakePretrained):
    """Cannot take some questions, as a template may not; each character is a token."""

    def chat_ids(self, messages):
        said = [message["content"] for message in messages]
        self.seen.append(said)
        if "bad" in said[-1]:
            raise ValueError("the chat template cannot render these messages: no bad words")
        return [1] * sum(map(len, said))


@pytest.fixture
def refusing(fake, monkeypatch):
    pretrained = Refusing()
    monkeypatch.setattr(talk, "_load", lambda model, dtype: pretrained)
    return pretrained


LONG = "x" * 400  # the context holds 304


@pytest.mark.parametrize("question, said", [
    ("bad", "(not answered: the chat template cannot render these messages: no bad words)"),
    (LONG, "(not answered: a question of 400 tokens with the template, and an answer of 100, "),
])  # fmt: skip
def test_a_question_that_cannot_be_taken_loses_nothing(
    refusing, capsys, monkeypatch, question, said
):
    done = run(["chat", "--max-new-tokens", "100"], f"one\n{question}\ntwo\n", capsys, monkeypatch)
    assert said in " ".join(done.err.split())
    assert refusing.seen[-1] == ["one", "so be it", "two"]
    assert "forgotten" not in done.err
    assert done.out.count("so be it") == 2


def test_an_answer_that_fails_loses_nothing(fake, capsys, monkeypatch):
    answers = iter(["so be it", None, "well"])

    def answer(*arguments, **settings):
        text = next(answers)
        if text is None:
            raise ValueError("prompt and answer exceed the model's context")
        yield text

    monkeypatch.setattr(talk, "_answer", answer)
    done = run(["chat"], "one\ntwo\nthree\n", capsys, monkeypatch)
    assert "(not answered: prompt and answer exceed the model's context)" in done.err
    assert fake.seen[-1] == ["one", "so be it", "three"]


def test_what_no_longer_fits_is_forgotten_only_when_the_rest_does(refusing, capsys, monkeypatch):
    lines = ["a" * 150, "b" * 290, "c" * 400, "d"]
    done = run(["chat", "--max-new-tokens", "10"], "\n".join(lines), capsys, monkeypatch)
    assert refusing.seen[-1] == ["d"]  # "b" and its answer leave no room for "d"
    assert done.err.count("are forgotten") == 2
    assert done.err.count("not answered") == 1


def test_typed_bytes_that_are_no_text_lose_nothing(fake, capsys, monkeypatch):
    import io

    typed = io.TextIOWrapper(io.BytesIO(b"one\nt\xffwo\nthree \xe4\xb8\nna\xc3\xafve\n"), "utf-8")
    monkeypatch.setattr(sys, "stdin", typed)
    app(["chat", "--ask", "\udcff?"], standalone_mode=False)
    done = capsys.readouterr()
    assert fake.seen == [["one"], ["one", "so be it", "naïve"]]
    assert done.err.count("cannot be read as utf-8)") == 3
    assert "(not asked: character 2 cannot be read" in done.err


def test_a_chat_in_a_program_of_its_own_survives_bytes_that_are_no_text(tmp_path):
    from tests import checkpoints

    checkpoints.write_hf(tmp_path)
    command = [sys.executable, "-m", "llama_edu", "chat", "--model", str(tmp_path), "--dtype",
               "fp32", "--max-new-tokens", "3"]  # fmt: skip
    typed = b"the cat\n\xff\xfe\n" + b"a" * 200 + b"\nthe hat\n"
    done = subprocess.run(command, input=typed, capture_output=True, timeout=300, check=True)
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"not a") == 2  # asked, answered
    assert done.stdout.count(b"you> ") == 3


def test_a_text_to_talk_about_stands_before_the_first_question_that_is_kept(
    fake, capsys, monkeypatch
):
    typed = "a\nb\n/reset\nc\n"
    run(["chat", "--about", "Ada is here.", "--max-new-tokens", "302"], typed, capsys, monkeypatch)
    # Room for 304 - 302 = 2 messages: "b" is the third, so that "a" and its answer go.
    assert fake.seen[0] == ["Ada is here.\na"]
    assert fake.seen[-2:] == [["Ada is here.\nb"], ["Ada is here.\nc"]]


def test_a_run_can_be_named_first(monkeypatch, capsys):
    named = []
    monkeypatch.setattr(talk, "_load", lambda model, dtype: named.append(model) or FakePretrained())
    run(["chat", "runs/mine"], "", capsys, monkeypatch)
    run(["chat"], "", capsys, monkeypatch)
    assert named == ["runs/mine", "smollm2-135m-instruct"]
