"""`llama-edu cost`: what a training would take, with each factor and where it comes from."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from llama_edu.cli.program import typed
from llama_edu.config import PRESETS
from llama_edu.footprint import (
    GPUS,
    GRID,
    PUE,
    bill,
    gpu_hours,
    inference_memory,
    training_flops,
    training_memory,
)

console = Console(highlight=False, markup=False)


def cost(
    preset: Annotated[str, typer.Option(help=f"Shape: {', '.join(PRESETS)}.")] = "llama-3-8b",
    tokens: Annotated[float, typer.Option(help="Read in training, such as 15e12.")] = 15e12,
    gpu: Annotated[str, typer.Option(help=f"Kind: {', '.join(GPUS)}.")] = "h100",
    mfu: Annotated[
        float, typer.Option(help="Share of the GPU's speed that is reached, 0 to 1.")
    ] = 0.4,
    gpus: Annotated[int, typer.Option(help="How many GPUs work at once.")] = 1024,
    context: Annotated[
        int | None, typer.Option(help="Tokens a text; what the shape allows, at most 8,192.")
    ] = None,
    pue: Annotated[
        float, typer.Option(help="What the data centre takes over its computers.")
    ] = PUE,
    grid: Annotated[float, typer.Option(help="kg CO2 equivalents a kWh.")] = GRID,
) -> None:
    """Say what a training would cost: operations, days, memory, electricity, carbon."""
    for name, value, known in (("preset", preset, PRESETS), ("gpu", gpu, GPUS)):
        if value not in known:
            raise ValueError(f"--{name}={value} must be one of {', '.join(known)}")
    if tokens <= 0 or gpus < 1:
        raise ValueError(f"--tokens={tokens:g} must be positive, and --gpus={gpus} at least 1")
    config, kind = PRESETS[preset], GPUS[gpu]
    context = min(config.max_seq_len, 8192) if context is None else context
    if not 1 <= context <= config.max_seq_len:
        raise ValueError(f"--context={context} must be from 1 to {config.max_seq_len:,}")
    rule, exact = training_flops(config, tokens), training_flops(config, tokens, context)
    hours = gpu_hours(rule, kind, mfu)
    due = bill(hours, kind.watts, pue, grid)
    fixed = sum(
        training_memory(config, 1, 1)[part] for part in ("weights", "gradients", "optimizer")
    )
    per_text = training_memory(config, 1, context)["activations"]
    answering = inference_memory(config, 1, context)
    table = Table(
        title=f"{preset}, {tokens:g} tokens on {gpus:,} × {kind.name}", title_justify="left"
    )
    for name in ("what", "how much", "how it is found"):
        table.add_column(name, justify="right" if name == "how much" else "left")
    for row in (
        ("parameters N", f"{config.n_params:,}", "exact, from the shape"),
        ("tokens a parameter", f"{tokens / config.n_params:,.0f}", "about 20 is cheapest to train "
         "(arXiv:2203.15556)"),
        ("operations", f"{rule:.3g}", "6 · N · tokens (arXiv:2001.08361)"),
        ("", f"{exact:.3g}", f"with attention over {context:,} tokens, without norms and table"),
        ("GPU hours", f"{hours:,.0f}", f"operations / ({kind.flops:.3g} a second · MFU {mfu:g})"),
        ("days", f"{hours / gpus / 24:,.1f}", f"on {gpus:,} GPUs that never stop"),
        ("electricity", f"{due.kwh / 1000:,.1f} MWh", f"GPU hours · {kind.watts:g} W · PUE {pue:g} "
         "(arXiv:2302.13971, sec. 6)"),
        ("carbon", f"{due.kg / 1000:,.1f} t CO2e", f"MWh · {grid:g}: the grid decides, 0 to 1"),
        ("memory, training", f"{fixed / 1e9:,.0f} GB", "16 bytes a parameter (AdamW, fp32)"),
        ("", f"+ {per_text / 1e9:,.1f} GB", f"activations of a text of {context:,} tokens in bf16"),
        ("memory, answering", f"{answering['weights'] / 1e9:,.1f} GB", "weights in bf16"),
        ("", f"+ {answering['KV cache'] / 1e9:,.2f} GB", f"KV cache of {context:,} tokens"),
    ):  # fmt: skip
        table.add_row(*row)
    console.print(table)
    console.print(
        typed("Other factors: llama-edu cost --help. What they mean: lesson 24."), soft_wrap=True
    )
