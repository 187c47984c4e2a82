"""What came of a run, on one page: figures by hand to compare it with, samples, what it cost."""

import html
import io
import json
import math
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path

import jinja2
import torch
from matplotlib.figure import Figure

from llama_edu import plots
from llama_edu.config import ModelConfig
from llama_edu.evaluate import baselines, bits_per_byte
from llama_edu.footprint.compute import training_flops
from llama_edu.footprint.energy import bill
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train.journal import METRICS, SAMPLES, read_lines
from llama_edu.train.own_text.plan import Plan
from llama_edu.weights import load_hf

WATTS_A_CORE, WATTS_OF_A_GPU = 10.0, 400.0  # assumed, and the page says so
N_EARLIER = 4  # samples from before the end
N_SMOOTHED = 100  # points of the training curve, each the mean of its stretch


@dataclass(frozen=True)
class Results:
    """The numbers of the page.

    Args:
        bits_per_byte: name -> bits for each byte of the held-out text, the model's own first.
        n_tokens: read in training, repeats counted.
        seconds: of all steps together.
        flops: of the training, by the rule 6 (N + L H d T) a token.
        watts: assumed.
        wh: watt-hours at that.
    """

    bits_per_byte: dict[str, float]
    n_tokens: int
    seconds: float
    flops: float
    watts: float
    wh: float


def write_page(run: Path) -> Results:
    """Judge the model of a finished run, and write RUN/report.html and RUN/report.json.

    The model, the packers and the n-grams are judged by the same held-out text. The model reads it
    in windows of its own length, half of each new, so that all but the first tokens have at least
    half a window before them.
    """
    chosen = Plan.load(run / "plan.json")
    metrics, config = read_lines(run / METRICS), chosen.config
    steps = [line for line in metrics if "loss" in line]
    n_tokens = steps[-1]["n_tokens"]
    seconds = sum(line["seconds"] for line in steps)
    has_gpu = torch.cuda.is_available()
    watts = WATTS_OF_A_GPU if has_gpu else WATTS_A_CORE * chosen.n_threads
    results = Results(
        bits_per_byte=_judge(run, config), n_tokens=n_tokens, seconds=seconds,
        flops=training_flops(config, n_tokens, config.max_seq_len), watts=watts,
        wh=1000 * bill(seconds / 3600, watts, pue=1.0).kwh,
    )  # fmt: skip
    (run / "report.json").write_text(json.dumps(asdict(results), indent=2) + "\n", encoding="utf-8")
    page = _render(run, chosen, results, metrics, read_lines(run / SAMPLES))
    (run / "report.html").write_text(page, encoding="utf-8")
    return results


def talk_command(run: Path, prompt: str) -> str:
    """What to type to let the model write on."""
    words = shlex.join(["llama-edu", "complete", prompt, "--model", str(run)])
    return f"{words} --temperature 0.8"


def _judge(run: Path, config: ModelConfig) -> dict[str, float]:
    training, held_out = (
        (run / "data" / f"{name}.txt").read_text(encoding="utf-8")
        for name in ("training", "held_out")
    )
    model, tokenizer = load_hf(run / "model").eval(), BPETokenizer.load(run / "model")
    window = config.max_seq_len
    own = bits_per_byte(model, tokenizer, held_out, window, window // 2)
    return {"this model": own, **baselines(training, held_out)}


def _render(run: Path, chosen: Plan, results: Results, metrics: list, samples: list) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True
    )
    about = json.loads((run / "data" / "about.json").read_text(encoding="utf-8"))
    own, *others = results.bits_per_byte.values()
    last = [sample for sample in samples if sample["step"] == samples[-1]["step"]]
    earlier = [sample for sample in samples if sample["prompt"] == last[0]["prompt"]][:-1]
    better = sum(own < other for other in others)
    return environment.get_template("page.html").render(
        name=Path(about["text"]).name, about=about, config=chosen.config, results=results,
        settings=chosen.settings, n_better=better, n_others=len(others), last=last,
        before=earlier[:: max(1, len(earlier) // N_EARLIER)][:N_EARLIER],
        curve=_svg(_curve(metrics)),
        command=talk_command(run, chosen.settings.prompts[0]), n_threads=chosen.n_threads,
        has_gpu=torch.cuda.is_available(),
    )  # fmt: skip


def _curve(metrics: list[dict]) -> Figure:
    steps = [line for line in metrics if "loss" in line]
    looks = [line for line in metrics if "held_out_loss" in line]
    size = math.ceil(len(steps) / N_SMOOTHED)
    parts = [steps[i : i + size] for i in range(0, len(steps), size)]
    training = (
        [part[-1]["step"] for part in parts],
        [sum(line["loss"] for line in part) / len(part) for part in parts],
    )
    held_out = [line["step"] for line in looks], [line["held_out_loss"] for line in looks]
    first, last = held_out[1][0], held_out[1][-1]
    return plots.lines(
        {"training": training, "held out": held_out},
        title=f"The loss fell from {first:.2f} to {last:.2f} nats a token",
        x_label="step", y_label="loss (nats a token)", markers=False,
        alt=f"Loss by step: held out {first:.2f} at the start, {last:.2f} at the end.",
    )  # fmt: skip


def _svg(figure: Figure) -> str:
    """A figure as an element of the page, with its description for those who cannot see it."""
    drawing = io.StringIO()
    figure.savefig(drawing, format="svg", metadata={"Date": None})
    svg = drawing.getvalue()
    label = html.escape(figure.alt, quote=True)
    return svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
