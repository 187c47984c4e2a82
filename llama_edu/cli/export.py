"""`llama-edu export`: a model as one file or one folder that other programs run."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from llama_edu.cli.program import typed

DTYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}

console = Console(highlight=False, markup=False, soft_wrap=True)


def export(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Name of a source, a GGUF file, a Hugging Face or a Meta folder.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="A file that ends in .gguf, or a folder."),
    ],
    dtype: Annotated[
        str | None,
        typer.Option(help="f32, f16 or bf16; for GGUF also q4_0 and q8_0, its default."),
    ] = None,
) -> None:
    """Write a model with its tokenizer for other programs.

    OUT.gguf is for llama.cpp and its like; a folder is Hugging Face's, for transformers.
    """
    import torch

    from llama_edu.pretrained import load_pretrained
    from llama_edu.weights import save_gguf, save_hf

    is_file = out.suffix == ".gguf"
    known = [*DTYPES, "q8_0", "q4_0"] if is_file else list(DTYPES)
    dtype = dtype or ("q8_0" if is_file else "f32")
    if dtype not in known:
        raise ValueError(f"--dtype={dtype} must be one of {', '.join(known)} for {out.name}")
    if out.is_dir() if is_file else out.is_file():
        raise ValueError(f"OUT={out} is a {'folder' if is_file else 'file'}: choose another name")
    with Console(stderr=True).status(f"reading {model}"):
        found = load_pretrained(model, torch.float32)
    with Console(stderr=True).status(f"writing {out}"):
        if is_file:
            save_gguf(found.model, found.tokenizer, out, dtype)
            files = [out]
        else:
            found.tokenizer.save(out)
            save_hf(found.model, out, getattr(torch, DTYPES[dtype]))
            files = sorted(out.iterdir())
    size = sum(file.stat().st_size for file in files) / 1e6
    n_params = found.model.config.n_params
    console.print(f"{out}: {n_params:,} parameters as {dtype}, {size:.1f} MB")
    chats = found.tokenizer.chat_template is not None
    command = "chat" if chats else 'complete "Once upon a time"'
    console.print(typed(f"Next: llama-edu {command} --model {shlex.quote(str(out))}"))
