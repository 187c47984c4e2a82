"""The program's own name, as it can be typed where the reader stands."""

import os
import re
import shlex
import sys
from pathlib import Path
from shutil import which


def typed(text: str) -> str:
    """A text that names commands `llama-edu ...`, with the program as this shell finds it.

    It is `.venv/bin/llama-edu` where the environment is there but not activated.

    typed("Next: llama-edu check 05") -> "Next: .venv/bin/llama-edu check 05"
    """
    if which("llama-edu"):
        return text
    python = Path(sys.executable)
    script = python.with_name(f"llama-edu{python.suffix}")  # .exe on Windows
    program = _from_here(script.with_suffix(""))
    if not script.is_file():
        program = f"{_from_here(python)} -m llama_edu"
    return re.sub(r"(?<![\w./\\-])llama-edu(?= [a-z])", lambda match: program, text)


def _from_here(path: Path) -> str:
    here = Path.cwd()
    if path.is_relative_to(here) and path.parent != here:  # a lone name would be searched for
        path = path.relative_to(here)
    if os.name == "nt":
        return f'"{path}"' if " " in str(path) else str(path)
    return shlex.quote(str(path))
