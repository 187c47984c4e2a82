"""What tasks do to each other in the story world, over seeds: too long for the notebook.

Writes measured.json beside it, which the lesson shows. Run it with
`python lessons/18_multitask/measured.py`: some minutes on one core.
"""

import json
import random
import re
from itertools import count, islice
from pathlib import Path

import torch

from llama_edu.config import ModelConfig
from llama_edu.data.stories import NAMES, tell_story
from llama_edu.finetune.instruct.packing import ChatBatch
from llama_edu.finetune.instruct.world import tasks
from llama_edu.finetune.multitask import Mixture, mixture_rates
from llama_edu.model.llama import Llama
from llama_edu.train.loss import IGNORED, next_token_loss

N_ROWS, N_LARGE, N_SMALL, N_TEST = 16, 6000, 60, 500
N_STEPS = 180  # for each task that is learned
SEEDS = (1, 2, 3)
WIDTHS = {"wide": (32, 4, 0.004), "narrow": (12, 2, 0.008)}  # d_model, heads, learning rate
WORDS: dict[str, int] = {"": 0}  # a word gets its id when it is first met


def ids(text: str) -> list[int]:
    return [WORDS.setdefault(word, len(WORDS)) for word in re.findall(r"\w+|[.?]", text)]


def rows(kind: str, first_story: int):
    """Without end: the tokens of a story of four events and a question, and the answer's token."""
    dice = random.Random(first_story)
    for number in count(first_story):
        story = tell_story(number, 4)
        for task in tasks(story, dice, ("count" if kind == "count" else "who has",))[:1]:
            questions = {
                "who": task.question,
                "holder": f"Name the holder of the {task.subject}.",
                "count": "How often does somebody go?",
            }
            yield ids(f"{story.text} {questions[kind]}"), *ids(task.answer)


class Rows:
    """Batches of 16 rows drawn at random from those of a task."""

    def __init__(self, data, seed):
        self.data, self.dice = data, random.Random(seed)

    def next(self) -> ChatBatch:
        return batch(self.dice.choices(self.data, k=N_ROWS))


def batch(some) -> ChatBatch:
    inputs = torch.zeros(len(some), max(len(tokens) for tokens, _ in some), dtype=torch.long)
    targets = torch.full_like(inputs, IGNORED)
    for r, (tokens, answer) in enumerate(some):
        inputs[r, : len(tokens)] = torch.tensor(tokens)
        targets[r, len(tokens) - 1] = answer
    return ChatBatch(inputs, targets, torch.zeros_like(inputs))


@torch.no_grad()
def score(model, data) -> float:
    test = batch(data)
    asked = test.targets != IGNORED
    right = model(test.inputs)[asked].argmax(-1) == test.targets[asked]
    return round(right.float().mean().item(), 3)


def run(data, rates, n_steps: int, seed: int, width: str = "wide") -> dict[str, float]:
    """Train on tasks at these rates; the share of right answers of each on unseen stories."""
    torch.manual_seed(seed)
    d_model, n_heads, lr = WIDTHS[width]
    model = Llama(
        ModelConfig(
            vocab_size=len(WORDS), d_model=d_model, n_layers=2, n_heads=n_heads,
            n_kv_heads=n_heads, d_ff=5 * d_model // 2, max_seq_len=64, tie_embeddings=True,
        )
    )  # fmt: skip
    mixture = Mixture({name: Rows(data[name], seed) for name in rates}, rates, seed)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.99), weight_decay=0.1)
    for step in range(n_steps):
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1, (step + 1) / 20, (n_steps - step) / (0.4 * n_steps))
        total, n = next_token_loss(model, mixture.next())
        optimizer.zero_grad()
        (total / n).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return {name: score(model, TEST[name]) for name in rates}


def arms():
    """Experiment, arm, data, rates, steps, width."""
    large = {name: TRAINING[name] for name in ("who", "count")}
    few = {"who": large["who"][:N_SMALL], "count": large["count"]}
    sizes = {name: len(data) for name, data in few.items()}
    for width in WIDTHS:
        for name in large:
            yield "together", f"{name} alone", large, {name: 1.0}, N_STEPS, width
        both = {"who": 0.5, "count": 0.5}
        yield "together", "both", large, both, 2 * N_STEPS, width
    for temperature in (1.0, 2.0, float("inf")):
        rates = mixture_rates(sizes, temperature)
        yield "sizes", f"T = {temperature:g}", few, rates, 2 * N_STEPS, "wide"
    yield "sizes", "small one alone", few, {"who": 1.0}, 2 * N_STEPS, "wide"
    asked = {**large, "holder": TRAINING["holder"][:N_SMALL]}
    yield "transfer", "alone", asked, {"holder": 1.0}, N_STEPS, "wide"
    for other in large:
        rates = {"holder": 0.5, other: 0.5}
        yield "transfer", f"with {other}", asked, rates, 2 * N_STEPS, "wide"


def shortcuts() -> dict[str, float]:
    """Right answers of two rules that understand nothing: the last name, the commonest number."""
    names = {WORDS[name] for name in NAMES if name in WORDS}
    last = [[i for i in tokens if i in names][-1] == answer for tokens, answer in TEST["who"]]
    answers = [answer for _, answer in TEST["count"]]
    commonest = max(map(answers.count, set(answers)))
    return {"who": round(sum(last) / N_TEST, 3), "count": round(commonest / N_TEST, 3)}


def main() -> None:
    torch.set_num_threads(1)
    table = [{"experiment": e, "arm": a, "width": w, "rates": r, "steps": n, "scores": []}
             for e, a, _, r, n, w in arms()]  # fmt: skip
    for seed in SEEDS:
        for row, (_, arm, data, rates, n_steps, width) in zip(table, arms(), strict=True):
            row["scores"].append(run(data, rates, n_steps, seed, width))
            print(seed, width, arm, row["scores"][-1], flush=True)
        about = {
            "seeds": SEEDS[: SEEDS.index(seed) + 1], "n_small": N_SMALL, "n_large": N_LARGE,
            "n_test": N_TEST, "shortcuts": shortcuts(), "torch": torch.__version__,
        }  # fmt: skip
        path = Path(__file__).with_suffix(".json")
        path.write_text(json.dumps({**about, "rows": table}, indent=1) + "\n", encoding="utf-8")


KINDS = ("who", "count", "holder")
TRAINING = {kind: list(islice(rows(kind, 0), N_LARGE)) for kind in KINDS}
TEST = {kind: list(islice(rows(kind, 10_000_000), N_TEST)) for kind in KINDS}
SEEN = {tuple(tokens) for data in TRAINING.values() for tokens, _ in data}
TEST = {kind: [row for row in data if tuple(row[0]) not in SEEN] for kind, data in TEST.items()}

if __name__ == "__main__":
    main()
