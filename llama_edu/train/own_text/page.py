"""What came of a run, on one page: figures by hand to compare it with, samples, what it cost."""

import json
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path

from llama_edu.config import ModelConfig
from llama_edu.evaluate import baselines, bits_per_byte
from llama_edu.tokenizer.bpe import BPETokenizer
from llama_edu.train import report
from llama_edu.train.journal import METRICS, SAMPLES, read_lines
from llama_edu.train.own_text.plan import Plan
from llama_edu.weights import load_hf

N_EARLIER = 4  # samples from before the end


@dataclass(frozen=True)
class Results:
    """The numbers of the page.

    Args:
        bits_per_byte: name -> bits for each byte of the held-out text, the model's own first.
        cost: of the training.
    """

    bits_per_byte: dict[str, float]
    cost: report.Cost


def write_page(run: Path) -> Results:
    """Judge the model of a finished run, and write RUN/report.html and RUN/report.json.

    The model, the packers and the n-grams are judged by the same held-out text. The model reads it
    in windows of its own length, half of each new, so that all but the first tokens have at least
    half a window before them.
    """
    chosen = Plan.load(run / "plan.json")
    metrics, config = read_lines(run / METRICS), chosen.config
    steps = [line for line in metrics if "loss" in line]
    seconds = sum(line["seconds"] for line in steps)
    results = Results(
        _judge(run, config), report.cost(config, steps[-1]["n_tokens"], seconds, chosen.n_threads)
    )
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
    about = json.loads((run / "data" / "about.json").read_text(encoding="utf-8"))
    own, *others = results.bits_per_byte.values()
    last = [sample for sample in samples if sample["step"] == samples[-1]["step"]]
    earlier = [sample for sample in samples if sample["prompt"] == last[0]["prompt"]][:-1]
    return report.render(
        Path(__file__).with_name("page.html"),
        name=Path(about["text"]).name, about=about, config=chosen.config, results=results,
        n_better=sum(own < other for other in others), n_others=len(others), last=last,
        before=earlier[:: max(1, len(earlier) // N_EARLIER)][:N_EARLIER],
        curve=report.svg(report.loss_curve(metrics)), cost=results.cost,
        command=talk_command(run, chosen.settings.prompts[0]),
    )  # fmt: skip
