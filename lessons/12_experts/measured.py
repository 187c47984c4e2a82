"""A mixture of experts beside dense models: equal in active parameters, in time, and in all.

Writes measured.json beside it, which the lesson shows: some minutes on one core, too long for a
notebook. Run it with `python lessons/12_experts/measured.py`.
"""

import inspect
import json
import math
import platform
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F

from llama_edu.config import Experts, ModelConfig
from llama_edu.data.documents import read_documents
from llama_edu.model.llama import Llama
from llama_edu.model.moe import balance_loss, recorded_routings
from llama_edu.train.schedule import warmup_cosine

T, N_STEPS, SEEDS = 128, 400, (1, 2, 3, 4, 5, 6)
DENSE = ModelConfig(
    vocab_size=256, d_model=64, n_layers=2, n_heads=4, n_kv_heads=4, d_ff=128, max_seq_len=T
)
# A shared expert and one of four: as many active as a dense one of 128, as many in all as 320.
MIXTURE = replace(DENSE, experts=Experts(n_experts=4, d_ff=64))
SWITCH = replace(MIXTURE, experts=replace(MIXTURE.experts, router="softmax"))
LARGE = replace(DENSE, d_ff=320)


def texts() -> dict[str, str]:
    """Four kinds of text."""
    dice = torch.Generator().manual_seed(0)
    numbers = torch.randint(1000, (50_000, 2), generator=dice).tolist()
    modules = sorted(Path(inspect.__file__).parent.glob("[a-f]*.py"))  # of Python's own library
    return {
        "Bible": "\n".join(document.text for document in read_documents("bible")),
        "Chinese": "\n".join(document.text for document in read_documents("sanguo")),
        "Python": "\n".join(path.read_text(encoding="utf-8") for path in modules),
        "sums": "".join(f"{a}+{b}={a + b}\n" for a, b in numbers),
    }


def pieces(numbers: torch.Tensor, n: int, dice: torch.Generator) -> torch.Tensor:
    starts = torch.randint(len(numbers) - T, (n, 1), generator=dice)
    return numbers[starts + torch.arange(T + 1)]


def new_model(config: ModelConfig, seed: int) -> Llama:
    """First weights four times larger than a `Llama` draws them: so small a model learns faster."""
    torch.manual_seed(seed)
    model = Llama(config)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.mul_(4)
    return model


def step(model: Llama, optimizer, batch: torch.Tensor, weight: float) -> list[float]:
    """One step; the largest load of each layer of experts."""
    with recorded_routings(model) as routings:
        logits = model(batch[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
    loss = loss + weight * sum(map(balance_loss, routings))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return [routing.loads().max().item() for routing in routings]


def run(config: ModelConfig, seed: int, weight: float = 0.0, n_steps: int = N_STEPS) -> dict:
    """Train on four pieces of each text a step; the loss on what was not read."""
    model, dice = new_model(config, seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), weight_decay=0.1)
    loads: list[list[float]] = []
    for number in range(n_steps):
        for group in optimizer.param_groups:
            group["lr"] = warmup_cosine(number + 1, LR, n_steps // 10, n_steps)
        batch = torch.cat([pieces(numbers, 4, dice) for numbers in TRAINING])
        loads.append(step(model, optimizer, batch, weight))
    with torch.no_grad():
        held_out = torch.cat(
            [pieces(numbers, 64, torch.Generator().manual_seed(0)) for numbers in HELD_OUT]
        )
        loss = F.cross_entropy(model(held_out[:, :-1]).flatten(0, 1), held_out[:, 1:].flatten())
    last = [sum(column) / 50 for column in zip(*loads[-50:], strict=True)]
    return {"loss": loss.item(), "largest_loads": last}


def seconds_a_step(configs: dict[str, ModelConfig]) -> dict[str, float]:
    """Of this processor alone, the models in turn, so that all meet the same noise."""
    dice = torch.Generator().manual_seed(0)
    batch = torch.cat([pieces(numbers, 4, dice) for numbers in TRAINING])
    models = {name: new_model(config, 0) for name, config in configs.items()}
    optimizers = {name: torch.optim.AdamW(m.parameters()) for name, m in models.items()}
    times: dict[str, list[float]] = {name: [] for name in configs}
    for _ in range(30):
        for name, model in models.items():
            started = time.process_time()
            step(model, optimizers[name], batch, 0.0)
            times[name].append(time.process_time() - started)
    return {name: sorted(values[5:])[12] for name, values in times.items()}


def main() -> None:
    torch.set_num_threads(1)
    seconds = seconds_a_step({"dense": DENSE, "mixture": MIXTURE, "large": LARGE})
    n_longer = math.ceil(N_STEPS * seconds["mixture"] / seconds["dense"])
    arms = {
        "dense, equal active": (DENSE, {}),
        "dense, equal seconds": (DENSE, {"n_steps": n_longer}),
        "dense, equal total": (LARGE, {}),
        "Llama 4's router": (MIXTURE, {}),
        "Llama 4's router, balanced": (MIXTURE, {"weight": 0.01}),
        "Switch's router, balanced": (SWITCH, {"weight": 0.01}),
    }
    rows = []
    for name, (config, options) in arms.items():
        results = [run(config, seed, **options) for seed in SEEDS]
        row = {
            "name": name, "n_params": config.n_params, "n_active": config.n_active_params,
            "n_steps": options.get("n_steps", N_STEPS),
            "losses": [round(result["loss"], 4) for result in results],
            "largest_loads": [
                [round(load, 3) for load in result["largest_loads"]] for result in results
            ],
        }  # fmt: skip
        print(row, flush=True)
        rows.append(row)
    about = {
        "seconds_a_step": {name: round(value, 4) for name, value in seconds.items()},
        "seeds": SEEDS, "torch": torch.__version__, "python": platform.python_version(),
    }  # fmt: skip
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n", encoding="utf-8")


LR = 1e-2
ALL = [torch.tensor(list(text.encode()[:500_000])) for text in texts().values()]
TRAINING, HELD_OUT = [x[: len(x) * 9 // 10] for x in ALL], [x[len(x) * 9 // 10 :] for x in ALL]

if __name__ == "__main__":
    main()
