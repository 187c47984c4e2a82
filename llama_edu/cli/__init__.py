"""The command `llama-edu`: one file a topic, and errors that are one line."""

import os
import sys
import warnings

import typer

from llama_edu.cli import course, data, grade, talk, train
from llama_edu.cli.build import build
from llama_edu.cli.cost import cost
from llama_edu.cli.doctor import doctor
from llama_edu.cli.export import export
from llama_edu.cli.judge import judge
from llama_edu.cli.program import typed
from llama_edu.cli.serve import serve
from llama_edu.cli.speedrun import speedrun

app = typer.Typer(
    help="Build the LLaMA family step by step, and talk to a real one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(course.start)
app.command()(course.check)
app.command()(course.progress)
app.command()(talk.chat)
app.command()(talk.complete)
app.command()(serve)
app.command()(export)
app.command()(cost)
app.add_typer(data.app, name="data")
app.add_typer(train.app, name="train")
app.command("eval")(judge)
app.command()(speedrun)
app.command()(doctor)
app.command()(build)
app.command()(course.release)
app.add_typer(grade.app, name="grade")


def main() -> None:
    """Run the command line; a mistake of the user's is one line on stderr and exit code 1."""
    for output in (sys.stdout, sys.stderr):
        if hasattr(output, "reconfigure"):  # a console that cannot show a character must not crash
            output.reconfigure(errors="replace")
    warnings.formatwarning = lambda message, *_, **__: f"{message}\n"  # one line, no place of ours
    # Before torch is loaded: threads that spin while they wait make a busy machine six times
    # slower still. For some microseconds it pays where one program has the machine, and not where
    # a class is graded in many.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if sys.argv[1:2] != ["grade"]:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        app()
    except (ValueError, OSError, RuntimeError) as error:
        if os.environ.get("LLAMA_EDU_DEBUG"):
            raise
        print(typed(f"error: {error}"), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        sys.exit(130)
