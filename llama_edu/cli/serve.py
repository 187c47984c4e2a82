"""`llama-edu serve`: a model over HTTP, for a browser and for every tool that speaks to OpenAI."""

from pathlib import Path
from typing import Annotated

import typer

from llama_edu.cli import talk


def serve(
    model: talk.Model = "smollm2-135m-instruct",
    host: Annotated[
        str, typer.Option(help="0.0.0.0: whoever reaches this machine may use the model.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8000,
    dtype: talk.Dtype = "auto",
) -> None:
    """Serve a model: a chat page, and OpenAI's chat completions at /v1, until Ctrl-C."""
    pretrained = talk._load(model, dtype)
    from llama_edu.serve import serve as run

    def say(url: str) -> None:
        print(f"{url} is a page to chat on; tools take {url}/v1 as their base URL", flush=True)
        talk.note.print("[dim]Ctrl-C ends it[/dim]")

    run(pretrained, _name(model), host, port, say)


def _name(model: str) -> str:
    """What clients call it: the name of a source, a file or a folder."""
    path = Path(model).expanduser()
    return (
        (path.stem if path.suffix == ".gguf" else path.resolve().name) if path.exists() else model
    )
