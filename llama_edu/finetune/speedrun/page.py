"""The page of a speedrun: curves, scores by kind and by length, what it rests on, what it cost."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from matplotlib.figure import Figure

from llama_edu import plots
from llama_edu.config import ModelConfig
from llama_edu.evaluate.scores import wilson
from llama_edu.finetune.instruct.recipe import BATCH_TOKENS
from llama_edu.finetune.instruct.world import KINDS, QUESTIONS
from llama_edu.finetune.speedrun.plan import Plan
from llama_edu.train import report
from llama_edu.train.journal import ABOUT, METRICS, read_lines

HINTS = Path(__file__).with_name("hints.json")  # of `python -m benchmarks.hints`
STAGES = ("pretrain", "instruct")
GOAL, LEAST = 0.90, 0.80  # pooled over the three kinds of question, and each of them
Counts = Sequence[int]  # right, and of how many


def share_over_seeds(counts: Sequence[Counts]) -> tuple[float, float, float]:
    """The mean share over seeds, from the lowest to the highest end of the seeds' own intervals.

    Each seed has Wilson's interval of 95 % for its questions; the range holds all of them, so that
    both the choice of questions and that of seeds are in it.

    Args:
        counts: right answers and questions of each seed.
    """
    ends = [wilson(right, n) for right, n in counts]
    mean = sum(right / n for right, n in counts) / len(counts)
    return mean, min(low for low, _ in ends), max(high for _, high in ends)


def pooled(kinds: Mapping[str, Counts]) -> list[int]:
    """Right answers and questions of the three kinds together."""
    return [sum(kinds[kind][i] for kind in QUESTIONS if kind in kinds) for i in (0, 1)]


def write_page(run: Path) -> dict:
    """Write RUN/report.html and RUN/report.json of a speedrun whose seeds are all judged."""
    plan = Plan.load(run)
    scores = [_json(run / f"seed-{seed}" / "scores.json") for seed in range(plan.n_seeds)]
    base = _json(run / "baselines.json")
    metrics = {
        stage: [read_lines(run / f"seed-{s}" / stage / METRICS) for s in range(plan.n_seeds)]
        for stage in STAGES
        if (run / "seed-0" / stage).exists()
    }
    config = ModelConfig(**_json(run / "seed-0" / "instruct" / ABOUT)["model"])
    step_seconds = sum(
        line.get("seconds", 0) for runs in metrics.values() for lines in runs for line in lines
    )
    cost = report.cost(
        config, plan.n_seeds * plan.recipe.n_steps * BATCH_TOKENS, step_seconds, 1, n_context=128
    )
    rows = {"three questions": [pooled(score["kinds"]) for score in scores]}
    rows |= {kind: [score["kinds"][kind] for score in scores] for kind in scores[0]["kinds"]}
    rows |= {"pairs not trained on": [score["new"] for score in scores]}
    rows = {name: counts for name, counts in rows.items() if all(n for _, n in counts)}
    lengths = {n: [score["lengths"][n] for score in scores] for n in scores[0]["lengths"]}
    calls = read_lines(run / "calls.jsonl")
    numbers = {
        "scores": {name: [right / n for right, n in counts] for name, counts in rows.items()},
        "ranges": {name: share_over_seeds(counts) for name, counts in rows.items()},
        "lengths": {n: share_over_seeds(counts) for n, counts in lengths.items()},
        "n_questions": rows["three questions"][0][1],
        "bits_per_byte": _bits(scores, base),
        "wall_seconds": sum(call["seconds"] for call in calls),
        "cost": asdict(cost),
    }
    (run / "report.json").write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    page = report.render(
        Path(__file__).with_name("page.html"),
        plan=plan, recipe=plan.recipe, numbers=numbers, rows=rows, questions=QUESTIONS, cost=cost,
        left_out=[kind for kind in KINDS if kind not in plan.recipe.kinds],
        n_bytes=base["n_bytes"], n_calls=len(calls), n_cores=calls[-1]["n_cores"],
        is_reached=reached(numbers), goal=GOAL, least=LEAST, hints=_hints(),
        curves=[report.svg(_curve(stage, runs)) for stage, runs in metrics.items()],
        by_kind=report.svg(_by_kind(numbers)), by_length=report.svg(_by_length(numbers)),
        answers=scores[0]["answers"], command=talk_command(run),
    )  # fmt: skip
    (run / "report.html").write_text(page, encoding="utf-8")
    return numbers


def reached(numbers: Mapping) -> bool:
    """Whether the mean over seeds is as good as it was meant to be."""
    mean = {name: values[0] for name, values in numbers["ranges"].items()}
    return mean["three questions"] >= GOAL and all(mean[kind] >= LEAST for kind in QUESTIONS)


def talk_command(run: Path) -> str:
    """What to type to ask the first model about a story that it has not seen."""
    answers = _json(run / "seed-0" / "scores.json")["answers"]
    shown = next(iter([*answers["right"], *answers["wrong"]]))
    words = ["llama-edu", "chat", str(run / "seed-0" / "instruct")]
    return shlex.join([*words, "--about", shown["story"], "--ask", shown["question"]])


def _json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def _hints() -> dict | None:
    return _json(HINTS) if HINTS.exists() else None


def _bits(scores: Sequence[dict], base: dict) -> dict[str, float]:
    own = {
        f"this model, {name}": sum(s["bits_per_byte"][name] for s in scores) / len(scores)
        for name in scores[0]["bits_per_byte"]
    }
    return own | base["bits_per_byte"]


def _curve(stage: str, runs: Sequence[list[dict]]) -> Figure:
    looks = [[line for line in lines if "held_out_loss" in line] for lines in runs]
    curves = {
        f"seed {seed}": ([x["step"] for x in lines], [x["held_out_loss"] for x in lines])
        for seed, lines in enumerate(looks)
    }
    first, last = (sum(lines[i]["held_out_loss"] for lines in looks) / len(looks) for i in (0, -1))
    what = {"pretrain": "stories", "instruct": "answers"}[stage]
    return plots.lines(
        curves, title=f"{stage.title()}: loss of held-out {what} from {first:.2f} to {last:.2f}",
        x_label="step of the stage", y_label="loss (nats a token)", markers=False, y_from_zero=True,
        alt=f"Held-out loss of {what} by step, a line a seed: {first:.2f}, then {last:.2f}.",
    )  # fmt: skip


def _by_kind(numbers: Mapping) -> Figure:
    ranges = numbers["ranges"]
    worst = min(QUESTIONS, key=lambda kind: ranges[kind][0] if kind in ranges else 1.0)
    return plots.intervals(
        ranges, title=f"Three questions {ranges['three questions'][0]:.0%}, hardest: {worst} "
        f"{ranges[worst][0]:.0%}",
        x_label="exact match on unseen worlds", alt="; ".join(
            f"{name} {mean:.2f} ({low:.2f} to {high:.2f})"
            for name, (mean, low, high) in ranges.items()
        ),
    )  # fmt: skip


def _by_length(numbers: Mapping) -> Figure:
    lengths = {f"{n} events": values for n, values in numbers["lengths"].items()}
    (first, *_, last) = lengths.values()
    return plots.intervals(
        lengths, title=f"Shortest stories {first[0]:.0%}, longest {last[0]:.0%}",
        x_label="exact match of the three questions", alt="; ".join(
            f"{name} {mean:.2f} ({low:.2f} to {high:.2f})"
            for name, (mean, low, high) in lengths.items()
        ),
    )  # fmt: skip
