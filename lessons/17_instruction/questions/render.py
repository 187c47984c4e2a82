"""17.1 The template."""

from llama_edu.course.checking.draw import pick
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.finetune.instruct.templates import LLAMA3
from llama_edu.tokenizer.chat_template import render_chat


def render(messages: list[dict], is_open: bool) -> str:
    return render_chat(LLAMA3, messages, "<|begin_of_text|>", add_generation_prompt=is_open)


def render_cases(generator):
    def talk(*turns: tuple[str, str], is_open: bool) -> dict:
        numbers = pick(generator, len(turns))
        messages = [
            {"role": role, "content": content.format(n)}
            for (role, content), n in zip(turns, numbers, strict=True)
        ]
        return {"messages": messages, "is_open": is_open}

    user, assistant, system = ("user", "{}?"), ("assistant", "{}."), ("system", "Say {}")
    yield talk(user, is_open=True)
    yield talk(user, assistant, is_open=False)
    yield talk(system, user, is_open=True)
    yield talk(("user", " {}?\n"), ("assistant", "\n\n{}  "), user, is_open=True)
    yield talk(system, user, assistant, user, assistant, is_open=False)
    yield talk(("user", "a  {}\n\nb"), is_open=False)


OPEN = '"<|start_header_id|>assistant<|end_header_id|>"'

RENDER = Question(
    "instruction.render",
    points=2,
    cases=render_cases,
    reference=render,
    misconceptions=[
        Misconception(
            "begun_each_turn",
            {
                'text = "<|begin_of_text|>"': 'text = ""',
                '"<|start_header_id|>" + message': (
                    '"<|begin_of_text|><|start_header_id|>" + message'
                ),
            },
            says="every message opens with `<|begin_of_text|>`",
            hint="The text begins once, however many turns it has.",
        ),
        Misconception(
            "not_begun",
            {'"<|begin_of_text|>"': '""'},
            says="`<|begin_of_text|>` is missing",
            hint="What does every text of Llama 3 begin with?",
        ),
        Misconception(
            "turns_not_ended",
            {' + "<|eot_id|>"': ""},
            says="no turn is ended",
            hint="A model that never sees the end of a turn never learns to write one.",
        ),
        Misconception(
            "text_ended",
            {"<|eot_id|>": "<|end_of_text|>"},
            says="turns end with `<|end_of_text|>`",
            hint="That token ends a whole text. A turn has a token of its own.",
        ),
        Misconception(
            "ended_once",
            {' + "<|eot_id|>"': "", "    if is_open": '    text += "<|eot_id|>"\n    if is_open'},
            says="only the last message has an end of turn",
            hint="Every turn ends, the user's as well.",
        ),
        Misconception(
            "line_end_after_turns",
            {"<|eot_id|>": "<|eot_id|>\\n"},
            says="a line end stands behind each end of turn",
            hint="ChatML has one there. Llama 3 goes on at once with the next header.",
        ),
        Misconception(
            "one_line_end",
            {'<|end_header_id|>\\n\\n"': '<|end_header_id|>\\n"', '"\\n" * 2': '"\\n"'},
            says="a header has one line end behind it",
            hint="Count the line ends once more: for the model, one and two are different tokens.",
        ),
        Misconception(
            "open_without_line_ends",
            {' + "\\n" * 2': ""},
            says="the last header has no line ends behind it",
            hint="The assistant's open header must look as it looked in training, to the last "
            "character.",
        ),
        Misconception(
            "white_space_kept",
            {".strip()": ""},
            says="white space around a content is kept",
            hint="A stray space becomes another token. Which method of a text takes it away?",
        ),
        Misconception(
            "white_space_at_the_start_kept",
            {".strip()": ".rstrip()"},
            says="white space at the start of a content is kept",
            hint="Both ends are to be cleaned.",
        ),
        Misconception(
            "always_open",
            {"if is_open": "if True"},
            says="the assistant's header is always put at the end",
            hint="A conversation to train on ends with the last answer. What says which it is?",
        ),
        Misconception(
            "never_open",
            {"if is_open": "if False"},
            says="the assistant's header is never put at the end",
            hint="Where an answer is wanted, the model must be told whose turn it is.",
        ),
        Misconception(
            "opened_by_the_last_turn",
            {"if is_open": 'if messages[-1]["role"] == "user"'},
            says="the last message decides whether the assistant's header follows, not `is_open`",
            hint="Somebody may want the text of a question alone. Who says what comes next?",
        ),
        Misconception(
            "opened_and_ended",
            {'"\\n" * 2': '"\\n\\n<|eot_id|>"'},
            says="the open turn of the assistant is ended at once",
            hint="The answer still has to come: who ends that turn?",
        ),
        Misconception(
            "opened_in_the_loop",
            {"    if is_open:\n        text +=": "        if is_open:\n            text +="},
            says="the assistant's open header follows each message",
            hint="It stands once, at the end. How far is the line indented?",
        ),
        Misconception(
            "last_message_alone",
            {'text += "<|start_header_id|>"': 'text = "<|begin_of_text|><|start_header_id|>"'},
            says="each message replaces those before it",
            hint="`text = ...` begins anew, `text += ...` goes on.",
        ),
        Misconception(
            "answers_not_ended",
            {'+ "<|eot_id|>"': '+ "<|eot_id|>" * (message["role"] != "assistant")'},
            says="the assistant's turns are not ended",
            hint="It is the end of its own turn that the model must learn to write.",
        ),
    ],
)  # fmt: skip
