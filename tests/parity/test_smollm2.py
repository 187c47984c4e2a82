"""SmolLM2-135M-Instruct out of its Q4_1 GGUF: the logits of transformers' own GGUF load."""

import functools
from dataclasses import replace

import gguf
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from llama_edu.config import PRESETS
from llama_edu.weights import load_gguf

pytestmark = pytest.mark.network

TEXT = """
The ferry left the harbor an hour late, because the captain had been waiting for a box of lemons.
Nobody on board minded. The morning was warm, the water lay flat as a table, and the two musicians
in the bow were teaching each other songs from opposite ends of the country. When the island came
into view at last, a girl of about nine counted its windmills aloud and reported that one of the
14 was missing. "They took it down for repairs in March," her grandfather said, "and it will be
back before the plums are ripe, if the carpenter keeps his word." She wrote the number in her book.
"""


@pytest.fixture(scope="module")
def file(pull):
    """The GGUF file; transformers reads its head once, where it would take 30 s over it again."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GGUFReader", "get_tensor_name_map"):
            patch.setattr(gguf, name, functools.cache(getattr(gguf, name)))
        yield next(pull("smollm2-135m-instruct").rglob("*.gguf"))


@pytest.fixture(scope="module")
def tokens(file):
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    tokens = tokenizer(TEXT.strip(), return_tensors="pt").input_ids[:, :100]
    assert tokens.shape == (1, 100)
    return tokens


def test_logits_agree_and_every_argmax_is_equal(file, tokens):
    ours = load_gguf(file)
    assert ours.config.norm_eps == pytest.approx(1e-5)  # stored as fp32
    assert replace(ours.config, norm_eps=1e-5) == PRESETS["smollm2-135m"]
    theirs = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    )
    with torch.no_grad():
        our_logits, their_logits = ours(tokens), theirs(tokens).logits
    torch.testing.assert_close(our_logits, their_logits, rtol=0, atol=1e-3)
    assert torch.equal(our_logits.argmax(-1), their_logits.argmax(-1))
    # It reads English: one guess in four at the next token of a new text is right.
    right = our_logits[0, :-1].argmax(-1) == tokens[0, 1:]
    assert right.sum() > 15
