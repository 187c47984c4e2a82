"""Chat templates: rendered in a sandbox, with every mistake told as one clear error."""

import pytest

from llama_edu.tokenizer.chat_template import ROLES, render_chat
from llama_edu.tokenizer.formats.llama3 import CHAT_TEMPLATE

HELLO = [{"role": "user", "content": "Hello"}]


def test_llama3_template_by_hand():
    messages = [{"role": "system", "content": " Be brief.\n"}, *HELLO]
    text = render_chat(CHAT_TEMPLATE, messages, bos_token="<|begin_of_text|>")
    assert text == (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )
    assert not render_chat(CHAT_TEMPLATE, HELLO, add_generation_prompt=False).endswith("\n")


@pytest.mark.parametrize(
    "message, complaint",
    [
        ({"role": "usr", "content": "x"}, "messages[1]: role='usr' must be one of system, "),
        ({"content": "x"}, "messages[1]: role=None must be one of"),
        ({"role": "user"}, "messages[1]: content=None must be text"),
        ({"role": "user", "content": 3}, "messages[1]: content=3 must be text"),
    ],
)
def test_a_malformed_message_is_named(message, complaint):
    with pytest.raises(ValueError) as caught:
        render_chat(CHAT_TEMPLATE, [*HELLO, message])
    assert str(caught.value).startswith(complaint)


def test_every_role_of_the_family_is_accepted():
    messages = [{"role": role, "content": "x"} for role in ROLES]
    text = render_chat("{% for m in messages %}{{ m.role }} {% endfor %}", messages)
    assert text.split() == list(ROLES)


@pytest.mark.parametrize(
    "template, complaint",
    [
        ("{{ raise_exception('roles must alternate') }}", "roles must alternate"),
        ("{% for m in messages %}", "Unexpected end of template"),
        ("{{ nothing.there }}", "'nothing' is undefined"),
        ("{{ messages.append(1) }}", "access to attribute 'append'"),
        ("{{ ().__class__.__bases__ }}", "access to attribute '__class__'"),
    ],
)
def test_what_a_template_may_not_do_is_a_value_error(template, complaint):
    with pytest.raises(ValueError, match=f"the chat template cannot render .*{complaint}"):
        render_chat(template, HELLO)


def test_other_variables_reach_the_template():
    assert render_chat("{{ tools | tojson }} {{ eos_token }}", HELLO, "", "</s>", tools=["é<"]) == (
        '["é<"] </s>'
    )
