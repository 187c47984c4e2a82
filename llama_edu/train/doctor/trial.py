"""Where curves leave a doubt: the same run anew, shorter, with one thing changed.

A model that gets further in half the steps with another learning rate proves that the rate was
wrong; a curve alone does not.
"""

import time
from collections.abc import Callable

import torch
from torch import nn

from llama_edu.data.batches import Batches
from llama_edu.model.llama import Llama
from llama_edu.train.doctor.curves import pairs_loss, still_falls
from llama_edu.train.doctor.finding import Finding
from llama_edu.train.doctor.read import Run, loss_of_run
from llama_edu.train.loss import next_token_loss
from llama_edu.train.optim import Lamb, decay_groups
from llama_edu.train.schedule import warmup_cosine
from llama_edu.train.step import Step

AHEAD = 0.1  # nats by which a trial must end below the whole run
N_FEWEST = 10  # steps below which a trial says nothing


def settings(run: Run, seconds: float, say: Callable[[str], None]) -> Finding | None:
    """Try other rates, where the run has not got further than counting pairs of tokens does.

    A run without warm-up is tried with one, however far it got: its first steps need not show it.

    Args:
        run: with its data and a model.
        seconds: for all trials together, at most.
        say: told what is tried.
    """
    counted = pairs_loss(run)
    held_out = run.windows(run.held_out_file)
    if counted is None or run.model is None or not held_out or "seed" not in run.about["data"]:
        return None
    reached, (single, pairs) = loss_of_run(run, held_out), counted
    lr, n_warmup = run.settings["peak_lr"], run.settings["n_warmup"]
    is_behind = reached > pairs
    if n_warmup and not is_behind:
        return None
    n_steps = len(run.steps) // 2
    trials = [("not the settings", lr, n_warmup)] if is_behind else []
    if n_warmup == 0:
        trials.append(("no warm-up", lr, max(2, n_steps // 5)))
    if is_behind:
        trials.append(("learning rate too high", lr / 10, n_warmup))
        trials.append(("learning rate too low", lr * 10, n_warmup))
    ends, ahead = time.monotonic() + seconds, []
    for i, (name, rate, warmup) in enumerate(trials):
        ending = (ends - time.monotonic()) / (len(trials) - i) + time.monotonic()
        loss, n = _try(run, rate, min(warmup, n_steps // 2), n_steps, ending, held_out)
        say(f"trial: rate {rate:g}, warm-up {warmup}: {loss:.2f} after {n} steps")
        if loss < reached - AHEAD and n >= N_FEWEST:
            ahead.append((loss, n, name, rate, warmup))
            # At a rate too high chance alone can do better; so another rate is tried as well.
            if name != "not the settings":
                break
    if ahead:
        loss, n, name, rate, warmup = min(ahead)
        return Finding(
            name,
            f"The run ended at a held-out loss of {reached:.2f} after {len(run.steps)} steps at a "
            f"rate of {lr:g}, warm-up {n_warmup}. A new model of its shape came to {loss:.2f} in "
            f"{n} steps at a rate of {rate:g}, warm-up {warmup}.",
        )
    if not is_behind:
        return None
    return Finding(
        "underfitting",
        f"The held-out loss is {reached:.2f}, the training loss {run.last_loss:.2f}; counting "
        f"pairs of tokens gives {pairs:.2f}, single tokens {single:.2f}. Over the last quarter of "
        f"the run the loss fell by {still_falls(run):.2f}. No other rate that was tried helped.",
    )


def _try(
    run: Run, lr: float, n_warmup: int, n_steps: int, ends: float, held_out: list
) -> tuple[float, int]:
    """Held-out loss of a new model after so many steps, or when the time is over."""
    data, chosen = run.about["data"], run.settings
    torch.manual_seed(data["seed"] + 1)
    model = Llama(run.model.config)
    kind = {"adamw": torch.optim.AdamW, "lamb": Lamb}[chosen["optimizer"]]
    optimizer = kind(
        decay_groups(model, chosen["weight_decay"]), betas=tuple(chosen["betas"]), eps=chosen["eps"]
    )
    batches = Batches(run.train_file, data["batch_size"], data["n_tokens"], data["seed"] + 1)
    step, done = Step(model, next_token_loss, optimizer, 1.0), 0
    while done < n_steps and time.monotonic() < ends:
        done += 1
        parts = [batches.next() for _ in range(chosen["n_parts"])]
        step(parts, warmup_cosine(done, lr, n_warmup, n_steps, chosen["final_share"]))
    return _loss(model, held_out), done


@torch.no_grad()
def _loss(model: nn.Module, batches: list) -> float:
    total, n = map(sum, zip(*(next_token_loss(model, batch) for batch in batches), strict=True))
    return (total / n).item()
