"""The benchmark: a fair race, a report that tells the truth, and the smallest round of it all."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import (
    attention,
    data,
    decode,
    experts,
    load,
    loops,
    lora,
    machine,
    memory,
    packing,
    peers,
    quantize,
    tokenizer,
    train,
    trainer,
    tuning,
)
from benchmarks.__main__ import measure
from benchmarks.gguf_file import write_gguf
from benchmarks.goals import GOALS
from benchmarks.nano_gpt import NanoGPT
from benchmarks.race import Contender, Row, race
from benchmarks.report import SAME, Section, Table, judge, render, slower, slower_in_half
from benchmarks.workload import Workload, new_model, training_batches
from llama_edu.config import ModelConfig
from llama_edu.data.stories import tell_story
from llama_edu.evaluate import bits_per_byte
from llama_edu.finetune.instruct.packing import first_fit, packed_batch
from llama_edu.pretrained import Pretrained
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train.loss import next_token_loss
from llama_edu.weights import load_gguf, save_hf

CONFIG = ModelConfig(
    vocab_size=96, d_model=48, n_layers=2, n_heads=6, n_kv_heads=3, d_ff=80, max_seq_len=32,
    norm_eps=1e-5, tie_embeddings=True,
)  # fmt: skip
SMALLEST = Workload(
    config=CONFIG, batch_size=2, n_tokens=7, n_new_tokens=5, decode_batch_size=3, rounds=1,
    is_compiled=False,
)  # fmt: skip


def rows_of(ours: float, theirs: float, precision: str = "fp32") -> list[Row]:
    return [
        Row("llama_edu", precision, "ours", [ours, ours, 9.0]),
        Row("transformers", precision, "peer", [theirs, theirs, 9.0]),
    ]


def decode_table(rows: list[Row], key: str = "decode single", **more) -> Table:
    return Table(key, "Decoding, batch 1", "s", ("transformers", "fp32"), rows, **more)


def contender(name: str, make, side="peer", **more) -> Contender:
    return Contender(name, "fp32", make, side=side, **more)


def test_race_warms_up_once_and_then_takes_turns():
    turns = []
    make = {name: lambda name=name: lambda: turns.append(name) for name in "ab"}
    found = race([contender(name, make[name]) for name in "ab"], rounds=2)
    assert turns == ["a", "b", "a", "b", "a", "b"]
    assert [len(row.samples) for row in found.rows] == [2, 2]


def test_race_lists_whom_it_leaves_out():
    def broken():
        raise RuntimeError("no such kernel")

    found = race(
        [
            contender("ours", lambda: lambda: [1, 2], side="ours"),
            contender("absent", None, needs="no_such_module", install="pip install nothing"),
            contender("broken", broken),
            contender("other work", lambda: lambda: [1, 3]),
            contender("fair", lambda: lambda: [1, 2]),
        ],
        rounds=1,
        must_agree=("fp32",),
    )
    assert [row.name for row in found.rows] == ["ours", "fair"]
    absent, failed, different = found.absent
    assert "not installed" in absent and "pip install nothing" in absent
    assert "no such kernel" in failed
    assert "differs from ours" in different


def test_race_does_not_hide_our_own_errors():
    def broken():
        raise RuntimeError("ours is broken")

    with pytest.raises(RuntimeError, match="ours is broken"):
        race([contender("ours", broken, side="ours")], rounds=1)
    (line,) = race([contender("ours, compiled", broken, side="ours")], rounds=1).absent
    assert "ours is broken" in line  # there may be no C++ compiler


def test_a_fresh_contender_is_made_anew_off_the_clock():
    made = []

    def make():
        made.append(0.0)
        time.sleep(0.05)
        return lambda: len(made)

    found = race([contender("fresh", make, is_fresh=True), contender("once", make)], rounds=3)
    assert len(made) == (1 + 3) + 1
    assert max(found.rows[0].samples) < 0.05
    assert found.rows[0].result == 5


def test_race_needs_a_round():
    with pytest.raises(ValueError, match="rounds must be at least 1, got 0"):
        race([], rounds=0)


@pytest.mark.parametrize(
    ("ours", "theirs", "measured", "verdict"),
    [
        (1.0, 1.41, "1.41 ×", "met"),
        (1.0, 1.396, "1.40 ×", "met"),  # two decimals, as they are printed
        (1.0, 1.39, "1.39 ×", "**not met**"),
        (2.0, 1.0, "0.50 ×", "**not met**"),
    ],
)
def test_goal_is_judged_from_the_medians(ours, theirs, measured, verdict):
    goal = next(goal for goal in GOALS if goal.at_least == 1.4)
    said, judged = judge(goal, [decode_table(rows_of(ours, theirs))])
    assert said.startswith(measured)
    assert judged == verdict


def test_goal_without_its_rows_is_not_measured():
    goal = next(goal for goal in GOALS if goal.at_least == 1.4)
    assert judge(goal, []) == ("", "not measured")
    assert judge(goal, [decode_table(rows_of(1, 2)[:1])]) == ("", "not measured")
    assert judge(goal, [decode_table(rows_of(1, 2), key="load")]) == ("", "not measured")


def test_eager_goal_ignores_compiled_peers():
    goal = next(goal for goal in GOALS if "fastest eager peer" in goal.claim)
    rows = [*rows_of(1.0, 2.0), Row("litgpt, compiled", "fp32", "peer", [0.1])]
    said, verdict = judge(goal, [decode_table(rows, key="train fp32")])
    assert (said.split()[0], verdict) == ("2.00", "met")


def test_slower_rows_are_named_with_their_ratio():
    (line,) = slower(decode_table(rows_of(3.0, 2.0)))
    assert "llama_edu (fp32, 3 s) is 1.50 × slower than transformers (fp32, 2 s)" in line
    assert slower(decode_table(rows_of(2.0, 3.0))) == []
    assert slower(decode_table([rows_of(3, 2)[0], *rows_of(1, 2, "bf16")])) == []


def test_compiled_peers_are_held_against_our_best_row_alone():
    rows = rows_of(3.0, 3.0)
    rows += [Row("llama_edu, compiled", "fp32", "ours", [2.0])]
    rows += [Row("litgpt, compiled", "fp32", "peer", [1.0])]
    (line,) = slower(decode_table(rows))
    assert "llama_edu, compiled (fp32, 2 s) is 2.00 × slower than litgpt, compiled" in line


def test_slower_half_precision_is_named():
    both = rows_of(1.0, 1.0) + rows_of(2.5, 1.0, "bf16")
    (line,) = slower_in_half([decode_table(both)])
    assert "llama_edu (bf16, 2.5 s) is 2.50 × slower than llama_edu (fp32, 1 s)" in line
    tables = [
        decode_table(rows_of(1.0, 1.0), key="train fp32"),
        decode_table(rows_of(3.0, 1.0, "bf16"), key="train bf16"),
    ]
    assert "3.00 × slower" in slower_in_half(tables)[0]
    assert slower_in_half([decode_table(rows_of(2.0, 1.0) + rows_of(1.0, 1.0, "bf16"))]) == []


def test_report_holds_medians_spread_ratios_and_what_is_missing():
    table = decode_table(rows_of(1.0, 2.0), absent=["litgpt: not installed"])
    report = render({"decode": Section("- a CPU", "at night", [table])})
    assert "| **llama_edu** | fp32 | 1 (1–9) | 2.00 |" in report
    assert "| transformers | fp32 | 2 (2–9) | 1.00 |" in report
    assert "not measured: litgpt: not installed" in report
    assert "- a CPU\n- decode: at night" in report
    assert "In no row that was measured." in report
    table = decode_table(rows_of(2.0, 1.0))
    assert "slower than" in render({"decode": Section("", "", [table])})


def test_a_row_may_be_compared_with_that_of_its_own_kind():
    rows = rows_of(1.0, 2.0, "short") + rows_of(6.0, 3.0, "long")
    table = replace(decode_table(rows, kind="length"), baseline=("transformers", SAME))
    report = render({"decode": Section("", "", [table])})
    assert "× transformers, same length" in report
    assert "| **llama_edu** | short | 1 (1–9) | 2.00 |" in report
    assert "| **llama_edu** | long | 6 (6–9) | 0.50 |" in report


def test_interrupted_run_leaves_the_finished_sections(tmp_path):
    def finished(workload, progress):
        yield decode_table(rows_of(1.0, 2.0))

    def interrupted(workload, progress):
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        measure({"decode": finished, "load": interrupted}, SMALLEST, tmp_path / "results.md")
    report = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "## Decoding, batch 1" in report
    assert "This run has not finished." in report


def test_a_run_replaces_its_own_sections_and_keeps_the_others(tmp_path):
    def decoding(seconds):
        yield decode_table(rows_of(seconds, 2.0))

    def loading(seconds):
        yield replace(decode_table(rows_of(seconds, 2.0), key="load"), title="Loading")

    out = tmp_path / "results.md"
    sections = {"decode": lambda *_, **__: decoding(1.0), "load": lambda *_, **__: loading(3.0)}
    measure(sections, SMALLEST, out)
    measure({"decode": lambda *_, **__: decoding(0.5)}, SMALLEST, out)
    report = out.read_text(encoding="utf-8")
    assert report.index("## Decoding, batch 1") < report.index("## Loading")
    assert "| **llama_edu** | fp32 | 0.5 " in report
    assert "| **llama_edu** | fp32 | 3 " in report
    assert "| **llama_edu** | fp32 | 1 " not in report
    assert "has not finished" not in report


def test_share_of_others_is_what_is_busy_and_not_ours(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    moments = iter([(100.0, 50.0, 7.0), (110.0, 62.0, 9.0)])  # wall, everybody's, ours
    monkeypatch.setattr(machine, "_seconds", lambda: next(moments))
    assert machine.Others().share() == pytest.approx((12 - 2) / (10 * 2))


def test_processor_time_of_this_process_counts_as_ours():
    own = machine._seconds()[2]
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    assert machine._seconds()[2] - own >= 0.15


def test_losses_that_differ_are_called_out():
    rows = [Row("llama_edu", "fp32", "ours", [1.0], 5.0), Row("litgpt", "fp32", "peer", [1.0], 5.2)]
    assert "DO NOT AGREE" in train.loss_agreement(rows, "fp32", n_steps=3)
    rows[1].result = 5.001
    assert "LLaMAs agree" in train.loss_agreement(rows, "fp32", n_steps=3)
    rows[1].result = float("nan")
    assert "DO NOT AGREE" in train.loss_agreement(rows, "fp32", n_steps=3)


def test_training_tokens_have_four_successors():
    successors: dict[int, set[int]] = {}
    for tokens, targets in training_batches(replace(SMALLEST, n_tokens=500)):
        assert tokens.shape == targets.shape == (2, 500)
        assert torch.equal(tokens[:, 1:], targets[:, :-1])
        for token, target in zip(
            tokens.flatten().tolist(), targets.flatten().tolist(), strict=True
        ):
            successors.setdefault(token, set()).add(target)
    assert max(map(len, successors.values())) == 4


def test_nano_gpt_is_causal_and_as_large_as_ours():
    config = replace(CONFIG, n_kv_heads=6, d_ff=128)  # 3 D F = 8 D^2 needs F = 8/3 D
    model = NanoGPT(config)
    n_positions = config.max_seq_len * config.d_model
    assert sum(p.numel() for p in model.parameters()) == config.n_params + n_positions
    tokens = torch.arange(10)[None]
    changed = tokens.clone()
    changed[0, 6:] += 1
    assert torch.equal(model(tokens)[:, :6], model(changed)[:, :6])
    assert not torch.equal(model(tokens)[:, 6:], model(changed)[:, 6:])


def test_written_gguf_is_the_same_model(tmp_path):
    model = new_model(CONFIG)
    again = load_gguf(write_gguf(model, tmp_path / "model.gguf"))
    tokens = torch.arange(10)[None]
    assert again.config == CONFIG
    assert torch.equal(again(tokens), model(tokens))


def test_smallest_round_measures_everybody(tmp_path):
    pytest.importorskip("transformers")
    sections = {"train": train.tables, "trainer": trainer.tables, "decode": decode.tables}
    tables = {table.key: table for table in measure(sections, SMALLEST, tmp_path / "results.md")}
    for precision in ("fp32", "bf16"):
        table = tables[f"train {precision}"]
        names = {row.name for row in table.rows}
        assert {"llama_edu", "transformers, SDPA", "nanoGPT-shaped", train.CEILING} <= names
        assert "LLaMAs agree" in table.notes[-1]
        assert {row.name for row in tables[f"trainer {precision}"].rows} == trainer.LOOPS.keys()
    assert {row.precision for row in tables["optimizers"].rows} == {"AdamW", "LAMB"}
    assert len(tables["packing"].rows) == 3
    for key in ("decode single", "decode batch"):
        measured = {(row.name, row.precision) for row in tables[key].rows}
        assert {("llama_edu", "fp32"), ("transformers", "fp32"), ("llama_edu", "bf16")} <= measured
    wanted = {goal.table for goal in GOALS}
    others = {f"memory {job}" for job in memory.JOBS} | {"tokenizer encode", "data near-copies"}
    others |= {"lora LoRA"}
    others |= {tokenizer.train_key(size) for size in tokenizer.VOCAB_SIZES}
    assert wanted <= tables.keys() | others


def test_a_loop_is_run_one_step_a_call():
    done = []

    def loop(pause):
        for step in range(3):
            pause()
            done.append(step)
        raise ValueError("the data are over")

    run = loops.Stepwise(loop)
    assert done == []
    run()
    run()
    assert done == [0, 1]
    with pytest.raises(ValueError, match="the data are over"):
        run()


def test_padding_wastes_what_packing_does_not():
    table = packing.table(replace(SMALLEST, n_tokens=32), lambda line: None)
    wasted = {row.name: row.columns["wasted tokens"] for row in table.rows}
    assert wasted["packed, one long text"] == wasted["packed, documents kept apart"] == "0 %"
    assert wasted["padded to the longest"] != "0 %"


def test_adapters_race_from_the_same_numbers():
    pytest.importorskip("peft")
    plain, with_lengths = lora.tables(SMALLEST, lambda line: None)
    for table in (plain, with_lengths):
        rows = {(row.name, row.precision) for row in table.rows}
        assert rows >= {(name, kind) for name in ("llama_edu", "peft") for kind in ("fp32", "bf16")}
        assert not [note for note in table.notes if "DO NOT AGREE" in note]
    assert ("llama_edu", "NF4 base, bf16") in {(row.name, row.precision) for row in plain.rows}


TALKS = replace(SMALLEST, config=replace(CONFIG, vocab_size=700, max_seq_len=512))


def test_tuning_is_measured_with_every_loop():
    for table in tuning.tables(TALKS, lambda line: None):
        assert ({row.name for row in table.rows}, table.absent) == (tuning.LOOPS.keys(), [])


def test_tuning_learns_from_the_same_tokens_in_every_loop(tmp_path):
    """The same mean loss of the same weights; sums in another order differ by rounding alone."""
    from transformers import DataCollatorWithFlattening

    model, talks = new_model(TALKS.config), tuning.conversations()
    save_hf(model, tmp_path)
    rows = [[talk] for talk in talks]
    packed = [[talks[i] for i in bin_] for bin_ in first_fit([*map(len, talks)], tuning.ROW)]
    losses = []
    with torch.no_grad():
        for batch in (packed_batch(rows), packed_batch(packed, tuning.ROW)):
            total, n = next_token_loss(model, batch)
            losses.append(total / n)
        theirs = peers.transformers(tmp_path)
        for collate in (tuning.pad_to_longest, DataCollatorWithFlattening()):
            losses.append(theirs(**collate([*map(tuning.labelled, talks)])).loss)
    torch.testing.assert_close(losses[1:], losses[:1] * 3, rtol=1e-4, atol=1e-4)


def test_memory_of_a_job_covers_its_weights(tmp_path):
    config = replace(CONFIG, vocab_size=40_000)
    save_hf(new_model(config), tmp_path)
    n_bytes = memory.peak_bytes("decode fp32", "llama_edu", tmp_path, SMALLEST)
    assert 4 * config.n_params < n_bytes < 1e9


def test_experts_race_at_equal_active_and_equal_total_parameters():
    pytest.importorskip("transformers")
    shapes = experts.shapes(CONFIG)
    dense, mixture, large = (shapes[s] for s in (experts.DENSE, experts.MIXTURE, experts.LARGE))
    routers = CONFIG.n_layers * CONFIG.d_model * experts.N_EXPERTS
    assert mixture.n_active_params == dense.n_params + routers
    assert mixture.n_params == large.n_params + routers
    tables = list(experts.tables(SMALLEST, progress=lambda line: None))
    assert [table.key.partition(",")[0] for table in tables] == [
        "experts training step", "experts decoding", "experts decoding",
    ]  # fmt: skip
    for table in tables:
        assert table.absent == [] and len(table.rows) == 5  # all wrote the same where they must
    losses = {(row.name, row.precision): row.result for row in tables[0].rows}
    for shape in (experts.DENSE, experts.MIXTURE):  # fp32: other orders of sums
        assert losses["llama_edu", shape] == pytest.approx(
            losses["transformers, SDPA", shape], abs=0.001
        )


@pytest.mark.parametrize("job", [attention.FORWARD, attention.BOTH])
def test_attention_races_by_length(job, monkeypatch):
    sizes = []
    monkeypatch.setattr(attention, "peak_bytes", lambda *which: sizes.append(which) or 2e6)
    monkeypatch.setattr(attention, "JOBS", (job,))
    seconds, megabytes = attention.tables(SMALLEST, progress=lambda line: None)
    for table in (seconds, megabytes):
        assert [row.precision for row in table.rows[::3]] == ["28", "56", "112"]
        assert {row.name for row in table.rows} == attention.FORMS.keys()
    assert sizes[-1] == (attention.KERNEL, job, 112, 6, 3, 8)
    assert {row.median for row in megabytes.rows} == {2.0}


def test_peak_memory_of_attention_counts_the_weights():
    n_bytes = {
        form: attention.peak_bytes(form, attention.FORWARD, 1024, 2, 1, 8)
        for form in (attention.ONLINE, attention.EXPLICIT)
    }
    all_weights = 4 * 2 * 1024**2
    assert n_bytes[attention.ONLINE] < all_weights < n_bytes[attention.EXPLICIT] < 1e9


def test_load_races_on_a_gguf_file(tmp_path):
    pytest.importorskip("accelerate")
    pytest.importorskip("transformers")
    file = write_gguf(new_model(CONFIG), tmp_path / "model.gguf")
    (table,) = load.tables(SMALLEST, progress=lambda line: None, file=file)
    assert {row.name for row in table.rows} == {"llama_edu", "transformers"}
    assert {row.result for row in table.rows} == {CONFIG.n_params}


def test_bits_a_byte_of_logits_are_those_of_the_evaluation():
    tokenizer = BPETokenizer.train(["a text, and the same text again"], 280)
    model = new_model(replace(CONFIG, vocab_size=280))
    smol, text = Pretrained(model, tokenizer, []), "the text again, and a text"
    setting = quantize.Setting(smol, [1], 2, text, Path())
    decoder = quantize.ours(setting, "16 bits")
    assert len(decoder.write()) == 2
    bits = quantize.bits_a_byte(decoder, setting)
    assert bits == pytest.approx(bits_per_byte(model, tokenizer, text), rel=1e-5)


@pytest.mark.network
def test_tokenizers_race_on_one_text(pull):
    pytest.importorskip("tokenizers")
    pull("mistral-tokenizer")
    texts = [Path(module.__file__).read_text(encoding="utf-8") for module in (tokenizer, train)]
    sizes = (400, 420)
    found = list(tokenizer.tables(SMALLEST, lambda line: None, texts, sizes))
    assert [table.key for table in found] == [*map(tokenizer.train_key, sizes), "tokenizer encode"]
    for table, size in zip(found, sizes, strict=False):
        results = {(row.name, row.precision): row.result for row in table.rows}
        assert results["llama_edu", "bytes"] == results["tokenizers", "bytes"] == size
    names = {(row.name, row.precision) for row in found[-1].rows}
    assert {("llama_edu", "bytes"), ("tokenizers", "bytes")} <= names
    assert {("llama_edu", "characters"), ("sentencepiece", "characters")} <= names
    assert "| tokenizers | bytes |" in render({"tokenizer": Section("", "", found)})


def test_data_races_on_a_few_documents():
    pytest.importorskip("datasketch")
    texts = [tell_story(seed, n_events=60).text for seed in range(6)]
    documents = [(text, "plain") for text in [*texts, texts[0] + " Really."]]
    near, steps, builds, odd = data.tables(SMALLEST, lambda line: None, documents)
    assert len(near.rows) == 3 and all(row.result >= 1 for row in near.rows)  # others by chance
    assert {row.name for row in steps.rows} >= {"clean", "rules", "personal data", "near-copies"}
    one, two = builds.rows
    assert one.result == two.result and one.precision == "1 process"
    assert len(odd.rows) == 12 and all(row.result for row in odd.rows)
