"""From files to a model that writes like them, in a folder that can be gone on with."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from llama_edu.data.batches import Batches, TokenFile
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train.looks import held_out_batches
from llama_edu.train.own_text import page, plan
from llama_edu.train.own_text.divide import divide
from llama_edu.train.own_text.page import Results
from llama_edu.train.own_text.plan import Plan
from llama_edu.train.own_text.read import read_files
from llama_edu.train.own_text.survey import survey
from llama_edu.train.own_text.vocabulary import choose_size, learn_tokenizer, write_token_file
from llama_edu.train.trainer import Outcome, Trainer

N_PROMPTS = 2
PROMPT_CHARS = 24


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person may ask of a run; the rest is chosen for the text and the machine.

    Args:
        minutes: to spend, from the first file read to the page.
        n_steps: updates of the weights, whatever time they take; None to fit them to the minutes.
        preset: a shape by name, such as "tiny"; None to fit it to the minutes.
        seed: of the first weights, of the order of windows and of the held-out documents.

    Raises:
        ValueError: if a number is out of range.
    """

    minutes: float = 5.0
    n_steps: int | None = None
    preset: str | None = None
    seed: int = 0

    def __post_init__(self):
        if not 0 < self.minutes < float("inf"):
            raise ValueError(f"minutes must be positive, got {self.minutes}")
        if self.n_steps is not None and self.n_steps < 1:
            raise ValueError(f"n_steps must be at least 1, got {self.n_steps}")


def prepare(
    text: str | Path, run: Path, wishes: Wishes, say: Callable[[str], None] = print
) -> None:
    """Read, survey, divide, tokenize, plan; everything that training needs lies in the folder then.

    Args:
        text: file, folder, or name of a source.
        run: folder of the run; free, or left by a `prepare` that was ended.
        wishes: of the person.
        say: told each line of the report.

    Raises:
        FileExistsError: if the folder holds something else.
        FileNotFoundError: if there is no such text.
        ValueError: if it cannot be read, or is too short.
    """
    started, data = time.monotonic(), run / "data"
    if run.exists() and (not run.is_dir() or {entry.name for entry in run.iterdir()} - {"data"}):
        hint = "; --resume goes on with it" if (run / "plan.json").exists() else ""
        raise FileExistsError(f"--out {run} is in use: choose another{hint}")
    files = read_files(text)
    say(f"read {files.n_files:,} files")
    for name in files.passed_over:
        say(f"passed over: {name}")
    found = survey(files.documents)
    lines = found.lines()
    for line in lines:
        say(line)
    parts = divide(found.documents, wishes.seed)
    n_bytes = sum(len(each.encode()) for each in parts.training)
    vocab_size, why = choose_size(n_bytes, found.is_chinese)
    tokenizer = learn_tokenizer(parts.training, vocab_size)
    data.mkdir(parents=True, exist_ok=True)
    train = write_token_file(data / "train.tokens", parts.training, tokenizer)
    held_out = write_token_file(data / "held_out.tokens", parts.held_out, tokenizer)
    for name in ("training", "held_out"):
        (data / f"{name}.txt").write_text("\n\n".join(getattr(parts, name)), encoding="utf-8")
    tokenizer.save(data)
    per_token = n_bytes / len(train)
    lines += [
        f"vocabulary: {tokenizer.vocab_size:,} tokens of {per_token:.1f} bytes on average, {why}",
        f"held out: {parts.rule}, {len(held_out):,} tokens; to train on: {len(train):,} tokens",
    ]
    say(lines[-2])
    say(lines[-1])
    chosen = _plan(train, tokenizer, parts.held_out, wishes, time.monotonic() - started)
    lines.append(_forecast(chosen, len(train)))
    say(lines[-1])
    about = {"text": str(text), "lines": lines, "languages": found.languages}
    (data / "about.json").write_text(
        json.dumps(about, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    chosen.save(run / "plan.json")


def trainer_of(run: Path, is_shown: bool = True) -> Trainer:
    """The trainer of a prepared folder: the same from the same folder, for the first time or again.

    Raises:
        FileNotFoundError: if the folder was not prepared to the end.
    """
    if not (run / "plan.json").exists():
        raise FileNotFoundError(f"there is nothing to resume in {run}: give --text to begin there")
    chosen, data = Plan.load(run / "plan.json"), run / "data"
    device = _device()
    torch.set_num_threads(chosen.n_threads)
    window = chosen.config.max_seq_len
    train = TokenFile(data / "train.tokens")
    return Trainer(
        run, plan.new_model(chosen.config, chosen.seed).to(device),
        Batches(train, chosen.batch_size, window, chosen.seed, keeps_apart=False),
        chosen.settings,
        held_out=held_out_batches(TokenFile(data / "held_out.tokens"), window, keeps_apart=False),
        tokenizer=BPETokenizer.load(data), is_shown=is_shown,
    )  # fmt: skip


def train_own_text(run: Path, is_shown: bool = True) -> tuple[Outcome, Results | None]:
    """Train in a prepared folder, from its last checkpoint if there is one, and write its page.

    Returns:
        How it ended, and the numbers of the page; None where the run was ended before its end.

    Raises:
        FileNotFoundError: if the folder was not prepared to the end.
    """
    trainer = trainer_of(run, is_shown)
    if trainer.has_begun:
        trainer.resume()
    outcome = trainer.train()
    return outcome, page.write_page(run) if outcome.reason == "done" else None


def first_prompt(run: Path) -> str:
    """What the samples of a run begin with."""
    return Plan.load(run / "plan.json").settings.prompts[0]


def _plan(
    train: TokenFile, tokenizer: BPETokenizer, held_out: Sequence[str], wishes: Wishes, spent: float
) -> Plan:  # fmt: skip
    device, n_tokens = _device(), len(train)
    seconds = max(60 * wishes.minutes * plan.SHARE_OF_TIME - spent, 1.0)
    batch_size = plan.BATCH_SIZE
    if wishes.preset is None:
        config, n_steps, speed, n_threads, rule = plan.fit(
            tokenizer.vocab_size, n_tokens, seconds, device
        )
    else:
        config = plan.preset_shape(wishes.preset, tokenizer.vocab_size)
        speed, n_threads = plan.fastest_threads(config, batch_size, device)
        n_steps = plan.affordable_steps(config, speed, seconds, n_tokens)
        rule = f"preset {wishes.preset}, {speed:,.0f} tokens/s measured"
    n_steps = wishes.n_steps or n_steps
    batch_size = min(batch_size, max(1, (n_tokens - 1) // config.max_seq_len))
    settings = replace(plan.settings_for(config, n_steps, speed), prompts=_prompts(held_out))
    return Plan(config, settings, batch_size, wishes.seed, speed, n_threads, rule)


def _forecast(chosen: Plan, n_train: int) -> str:
    """How long it will take here."""
    n_tokens = chosen.settings.n_steps * chosen.tokens_per_step
    minutes = n_tokens / chosen.tokens_per_second / 60
    return (
        f"model: {chosen.config.n_params:,} parameters ({chosen.rule}); "
        f"{chosen.settings.n_steps:,} steps of {chosen.tokens_per_step:,} tokens, the text "
        f"{n_tokens / n_train:.1f} times over, about {minutes:.1f} minutes here"
    )


def _prompts(held_out: Sequence[str]) -> tuple[str, ...]:
    """Beginnings of held-out lines, for the model to write on: what it has never seen."""
    lines = [line.strip() for text in held_out for line in text.splitlines()]
    long = [line for line in lines if len(line) > 2 * PROMPT_CHARS] or [x for x in lines if x]
    chosen = [long[i * len(long) // N_PROMPTS] for i in range(N_PROMPTS)]
    starts = (
        line[:PROMPT_CHARS].rpartition(" ")[0] or line[: PROMPT_CHARS // 3] for line in chosen
    )
    return tuple(dict.fromkeys(starts))


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
