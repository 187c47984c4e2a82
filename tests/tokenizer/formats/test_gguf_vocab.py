"""A vocabulary in a GGUF file gives the ids that it gives in the library it came from."""

import json

import pytest
from gguf import GGUFWriter

from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.tokenizer.formats.gguf_vocab import CONTROL, NORMAL, USER_DEFINED
from tests.tokenizer.oracles import PRE_TOKENIZERS, SPECIAL, TEXTS


def write(path, library, pre, model="gpt2", kinds=None, has_merges=True, **flags):
    """Write a GGUF file without tensors, with gguf's own writer."""
    spec = json.loads(library.to_str())["model"]
    tokens = sorted(spec["vocab"], key=spec["vocab"].__getitem__)
    writer = GGUFWriter(path, "llama")
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds or [CONTROL] * 4 + [NORMAL] * (len(tokens) - 4))
    if has_merges:
        writer.add_token_merges([" ".join(merge) for merge in spec["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(0)
    for key, value in flags.items():
        getattr(writer, key)(value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("pre", PRE_TOKENIZERS)
def test_ids_are_those_of_the_library(trained_bpe, tmp_path, pre):
    library = trained_bpe(pre)
    tokenizer = BPETokenizer.from_gguf(write(tmp_path / "a.gguf", library, pre))
    assert tokenizer.special_tokens == {token: i for i, token in enumerate(SPECIAL)}
    assert (tokenizer.bos_id, tokenizer.eos_id, tokenizer.vocab_size) == (1, 0, 800)
    llama3 = pre == "llama-bpe"
    assert (tokenizer.add_bos, tokenizer.ignore_merges) == (llama3, llama3)
    tokenizer.ignore_merges = False  # Llama 3's rule, which the library was not trained with
    for text in [*TEXTS, "<|user|>hi<|end|>"]:
        assert tokenizer.encode(text, special=True) == library.encode(text).ids


def test_what_the_file_says_of_itself_is_read(trained_bpe, tmp_path):
    kinds = [CONTROL, USER_DEFINED, CONTROL, CONTROL] + [NORMAL] * 796
    flags = {"add_chat_template": "{{ messages }}", "add_add_bos_token": True}
    path = write(tmp_path / "a.gguf", trained_bpe("smollm"), "smollm", kinds=kinds, **flags)
    tokenizer = BPETokenizer.from_gguf(path)
    assert (tokenizer.chat_template, tokenizer.add_bos) == ("{{ messages }}", True)
    assert tokenizer.added_tokens == {"<|user|>": 1}
    assert tokenizer.encode("<|user|>")[0] == 1


@pytest.mark.parametrize(
    "pre, model, message",
    [
        ("tekken", "gpt2", r"tokenizer\.ggml\.pre='tekken' is not"),
        (None, "gpt2", r"tokenizer\.ggml\.pre=None is not"),
        ("smollm", "llama", r"tokenizer\.ggml\.model='llama' must be 'gpt2'"),
    ],
)
def test_another_kind_of_vocabulary_is_refused(trained_bpe, tmp_path, pre, model, message):
    path = write(tmp_path / "a.gguf", trained_bpe("smollm"), pre, model)
    with pytest.raises(ValueError, match=message):
        BPETokenizer.from_gguf(path)


def test_a_missing_part_is_named(trained_bpe, tmp_path):
    path = write(tmp_path / "a.gguf", trained_bpe("smollm"), "smollm", has_merges=False)
    with pytest.raises(ValueError, match=r"has a tokenizer without tokenizer\.ggml\.merges"):
        BPETokenizer.from_gguf(path)
