"""A small text as tokens, and the program that trains on it, alone or under torchrun."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from llama_edu.data.batches import TokenFile, write_tokens

PROGRAM = Path(__file__).parent / "program.py"


@pytest.fixture
def file(tmp_path) -> TokenFile:
    dice = torch.Generator().manual_seed(0)
    documents = [torch.randint(41, (n,), generator=dice).tolist() for n in (90, 7, 200, 50)]
    return write_tokens(tmp_path / "train.tokens", documents, vocab_size=41)


@pytest.fixture
def start(tmp_path, file):
    """Start the program in a folder of its own, in so many processes, with its own options."""

    def start(run: str, *options: object, n: int = 1, restarts: int = 0) -> subprocess.Popen:
        many = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={n}",
                f"--max-restarts={restarts}"] if n > 1 else []  # fmt: skip
        told = [str(option) for option in (PROGRAM, tmp_path / run, file.path, *options)]
        root = str(PROGRAM.parents[2])
        return subprocess.Popen(
            [sys.executable, *many, *told],
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": root},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    return start


@pytest.fixture
def finish(start):
    """Start the program and let it come to its end."""

    def finish(run: str, *options: object, **how: int) -> str:
        process = start(run, *options, **how)
        said, _ = process.communicate(timeout=240)
        assert process.returncode == 0, said
        return said

    return finish
