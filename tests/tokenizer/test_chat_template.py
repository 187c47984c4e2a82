"""Chat templates: rendered in a sandbox, with every mistake told as one clear error."""

import os
from datetime import datetime

import pytest
from tokenizers import Tokenizer, models

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


os.environ["HF_HUB_OFFLINE"] = "1"
TURNS = [
    {"role": "system", "content": "Be brief."}, *HELLO,
    {"role": "assistant", "content": "Hi <b>"}, {"role": "user", "content": "é?"},
]  # fmt: skip
# Templates that use what transformers always gives them, or need not give.
NAMES = [
    "{% if tools is not none %}TOOLS{% else %}plain{% endif %}",
    "{% if tools %}TOOLS{% endif %}{% if documents %}DOCS{% endif %}x",
    "{{ tools is none }} {{ documents is none }} {{ tools is defined }} {{ documents is defined }}",
    "{% if documents is not none %}{{ documents | length }}{% endif %}x",
    "{% if not tools is defined %}{% set tools = none %}{% endif %}{{ tools is none }}",
    "{% if not date_string is defined %}{% set date_string = '26 Jul 2024' %}{% endif %}"
    "{{ date_string }}",
    "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% endif %}",
    "{{ strftime_now('%d %B %Y') }}",
    "{{ bos_token }}{{ eos_token }}|{{ pad_token }}|{{ unk_token }}",
    "{{ pad_token is defined }} {{ sep_token is defined }}",
    "{{ add_generation_prompt }}{{ messages | length }}{{ messages[-1].content }}",
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}"
    "{{ ns.n }}",
    "{% for m in messages %}{% if loop.index0 == 1 %}{% continue %}{% endif %}{{ m.role }}"
    "{% if loop.index0 == 2 %}{% break %}{% endif %}{% endfor %}",
    "{{ messages | tojson }}{{ messages[0] | tojson(indent=2) }}",
    "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
    "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join('|') }}",
    "{%- if messages[0]['role'] == 'system' -%}{%- set loop_messages = messages[1:] -%}\n"
    "{%- endif %}\n{{ loop_messages | length }} ",
    "{{ dict(a=1) | tojson }} {{ [1, 2, 3] | reverse | list }} {{ 'a b'.split() | last | upper }}",
    "{{ messages[0].content.strip() }} {{ messages[0].get('name', 'nobody') }}",
    "{% macro say(x) %}<{{ x }}>{% endmacro %}{{ say(messages[1].content) }}",
]


@pytest.fixture(scope="module")
def theirs():
    transformers = pytest.importorskip("transformers")
    names = ("bos_token", "eos_token", "pad_token", "unk_token")
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE()), **{name: f"<{name}>" for name in names}
    )


@pytest.mark.parametrize("template", NAMES)
@pytest.mark.parametrize("given", [
    {}, {"documents": [{"title": "t", "text": "x"}]}, {"add_generation_prompt": False},
    {"date_string": "today"}, {"tools": [{"type": "function", "function": {"name": "f"}}]},
])  # fmt: skip
def test_names_are_those_of_transformers(theirs, template, given):
    named = {name: f"<{name}>" for name in ("pad_token", "unk_token")}
    ours = render_chat(template, TURNS, "<bos_token>", "<eos_token>", **{**named, **given})
    asked = {"add_generation_prompt": True, **given}
    assert ours == theirs.apply_chat_template(
        TURNS, chat_template=template, tokenize=False, **asked
    )


def test_a_token_that_is_not_there_has_no_text():
    messages = [{"role": "user", "content": "x"}]
    assert render_chat("{{ bos_token }}a{{ eos_token }}", messages, None, None) == "a"


def test_the_date_is_today():
    assert render_chat("{{ strftime_now('%Y') }}", HELLO) == datetime.now().strftime("%Y")


@pytest.mark.parametrize("template", [
    "{{ 1 + messages[0].content }}", "{{ messages[0].content / 2 }}", "{{ 1 / 0 }}",
    "{{ messages[7].content }}", "{{ messages[0]['content']['x']['y'] }}",
    "{{ messages | sum }}", "{% for i in 3 %}{% endfor %}", "{{ range(10 ** 9) | list }}",
    "{{ 'a' * 10 ** 20 }}", "{{ namespace(1) }}",
    "{{ strftime_now(3) }}", "{{ strftime_now('\\ud800') }}", "{{ raise_exception() }}",
    "{{ raise_exception(3) }}",
    "{{ [1] | tojson(indent='x', bad=1) }}", "{{ namespace | tojson }}", "{{ x.y }}",
    "{{ '%d' % 'a' }}",
    "{% include 'a' %}", "{% import 'a' as b %}", "{% extends 'a' %}", "{{ undefined_function() }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{", "{% if %}", "{% generation %}",
    "{{ 'a' | no_such_filter }}", "{{ 1 is no_such_test }}", "{{ '{a}'.format() }}",
    "{{ ''.__class__.__mro__ }}", "{{ messages.pop() }}",
])  # fmt: skip
def test_whatever_a_template_does_wrong_is_one_value_error(template):
    with pytest.raises(ValueError, match=r"the chat template cannot render these messages: ."):
        render_chat(template, HELLO)


@pytest.mark.parametrize("messages, complaint", [
    ("Hello", "messages must be a list, such as"), (HELLO[0], "messages must be a list, such as"),
    (None, "messages must be a list"), (3, "messages must be a list"),
    (["Hello"], r"messages\[0\] must have a role and a content, got 'Hello'"),
    ([None], r"messages\[0\] must have a role and a content, got None"),
    ([["user", "Hello"]], r"messages\[0\] must have a role"),
    ([{"role": ["user"], "content": "x"}], r"messages\[0\]: role=\['user'\] must be one of"),
    ([{"role": "user", "content": b"x"}], r"messages\[0\]: content=b'x' must be text"),
])  # fmt: skip
def test_messages_of_another_kind_are_named(messages, complaint):
    with pytest.raises(ValueError, match=complaint):
        render_chat(CHAT_TEMPLATE, messages)


@pytest.mark.parametrize("template", [None, 3, b"x", ["x"]])
def test_a_template_of_another_kind_is_named(template):
    with pytest.raises(ValueError, match="template must be a text, got"):
        render_chat(template, HELLO)


def test_half_a_character_in_a_template_is_told_as_its_own():
    with pytest.raises(ValueError, match=r"the chat template cannot render .* lone surrogate"):
        render_chat("{{ messages[0].content }}\ud800", [{"role": "user", "content": "hello"}])
