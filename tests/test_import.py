"""Importing the package costs nothing: no torch, no NumPy, no 50 ms."""

import json
import subprocess
import sys

import pytest

MEASURE = """
import json, sys
from time import perf_counter
start = perf_counter()
import {module}
seconds = perf_counter() - start
names = "torch", "numpy", "transformers", "gguf", "torch._dynamo"
heavy = [name for name in names if name in sys.modules]
print(json.dumps({{"seconds": seconds, "heavy": heavy}}))
"""


def fresh_import(module: str) -> dict:
    """Seconds that an import takes in a new interpreter, and the heavy packages it brings in."""
    command = [sys.executable, "-c", MEASURE.format(module=module)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def test_import_takes_under_50_ms_and_brings_in_nothing_heavy():
    runs = [fresh_import("llama_edu") for _ in range(5)]
    assert min(run["seconds"] for run in runs) < 0.05
    assert not any(run["heavy"] for run in runs)


def test_the_table_of_models_needs_nothing_heavy():
    assert not fresh_import("llama_edu.config")["heavy"]


@pytest.mark.parametrize(
    "module", ["llama_edu.cli", "llama_edu.data.sources", "llama_edu.tokenizer"]
)
def test_torch_is_not_needed_to_start_the_program_or_to_read_text(module):
    assert "torch" not in fresh_import(module)["heavy"]


def test_the_models_do_without_the_compiler_which_takes_seconds_to_import():
    assert fresh_import("llama_edu.generate")["heavy"] == ["torch", "numpy"]


def test_the_measurement_sees_what_is_imported():
    run = fresh_import("llama_edu.gguf_file")
    assert run["heavy"] == ["numpy"]
    assert run["seconds"] > 0
