"""From a model to a better one, in a folder that can be gone on with."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from llama_edu.data.batches import Batches, TokenFile
from llama_edu.evaluate import Score
from llama_edu.finetune.held_out import NAME as HELD_OUT
from llama_edu.finetune.held_out import last_answer, write_held_out
from llama_edu.finetune.instruct.examples import Example
from llama_edu.finetune.instruct.packing import ChatBatch, ChatBatches
from llama_edu.finetune.multitask import Mixture, mixture_rates
from llama_edu.finetune.scored import Scored, score_model, score_run
from llama_edu.finetune.tune.plan import EPSILON, NAME, Plan, Wishes, settings_for
from llama_edu.finetune.tune.start import write_start
from llama_edu.finetune.tune.tasks import CAP, material, set_aside
from llama_edu.pretrained import Pretrained, load_pretrained, locate
from llama_edu.train.adversarial import adversarial_softmax_loss
from llama_edu.train.journal import read_lines
from llama_edu.train.looks import held_out_batches
from llama_edu.train.step import seconds_a_step
from llama_edu.train.trainer import Outcome, Trainer

BATCH_TOKENS, BATCH_SIZE = 1024, 4
SHARE_OF_TIME = 0.8  # of the minutes, for steps
MAX_TOKENS = 1024  # of an example, where the model could read more
BEFORE = "before.json"


def prepare(run: Path, wishes: Wishes, say: Callable[[str], None] = print) -> None:
    """Make ready model, data and plan; everything that training needs lies in the folder then.

    Args:
        run: folder of the run; free, or left by a `prepare` that was ended.
        wishes: of the person.
        say: told what is done.

    Raises:
        FileExistsError: if the folder holds something else.
        FileNotFoundError, ValueError: if what is asked for is not there, or cannot be used.
    """
    if run.exists() and (
        not run.is_dir() or {entry.name for entry in run.iterdir()} - {"data", "start", BEFORE}
    ):
        hint = "; --resume goes on with it" if (run / NAME).exists() else ""
        raise FileExistsError(f"--out {run} is in use: choose another{hint}")
    path = locate(wishes.start)
    text = path.parent / "data"  # of a run of own text, whose model lies beside
    if wishes.stage == "adversarial" and not (text / "train.tokens").exists():
        raise ValueError(
            f"adversarial needs a run of `llama-edu train --text` to begin with: {wishes.start} "
            "has no data/train.tokens"
        )
    pretrained = load_pretrained(path, torch.float32)
    n_before = pretrained.model.config.vocab_size
    for line in write_start(pretrained, run / "start", talks=bool(wishes.tasks)):
        say(line)
    started = load_pretrained(run / "start", torch.float32)
    data, n_tokens = run / "data", _longest(started)
    if wishes.tasks:
        lines = [
            line
            for name in wishes.tasks
            for line in set_aside(name, started.tokenizer, n_tokens, wishes.seed, data)
        ]
        write_held_out(data, lines)
    else:
        shutil.copytree(text, data, dirs_exist_ok=True)
    if started.model.config.vocab_size == n_before:  # new tokens answer nothing yet
        scores = score_model(run, started).scores
        part = json.dumps({name: list(score) for name, score in scores.items()}, indent=2)
        (run / BEFORE).write_text(part + "\n", encoding="utf-8")
    plan = Plan(wishes.stage, wishes.start, wishes.tasks, settings_for(1, 1), wishes.seed)
    seconds = 0.0
    if wishes.n_steps is None:
        tried = trainer_of(run, plan, is_shown=False)
        seconds = seconds_a_step(tried.model, tried.loss, tried.batches.next)
    n_steps = wishes.n_steps or max(1, round(60 * SHARE_OF_TIME * wishes.minutes / seconds))
    settings = settings_for(n_steps, started.model.config.d_model)
    say(f"{wishes.stage}: {n_steps:,} steps" + (f" of {seconds:.2f} s" if seconds else ""))
    Plan(wishes.stage, wishes.start, wishes.tasks, settings, wishes.seed).save(run)


def trainer_of(run: Path, plan: Plan, is_shown: bool = True) -> Trainer:
    """The trainer of a prepared folder: the same from the same folder, for the first time or again.

    Raises:
        FileNotFoundError: if the folder was not prepared to the end.
    """
    started = load_pretrained(run / "start", torch.float32)
    model, tokenizer, data = started.model, started.tokenizer, run / "data"
    model.train()
    torch.manual_seed(plan.seed)
    if plan.stage == "adversarial":
        window = model.config.max_seq_len
        train = TokenFile(data / "train.tokens")
        size = min(BATCH_SIZE, max(1, (len(train) - 1) // window))
        batches = Batches(train, size, window, plan.seed, keeps_apart=False)
        held_out = held_out_batches(TokenFile(data / "held_out.tokens"), window, keeps_apart=False)
        loss = adversarial_softmax_loss(EPSILON, plan.settings.dtype(torch.device("cpu")))
    else:
        n_tokens, loss = _longest(started), None
        found = [material(name, tokenizer, n_tokens, plan.seed, data) for name in plan.tasks]
        of_task = {m.name: ChatBatches(m.pool, BATCH_TOKENS, seed=plan.seed) for m in found}
        rates = mixture_rates({m.name: m.size for m in found}, cap=CAP)
        batches = Mixture(of_task, rates, plan.seed) if len(found) > 1 else of_task[found[0].name]
        asked = [last_answer(tokenizer, line["messages"]) for line in read_lines(data / HELD_OUT)]
        held_out = _each_once(asked)
    return Trainer(
        run, model, batches, plan.settings, loss=loss, held_out=held_out, tokenizer=tokenizer,
        stage=plan.stage, is_shown=is_shown,
    )  # fmt: skip


def tune(run: Path, is_shown: bool = True) -> tuple[Outcome, dict[str, Score], Scored | None]:
    """Train in a prepared folder, from its last checkpoint if there is one.

    Returns:
        How it ended; the scores before, none where the model could not be asked; and what was
        found after, None where the run was ended before its end.

    Raises:
        FileNotFoundError: if the folder was not prepared to the end.
    """
    if not (run / NAME).exists():
        raise FileNotFoundError(f"there is nothing to resume in {run}: give --from to begin there")
    trainer = trainer_of(run, Plan.load(run), is_shown)
    if trainer.has_begun:
        trainer.resume()
    outcome, before = trainer.train(), {}
    if (run / BEFORE).exists():
        values = json.loads((run / BEFORE).read_text(encoding="utf-8"))
        before = {name: Score(*value) for name, value in values.items()}
    return outcome, before, score_run(run) if outcome.reason == "done" else None


def _each_once(examples: Sequence[Example]) -> list[ChatBatch]:
    batches, found, n_rows = ChatBatches(lambda number: examples, BATCH_TOKENS), [], 0
    while n_rows < len(examples):
        found.append(batches.next())
        n_rows += len(found[-1].inputs)
    return found


def _longest(pretrained: Pretrained) -> int:
    return min(pretrained.model.config.max_seq_len, MAX_TOKENS)
