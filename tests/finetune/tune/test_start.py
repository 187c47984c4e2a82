"""A model made ready to talk says of the old tokens what it said before."""

import pytest
import torch

from llama_edu.finetune.instruct.templates import SHORT
from llama_edu.finetune.tune.start import WINDOW, widened, write_start
from llama_edu.pretrained import Pretrained, load_pretrained


def test_a_model_without_template_gets_one_and_keeps_what_it_knew(pretrained_run, tmp_path):
    before = load_pretrained(pretrained_run, torch.float32)
    said = write_start(before, tmp_path / "start", talks=True)
    after = load_pretrained(tmp_path / "start", torch.float32)
    assert len(said) == 2 and after.model.config.max_seq_len == WINDOW
    assert after.tokenizer.chat_template == SHORT
    n = before.model.config.vocab_size
    assert after.model.config.vocab_size == after.tokenizer.vocab_size == n + 3
    tokens = torch.tensor([before.tokenizer.encode("Ada went to the barn.")])
    # The same sums in a wider product.
    torch.testing.assert_close(
        after.model(tokens)[..., :n], before.model(tokens), rtol=1e-5, atol=1e-5
    )
    asked = after.chat_ids([{"role": "user", "content": "Who?"}])
    assert asked[0] == before.tokenizer.special_tokens["<|endoftext|>"]
    assert set(asked[1:2] + asked[-1:]) <= {n, n + 1, n + 2} and n in after.stop_ids


def test_new_rows_are_the_mean_of_the_old(pretrained_run):
    model = load_pretrained(pretrained_run, torch.float32).model
    weight = widened(model, model.config.vocab_size + 2, 0).embedding.weight
    torch.testing.assert_close(weight[-1], model.embedding.weight.mean(dim=0))
    assert widened(model, 10, 10) is model


def test_a_text_model_is_left_as_it_is(pretrained_run, tmp_path):
    before = load_pretrained(pretrained_run, torch.float32)
    assert write_start(before, tmp_path, talks=False) == []
    assert load_pretrained(tmp_path, torch.float32).model.config == before.model.config


def test_a_tokenizer_that_takes_no_new_tokens_is_refused(pretrained_run, tmp_path):
    class Foreign:
        chat_template = None

        def save(self, folder): ...

    model = load_pretrained(pretrained_run, torch.float32).model
    with pytest.raises(ValueError, match="takes no new tokens"):
        write_start(Pretrained(model, Foreign(), []), tmp_path, talks=True)
