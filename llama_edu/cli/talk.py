"""`llama-edu chat` and `complete`: a real LLaMA, run by this package, in the terminal."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from llama_edu.cli.program import typed

if TYPE_CHECKING:
    from llama_edu.pretrained import Pretrained

FIRST_QUESTION = "What is the water cycle?"  # answered rightly, and to the end
COMMANDS = "/reset forgets the conversation, /quit leaves, Ctrl-C stops an answer"

Model = Annotated[
    str,
    typer.Option(
        help="Name of a source (llama-edu data list), a GGUF file, a Hugging Face folder, "
        "a Meta folder, or a run of training."
    ),
]
MaxNewTokens = Annotated[int, typer.Option(min=1, help="Most tokens to write.")]
Temperature = Annotated[float, typer.Option(min=0, help="0: always the likeliest token.")]
TopK = Annotated[int | None, typer.Option(min=1, help="Sample among the k likeliest tokens.")]
TopP = Annotated[float | None, typer.Option(help="... among those that reach this probability.")]
MinP = Annotated[float | None, typer.Option(help="... at least this fraction of the likeliest.")]
RepetitionPenalty = Annotated[float, typer.Option(help="Above 1: repeat less.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same words.")]
Dtype = Annotated[str, typer.Option(help="auto, fp32 or bf16; auto measures which is faster.")]
Fast = Annotated[
    bool, typer.Option("--fast", help="Compile first: some seconds, then several times as fast.")
]

note = Console(stderr=True, highlight=False)


def complete(
    text: Annotated[str, typer.Argument(help="The beginning; the model writes on.")],
    model: Model = "smollm2-135m-instruct",
    max_new_tokens: MaxNewTokens = 100,
    temperature: Temperature = 0.0,
    top_k: TopK = None,
    top_p: TopP = None,
    min_p: MinP = None,
    repetition_penalty: RepetitionPenalty = 1.0,
    stop: Annotated[list[str] | None, typer.Option(help="Text that ends the answer.")] = None,
    seed: Seed = None,
    dtype: Dtype = "auto",
    fast: Fast = False,
) -> None:
    """Continue a text."""
    if not text:
        raise ValueError("TEXT must not be empty: the model writes on from it")
    _check(temperature, top_k, top_p, min_p, repetition_penalty)
    pretrained = _load(model, dtype)
    pieces = _answer(
        pretrained, pretrained.text_ids(text), max_new_tokens, stop or (), seed,
        temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p,
        repetition_penalty=repetition_penalty, compiled=fast,
    )  # fmt: skip
    _show([text])
    _show(pieces)
    print()


def chat(
    run: Annotated[
        str | None, typer.Argument(help="Folder of a run that was tuned; or what --model takes.")
    ] = None,
    model: Model = "smollm2-135m-instruct",
    about: Annotated[
        str | None, typer.Option(help="A text to talk about, put before the first question.")
    ] = None,
    ask: Annotated[str | None, typer.Option(help="A first question, asked for you.")] = None,
    system: Annotated[str | None, typer.Option(help="Tell the model who it is.")] = None,
    max_new_tokens: Annotated[
        int | None, typer.Option(min=1, help="Most tokens of an answer; 300 where they fit.")
    ] = None,
    temperature: Temperature = 0.2,
    top_k: TopK = None,
    top_p: TopP = 0.9,
    min_p: MinP = None,
    repetition_penalty: RepetitionPenalty = 1.0,
    seed: Seed = 0,
    dtype: Dtype = "auto",
    fast: Fast = False,
) -> None:
    """Talk with a model in its own chat template."""
    _check(temperature, top_k, top_p, min_p, repetition_penalty)
    pretrained = _load(run or model, dtype)
    if max_new_tokens is None:  # half of a small window is for what was said
        max_new_tokens = min(300, pretrained.model.config.max_seq_len // 2)
    opening = [{"role": "system", "content": system}] if system else []
    messages = list(opening)
    note.print(f"[dim]{COMMANDS}[/dim]")
    for question in _questions(ask):
        if question == "/quit":
            break
        if question == "/reset":
            messages = list(opening)
            note.print("[dim]The conversation is forgotten.[/dim]")
        elif question.startswith("/"):
            note.print(f"[dim]{question} is no command: {COMMANDS}.[/dim]")
        else:
            asked = [*messages, {"role": "user", "content": question}]
            try:
                tokens = _fit(pretrained, asked, max_new_tokens, len(opening), about)
                pieces = _answer(
                    pretrained, tokens, max_new_tokens, (), seed,
                    temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p,
                    repetition_penalty=repetition_penalty, compiled=fast,
                )  # fmt: skip
                messages = [*asked, {"role": "assistant", "content": _show(pieces)}]
            except ValueError as error:  # this question cannot be taken: what was said before stays
                note.print(f"(not answered: {error})", style="dim", markup=False)
            print("\n")
    note.print(typed('[dim]Next: [/dim]llama-edu complete "Once upon a time"'))


def ask_once(question: str = FIRST_QUESTION) -> None:
    """Let the default model answer one question: always its likeliest words, to the end."""
    pretrained = _load("smollm2-135m-instruct", "fp32")  # the same words on every machine
    print(f"you> {question}")
    tokens = pretrained.chat_ids([{"role": "user", "content": question}])
    for piece in _answer(pretrained, tokens, 150, (), seed=0, temperature=0.0):
        print(piece, end="", flush=True)  # Ctrl-C ends all, as it does elsewhere in `start`
    print("\n")


def _check(*settings: float | None) -> None:
    """Refuse what no model can sample with, before one is loaded."""
    with note.status("loading PyTorch"):
        from llama_edu.generate.sampling import check_settings
    check_settings(*settings)


def _load(model: str, dtype: str) -> "Pretrained":
    """Load with a line that moves while it lasts; torch is imported here, not at start-up."""
    dtypes = {"auto": None, "fp32": "float32", "bf16": "bfloat16"}
    if dtype not in dtypes:
        raise ValueError(f"--dtype must be one of {', '.join(dtypes)}, got {dtype!r}")
    if model.endswith(".gguf") and not Path(model).expanduser().is_file():
        raise FileNotFoundError(f"there is no file {model}")
    with note.status("loading PyTorch"):
        import torch

        from llama_edu.pretrained import load_pretrained, locate
    path = locate(model)  # may download, with a progress bar of its own
    started = time.perf_counter()
    with note.status(f"loading {model}"):
        pretrained = load_pretrained(path, dtypes[dtype] and getattr(torch, dtypes[dtype]))
    name = str(pretrained.model.embedding.weight.dtype).removeprefix("torch.")
    seconds, n_params = time.perf_counter() - started, pretrained.model.config.n_params
    note.print(f"[dim]{n_params:,} parameters in {name}, loaded in {seconds:.1f} s[/dim]")
    return pretrained


def _answer(
    pretrained: "Pretrained", tokens: list[int], max_new_tokens: int,
    stop_strings: Iterable[str], seed: int | None, **settings,
) -> Iterator[str]:  # fmt: skip
    import torch

    from llama_edu.generate import stream_text

    generator = torch.Generator(pretrained.model.embedding.weight.device)
    generator.seed() if seed is None else generator.manual_seed(seed)
    return stream_text(
        pretrained.model, pretrained.tokenizer, tokens, max_new_tokens,
        [*stop_strings, *pretrained.stop_strings],
        stop=pretrained.stop_ids, generator=generator, **settings,
    )  # fmt: skip


def _fit(
    pretrained: "Pretrained", messages: list[dict], max_new_tokens: int, n_fixed: int,
    about: str | None = None,
) -> list[int]:  # fmt: skip
    """Ids of the conversation; its oldest turns are forgotten where it outgrows the context."""

    def ids() -> list[int]:
        opened = [dict(message) for message in kept]
        if about:
            opened[n_fixed]["content"] = f"{about}\n{opened[n_fixed]['content']}"
        return pretrained.chat_ids(opened)

    max_seq_len = pretrained.model.config.max_seq_len
    kept = list(messages)
    tokens = ids()
    while len(tokens) > max_seq_len - max_new_tokens:
        if len(kept) <= n_fixed + 1:  # nothing is left to forget but the question itself
            raise ValueError(
                f"a question of {len(tokens)} tokens with the template, and an answer of "
                f"{max_new_tokens}, exceed the model's context of {max_seq_len}: ask a shorter one"
            )
        del kept[n_fixed : n_fixed + 2]  # a question and its answer
        tokens = ids()
    for _ in range(n_fixed, n_fixed + len(messages) - len(kept), 2):
        note.print("[dim](the oldest question and answer no longer fit and are forgotten)[/dim]")
    messages[:] = kept
    return tokens


def _questions(first: str | None) -> Iterator[str]:
    """The first question, then what is typed, until end of input."""
    is_typed = sys.stdin.isatty()
    if hasattr(sys.stdin, "reconfigure"):  # bytes that are no text must not lose what follows
        sys.stdin.reconfigure(errors="surrogateescape")
    if first and _is_text(first):
        print(f"you> {first}")
        yield first
    while True:
        try:
            question = input("you> " if is_typed else "").strip()
            if not _is_text(question):
                continue
        except KeyboardInterrupt:
            note.print("\n[dim]/quit leaves[/dim]")
            continue
        except EOFError:
            if is_typed:
                print()
            return
        if question and not is_typed:
            print(f"you> {question}")
        if question:
            yield question


def _is_text(question: str) -> bool:
    """Whether what was typed can be read; if not, it is said in one line."""
    try:
        question.encode("utf-8")
        return True
    except UnicodeEncodeError as error:
        encoding = getattr(sys.stdin, "encoding", None) or "utf-8"
        note.print(
            f"[dim](not asked: character {error.start + 1} cannot be read as {encoding})[/dim]"
        )
        return False


def _show(pieces: Iterable[str]) -> str:
    """Print text as it comes; Ctrl-C ends it early and keeps what was said."""
    shown = ""
    try:
        for piece in pieces:
            print(piece, end="", flush=True)
            shown += piece
    except KeyboardInterrupt:
        note.print(" [dim](stopped)[/dim]", end="")
    except Exception:
        print()  # what is said of it starts on a line of its own
        raise
    return shown
