"""The same text, the same time and the same measure for every entry."""

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import nn

from benchmarks import machine
from llama_edu.evaluate import bits_per_byte
from llama_edu.train.own_text.divide import Division, divide
from llama_edu.train.own_text.read import read_files
from llama_edu.train.own_text.survey import survey

SECONDS, N_THREADS = 300.0, 2
GRACE = 5.0  # seconds over the time that are forgiven: a step that was begun


class Tokenizer(Protocol):
    add_bos: bool

    def encode(self, text: str) -> list[int]: ...
    def decode(self, ids: list[int]) -> str: ...


Entry = Callable[[str, float], tuple[nn.Module, Tokenizer]]


@dataclass(frozen=True)
class Score:
    """What an entry reached.

    Args:
        name: of the entry.
        bits_per_byte: of the held-out text.
        n_params: of its model.
        seconds: that its training took.
        core_seconds: of processor time meanwhile, over both cores.
        busy: share of the processor that other programs took; beyond a few hundredths the entry
            could have been better.
    """

    name: str
    bits_per_byte: float
    n_params: int
    seconds: float
    core_seconds: float
    busy: float


def contest_text() -> Division:
    """Shakespeare in modern spelling, five plays held out; the same for everybody."""
    return divide(survey(read_files("shakespeare").documents).documents)


def load_entry(path: str | Path) -> Entry:
    """The function `train` of a file.

    Raises:
        ValueError: if the file has none.
    """
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, "train", None)):
        raise ValueError(f"{path} must define train(text, seconds)")
    return module.train


def judge(name: str, entry: Entry, text: Division, seconds: float = SECONDS) -> Score:
    """Let an entry train, then measure it.

    Args:
        name: of the entry.
        entry: (training text, seconds) -> model and tokenizer.
        text: of the contest.
        seconds: that it has, from its first line to its last.

    Raises:
        ValueError: if it took longer, or its model looks ahead.
    """
    training, held_out = ("\n\n".join(part) for part in (text.training, text.held_out))
    torch.set_num_threads(N_THREADS)
    others, start, used = machine.Others(), time.monotonic(), time.process_time()
    model, tokenizer = entry(training, seconds)
    took, used = time.monotonic() - start, time.process_time() - used
    busy = others.share()
    if took > seconds + GRACE:
        raise ValueError(f"{name} took {took:.0f} s and has {seconds:.0f} s")
    model.eval()
    check_causal(model, tokenizer.encode(held_out)[: model.config.max_seq_len])
    bits = bits_per_byte(model, tokenizer, held_out)
    n_params = sum(weight.numel() for weight in model.parameters())
    return Score(name, bits, n_params, took, used, busy)


@torch.no_grad()
def check_causal(model: nn.Module, ids: list[int]) -> None:
    """See that what stands later changes no earlier score.

    Raises:
        ValueError: if it does.
    """
    tokens = torch.tensor([ids])
    changed = tokens.clone()
    half = len(ids) // 2
    changed[0, half:] = tokens[0, half:].flip(0)
    before, after = (model(each)[0, :half].float() for each in (tokens, changed))
    if not torch.allclose(before, after, rtol=1e-3, atol=1e-3):
        raise ValueError("the model's scores for a token change with the tokens after it")
