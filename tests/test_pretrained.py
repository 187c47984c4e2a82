"""A name or a path becomes a model with its tokenizer, or one clear line."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from llama_edu import pretrained
from llama_edu.config import ModelConfig
from llama_edu.model.llama import Llama
from llama_edu.pretrained import faster_dtype, load_pretrained
from llama_edu.weights import save_hf

TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}<|assistant|>"


def save_tokenizer(folder, vocab_size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=["<|user|>", "<|assistant|>", "<|end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(["the cat sat on the mat", "the dog sat"], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    config = ModelConfig(
        vocab_size=270, d_model=24, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=40, max_seq_len=64
    )
    save_hf(Llama(config), tmp_path)
    save_tokenizer(tmp_path, 270)
    return tmp_path


def test_loads_a_hugging_face_folder_whole(folder):
    loaded = load_pretrained(folder, dtype=torch.float32)
    assert loaded.model.config.d_model == 24
    ids = loaded.text_ids("the cat")
    assert loaded.tokenizer.decode(ids) == "the cat"
    assert loaded.model(torch.tensor([ids])).shape == (1, len(ids), 270)


def test_dtype_is_what_was_asked_for(folder):
    for dtype in (torch.bfloat16, torch.float32):
        assert load_pretrained(folder, dtype=dtype).model.embedding.weight.dtype == dtype


def test_dtype_is_measured_if_not_asked_for(folder, monkeypatch):
    assert faster_dtype(64, 64) in (torch.float32, torch.bfloat16)
    monkeypatch.setattr(pretrained, "faster_dtype", lambda: torch.bfloat16)
    assert load_pretrained(folder).model.embedding.weight.dtype == torch.bfloat16


def test_empty_text_begins_with_some_token(folder):
    assert load_pretrained(folder, dtype=torch.float32).text_ids("") == [0]


def test_chat_is_rendered_with_control_tokens(folder):
    loaded = load_pretrained(folder, dtype=torch.float32)
    loaded.tokenizer.chat_template = TEMPLATE
    ids = loaded.chat_ids([{"role": "user", "content": "the cat"}])
    oracle = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert ids == oracle.encode("<|user|>the cat<|end|><|assistant|>").ids


def test_says_that_a_model_without_template_cannot_chat(folder):
    loaded = load_pretrained(folder, dtype=torch.float32)
    with pytest.raises(ValueError, match="no chat template"):
        loaded.chat_ids([{"role": "user", "content": "hello"}])


def test_refuses_a_tokenizer_of_another_model(folder):
    config = ModelConfig(
        vocab_size=100, d_model=24, n_layers=1, n_heads=4, n_kv_heads=2, d_ff=40, max_seq_len=64
    )
    save_hf(Llama(config), folder)
    with pytest.raises(ValueError, match="tokenizer has 270 tokens, the model 100"):
        load_pretrained(folder, dtype=torch.float32)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no/such/folder", "no file or folder no/such/folder"),
        ("smolm2", "must be one of"),
    ],
)
def test_says_what_is_not_there(name, message):
    with pytest.raises(ValueError, match=message):
        load_pretrained(name)


def test_says_what_a_folder_lacks(tmp_path):
    with pytest.raises(ValueError, match=r"no folder with config\.json"):
        load_pretrained(tmp_path)


def test_says_that_a_source_holds_no_model(monkeypatch, tmp_path):
    monkeypatch.setattr(pretrained, "pull", lambda name: tmp_path)
    with pytest.raises(ValueError, match="'shakespeare' holds no GGUF model"):
        load_pretrained("shakespeare")
