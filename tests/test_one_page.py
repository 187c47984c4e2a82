"""The whole LLaMA on one page: it has nothing of ours, and says what the package says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from llama_edu import one_page
from llama_edu.config import ModelConfig
from llama_edu.generate import generate
from llama_edu.model.llama import Llama
from llama_edu.pretrained import load_pretrained
from llama_edu.weights import save_hf

ODD_TEXTS = (
    "", " ", "Once upon a time", "it's  12,345.67\n\n\tand\r\n more ", "naïve 日本語 👩‍👩‍👧 ²½Ⅷ",
    "<|im_end|> is text", "a\u0004b", "don't DON'T 'twas", "   lead and trail   ",
)  # fmt: skip


@pytest.mark.parametrize("tie_embeddings", [True, False])
@pytest.mark.parametrize("n_kv_heads", [6, 3, 1])
@torch.no_grad()
def test_its_logits_are_the_package_s(tmp_path, randomize, tie_embeddings, n_kv_heads):
    config = ModelConfig(
        vocab_size=50, d_model=24, n_layers=11, n_heads=6, n_kv_heads=n_kv_heads, d_ff=20,
        max_seq_len=32, rope_theta=100.0, norm_eps=1e-3, tie_embeddings=tie_embeddings,
    )  # fmt: skip
    model, tokens = randomize(Llama(config)), torch.randint(50, (2, 9))
    page = one_page.Llama(save_hf(model, tmp_path))
    torch.testing.assert_close(page(tokens), model(tokens), rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def smol(pull):
    pull("smollm2-135m-instruct")
    return load_pretrained(dtype=torch.float32)


@pytest.fixture(scope="module")
def folder(smol, tmp_path_factory):
    folder = tmp_path_factory.mktemp("smollm2")
    smol.tokenizer.save(folder)
    return save_hf(smol.model, folder)


@pytest.mark.network
def test_its_ids_are_the_package_s(smol, folder):
    tokenizer = one_page.Tokenizer(folder)
    for text in ODD_TEXTS:
        assert tokenizer.encode(text) == smol.tokenizer.encode(text)
        ids = tokenizer.encode(text)
        assert b"".join(map(tokenizer.decode, ids)) == smol.tokenizer.decode_bytes(ids)


@pytest.mark.network
def test_smollm2_writes_the_same_words(smol, folder):
    text = "My favourite animal is"
    (ids,) = generate(smol.model, [smol.text_ids(text)], 12, stop=smol.stop_ids)
    page = b"".join(one_page.continue_text(folder, text, 12)).decode()
    assert page == smol.tokenizer.decode(ids)
    assert len(page.split()) > 5


@pytest.mark.network
def test_a_copy_of_the_file_runs_where_the_package_is_not(smol, folder, tmp_path):
    copy = tmp_path / "my_llama.py"
    copy.write_bytes(Path(one_page.__file__).read_bytes())
    # Were the package imported, this one would be found first, and is no package.
    (tmp_path / "llama_edu.py").write_text("raise ImportError", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": "", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, copy, folder, "Once upon a time"],
        capture_output=True, text=True, encoding="utf-8", env=environment, check=True,
    )  # fmt: skip
    (ids,) = generate(smol.model, [smol.text_ids("Once upon a time")], 24, stop=smol.stop_ids)
    assert done.stdout == f"Once upon a time{smol.tokenizer.decode(ids)}{os.linesep}"


def test_it_is_a_page():
    lines = Path(one_page.__file__).read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) < 115
