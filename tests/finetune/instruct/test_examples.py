"""Conversations become tokens as transformers makes them, and answers alone are targets."""

import pytest
import torch
from torch.nn import functional as F

from llama_edu.config import ModelConfig
from llama_edu.finetune.instruct.examples import Example, chat_example, text_example
from llama_edu.finetune.instruct.packing import packed_batch
from llama_edu.finetune.instruct.templates import CHATML, LLAMA2, LLAMA3, SHORT
from llama_edu.model.llama import Llama
from llama_edu.tokenizer.spm import SentencePieceTokenizer
from llama_edu.train.loss import IGNORED, next_token_loss

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Where is Ada?"},
    {"role": "assistant", "content": "At the mill."},
    {"role": "user", "content": "And Ben?"},
    {"role": "assistant", "content": "At the barn, with the ring."},
]
# transformers says which tokens stand between the two tags.
MARKED = {
    LLAMA3: (
        "{{ bos_token }}{% for m in messages %}"
        "{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' }}"
        "{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] + '<|eot_id|>' }}"
        "{% endgeneration %}{% else %}{{ m['content'] + '<|eot_id|>' }}{% endif %}{% endfor %}"
    ),
    CHATML: (
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}"
        "{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] + '<|im_end|>' }}"
        "{% endgeneration %}{{ '\n' }}{% else %}{{ m['content'] + '<|im_end|>\n' }}{% endif %}"
        "{% endfor %}"
    ),
    SHORT: (
        "{{ bos_token }}{% for m in messages %}{{ '<|' + m['role'] + '|>' }}"
        "{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] + eos_token }}"
        "{% endgeneration %}{% else %}{{ m['content'] }}{% endif %}{% endfor %}"
    ),
}


def ids_of(example: Example) -> list[int]:
    return [*example.inputs, example.targets[-1]]


def answers_of(tokenizer, example: Example) -> str:
    return tokenizer.decode([i for i in example.targets if i != IGNORED])


@pytest.fixture(scope="module")
def theirs(tokenizer, tmp_path_factory):
    from transformers import PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("chat")
    tokenizer.save(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder)


@pytest.mark.parametrize("template", [LLAMA3, CHATML, SHORT], ids=["llama3", "chatml", "short"])
def test_tokens_and_targets_are_those_of_transformers(tokenizer, theirs, template):
    talk = TALK[1:] if template is SHORT else TALK
    found = theirs.apply_chat_template(
        talk, chat_template=template, tokenize=True, return_dict=True,
        bos_token="<|begin_of_text|>", eos_token="<|eot_id|>",
    )  # fmt: skip
    marked = theirs.apply_chat_template(
        talk, chat_template=MARKED[template], tokenize=True, return_dict=True,
        return_assistant_tokens_mask=True, bos_token="<|begin_of_text|>", eos_token="<|eot_id|>",
    )  # fmt: skip
    assert marked["input_ids"] == found["input_ids"]
    ids, is_answer = found["input_ids"], marked["assistant_masks"]
    wanted = [i if a else IGNORED for i, a in zip(ids[1:], is_answer[1:], strict=True)]
    assert chat_example(tokenizer, talk, template) == Example(ids[:-1], wanted)


@pytest.mark.parametrize(
    "template, text",
    [
        (
            LLAMA2,
            "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nWhere is Ada? [/INST] At the mill. </s>"
            "<s>[INST] And Ben? [/INST] At the barn, with the ring. </s>",
        ),
        (
            CHATML,
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhere is Ada?<|im_end|>\n"
            "<|im_start|>assistant\nAt the mill.<|im_end|>\n<|im_start|>user\nAnd Ben?<|im_end|>\n"
            "<|im_start|>assistant\nAt the barn, with the ring.<|im_end|>\n",
        ),
    ],
    ids=["llama2", "chatml"],
)
def test_templates_by_hand(template, text):
    from llama_edu.tokenizer.chat_template import render_chat

    rendered = render_chat(template, TALK, "<s>", "</s>", add_generation_prompt=False)
    assert rendered == text


@pytest.mark.network
def test_llama2_tokens_are_those_of_metas_code(pull):
    """generation.py encodes "[INST] question [/INST] answer " of each exchange between BOS, EOS."""
    spm = SentencePieceTokenizer.load(pull("mistral-tokenizer") / "tokenizer.model.v1")
    example = chat_example(spm, TALK[1:], LLAMA2)
    by_hand, wanted = [], []
    for question, answer in zip(TALK[1::2], TALK[2::2], strict=True):
        prompt = spm.encode(f"[INST] {question['content']} [/INST]")
        both = spm.encode(f"[INST] {question['content']} [/INST] {answer['content']} ")
        by_hand += [1, *both, 2]
        wanted += [IGNORED] * (1 + len(prompt)) + both[len(prompt) :] + [2]
    assert ids_of(example) == by_hand
    assert example.targets == wanted[1:]


@pytest.mark.parametrize("template", [LLAMA3, CHATML, SHORT], ids=["llama3", "chatml", "short"])
def test_answers_and_their_ends_are_all_that_counts(tokenizer, template):
    example = chat_example(tokenizer, TALK[1:], template)
    end = "<|im_end|>" if template is CHATML else "<|eot_id|>"
    assert answers_of(tokenizer, example) == f"At the mill.{end}At the barn, with the ring.{end}"


def test_a_text_is_opened_once(tokenizer):
    example = chat_example(tokenizer, TALK[1:])
    assert ids_of(example).count(tokenizer.bos_id) == 1 and example.inputs[0] == tokenizer.bos_id


def test_the_prompt_is_what_generation_is_given(tokenizer):
    example = chat_example(tokenizer, TALK[1:3])
    prompt = tokenizer.encode("<|begin_of_text|><|user|>Where is Ada?<|assistant|>", special=True)
    assert example.inputs[: len(prompt)] == prompt
    assert example.targets[len(prompt) - 1] != IGNORED  # the last of the prompt says the first word
    assert set(example.targets[: len(prompt) - 1]) == {IGNORED}


def test_a_token_that_spans_the_border_is_refused(tokenizer):
    """Prompt and answer tokenized together give other tokens than the prompt that is used."""
    glued = (
        "{{ bos_token }}{% for m in messages %}{{ m['content'] }}"
        "{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    )
    talk = [{"role": "user", "content": "The sto"}, {"role": "assistant", "content": "ry"}]
    with pytest.raises(ValueError, match=r"a token spans the border between '.*The sto' and 'ry"):
        chat_example(tokenizer, talk, glued)


@pytest.mark.parametrize(
    "messages, template, complaint",
    [
        (TALK[1:2], SHORT, "messages must hold an answer of the assistant, there is none"),
        (TALK[1:], "{{ messages | length }}", r"messages\[1\]: the template must write"),
        (
            TALK[1:3],
            "{% for m in messages %}{{ '<|user|>' + m['content'] }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|user|>' }}{% endif %}",
            "the template must end each answer with a token that ends the turn, not with '.*mill.'",
        ),
        (
            [TALK[1], {"role": "assistant", "content": "a<|user|>b"}],
            SHORT,
            r"messages\[1\]: content must not hold the control token '<|user|>'",
        ),
    ],
)
def test_what_cannot_be_learned_is_refused(tokenizer, messages, template, complaint):
    with pytest.raises(ValueError, match=complaint):
        chat_example(tokenizer, messages, template)


def test_without_a_template_one_must_be_given(tokenizer):
    from types import SimpleNamespace

    bare = SimpleNamespace(chat_template=None)
    with pytest.raises(ValueError, match="this tokenizer has no chat template: give one"):
        chat_example(bare, TALK)


def test_masked_labels_leave_their_logits_without_gradient(tokenizer):
    example = chat_example(tokenizer, TALK[1:])
    logits = torch.randn(len(example), tokenizer.vocab_size, requires_grad=True)
    targets = torch.tensor(example.targets)
    F.cross_entropy(logits, targets, ignore_index=IGNORED).backward()
    is_moved = logits.grad.abs().sum(-1) > 0
    assert torch.equal(is_moved, targets != IGNORED)


def test_the_trainers_loss_is_that_of_the_answers(tokenizer):
    example = chat_example(tokenizer, TALK[1:])
    shape = {"d_model": 16, "n_layers": 1, "n_heads": 2, "n_kv_heads": 1, "d_ff": 24}
    model = Llama(ModelConfig(vocab_size=tokenizer.vocab_size, max_seq_len=128, **shape))
    total, n = next_token_loss(model, packed_batch([[example]]))
    logits = model(torch.tensor([example.inputs]))[0]
    wanted = F.cross_entropy(logits, torch.tensor(example.targets), reduction="sum")
    torch.testing.assert_close(total, wanted)
    assert n == sum(i != IGNORED for i in example.targets)


def test_every_next_token_of_a_text_counts():
    assert text_example([5, 6, 7]) == Example([5, 6], [6, 7])
