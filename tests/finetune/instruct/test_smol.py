"""A model learns from conversations against the clock, and a run goes on where it was ended."""

import json
from functools import partial

import pytest
import torch

from llama_edu.config import ModelConfig
from llama_edu.finetune.instruct import smol, tuning
from llama_edu.finetune.instruct.packing import ChatBatches
from llama_edu.finetune.instruct.recipe import world_tokenizer
from llama_edu.finetune.instruct.tuning import Tuning, learning_rate
from llama_edu.generate import generate
from llama_edu.model.llama import Llama
from llama_edu.pretrained import load_pretrained
from llama_edu.weights import save_hf


@pytest.fixture(scope="module")
def base_folder(tmp_path_factory):
    """A checkpoint folder of a tiny model that knows a chat template."""
    folder, tokenizer = tmp_path_factory.mktemp("base"), world_tokenizer(n_stories=100)
    torch.manual_seed(0)
    shape = {"d_model": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_ff": 48}
    save_hf(Llama(ModelConfig(vocab_size=tokenizer.vocab_size, max_seq_len=768, **shape)), folder)
    tokenizer.save(folder)
    return folder


def begun(base_folder, run) -> Tuning:
    base = load_pretrained(base_folder, torch.float32)
    pool = partial(smol.story_pool, base.tokenizer)
    return Tuning(base, ChatBatches(pool, smol.BATCH_TOKENS), run, minutes=1)


def test_the_learning_rate_rises_by_steps_and_falls_by_the_clock():
    rates = [learning_rate(step, share) for step, share in ((1, 0), (10, 0), (99, 0.5), (99, 1.2))]
    assert rates == [tuning.PEAK_LR * share for share in (0.1, 1.0, 0.5, 0.0)]


def test_a_run_goes_on_as_if_it_had_never_stopped(base_folder, tmp_path):
    """The same batches, adapters and moments; the clock is held still, as it moves the rate."""
    whole, first = (begun(base_folder, tmp_path / name) for name in ("whole", "ended"))
    whole.dtype = first.dtype = torch.float32  # not whichever is faster just now
    losses = [whole._take_step() for _ in range(4)]
    assert [first._take_step() for _ in range(2)] == losses[:2]
    first.save()
    second = begun(base_folder, tmp_path / "ended")
    second.resume()
    assert (second.step, [second._take_step() for _ in range(2)]) == (2, losses[2:])


def test_the_whole_command(base_folder, tmp_path, capsys):
    run = tmp_path / "run"
    smol.main(["--model", str(base_folder), "--out", str(run), "--minutes", "0.02",
               "--stories", "2"])  # fmt: skip
    found = json.loads((run / "result.json").read_text(encoding="utf-8"))
    assert found["steps"] >= 1 and found["before"]["exact"].keys() == found["after"]["exact"].keys()
    assert "three questions" in capsys.readouterr().out
    told = load_pretrained(run, torch.float32)
    assert told.tokenizer.stop_ids == load_pretrained(base_folder).stop_ids
    with pytest.raises(SystemExit):
        smol.main(["--out", str(run)])  # there is a run, and nobody said --resume
    assert "holds a run" in capsys.readouterr().err


def test_your_own_pairs_are_learned(base_folder, tmp_path):
    """Memorized within seconds: greedy decoding then writes the answer."""
    path, run = tmp_path / "pairs.jsonl", tmp_path / "run"
    path.write_text(json.dumps({"prompt": "Who?", "answer": "Ada"}), encoding="utf-8")
    smol.main(["--model", str(base_folder), "--out", str(run), "--minutes", "0.1",
               "--data", str(path)])  # fmt: skip
    told = load_pretrained(run, torch.float32)
    prompt = told.chat_ids([{"role": "user", "content": "Who?"}])
    written = generate(told.model, [prompt], 4, stop=told.stop_ids)[0]
    assert told.tokenizer.decode(written) == "Ada"
