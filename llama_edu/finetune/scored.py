"""How good the model of a run is, on what lies in its folder for that: with error bars."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from llama_edu.evaluate import Score, bootstrap, token_losses, wilson
from llama_edu.finetune.held_out import NAME, score_by_kind
from llama_edu.finetune.instruct.examples import Messages
from llama_edu.finetune.instruct.world import QUESTIONS
from llama_edu.pretrained import Pretrained, load_pretrained
from llama_edu.train.journal import ABOUT, read_lines

BLOCK = 256  # tokens of a text that are drawn together: neighbours are alike
N_RESAMPLES = 1000
N_SHOWN_CHARS = 40


@dataclass(frozen=True)
class Scored:
    """What was found.

    Args:
        scores: name -> score.
        about: what the numbers are, a sentence.
        command: what to type next.
    """

    scores: dict[str, Score]
    about: str
    command: str


def score_run(run: Path) -> Scored:
    """Score the model of a run: right answers by kind, or bits for each byte of held-out text.

    Raises:
        FileNotFoundError: if it is no run, has no model yet, or keeps nothing to be judged by.
    """
    data = run / "data"
    if (run / "speedrun.json").exists():
        raise FileNotFoundError(f"{run} holds several runs: choose one, as {run}/seed-0/instruct")
    if not (run / ABOUT).exists():
        raise FileNotFoundError(f"{run} is no run of training: it has no {ABOUT}")
    if not (run / "model" / "config.json").exists():
        raise FileNotFoundError(f"{run} has no model yet: --resume goes on with it")
    if not ((data / NAME).exists() or (data / "held_out.txt").exists()):
        raise FileNotFoundError(f"{run} keeps nothing to be judged by: neither {NAME} nor "
                                f"held_out.txt in {data}")  # fmt: skip
    return score_model(run, load_pretrained(run, torch.float32))


def score_model(run: Path, pretrained: Pretrained) -> Scored:
    """Score a model by what a run keeps to be judged by."""
    data = run / "data"
    if (data / NAME).exists():
        lines = read_lines(data / NAME)
        if "text" not in lines[0]:
            return _answers(run, pretrained, [(x["kind"], x["messages"]) for x in lines])
        texts = [line["text"] for line in lines]
        return Scored(
            {"bits per byte": documents_score(pretrained, texts)},
            f"of {len(texts)} held-out texts, each read alone; interval of 95 %, by drawing texts "
            "anew", _complete(run, texts[0]),
        )  # fmt: skip
    text = (data / "held_out.txt").read_text(encoding="utf-8")
    return Scored(
        {"bits per byte": text_score(pretrained, text)},
        f"of {len(text.encode()):,} bytes of held-out text; interval of 95 %, by drawing blocks of "
        f"{BLOCK} tokens anew",
        _complete(run, text),
    )


def _complete(run: Path, text: str) -> str:
    start = text[:N_SHOWN_CHARS].split("\n")[0]
    words = ["llama-edu", "complete", start, "--model", str(run), "--temperature", "0.8"]
    return shlex.join(words)


def _answers(run: Path, pretrained: Pretrained, asked: list[tuple[str, Messages]]) -> Scored:
    scores = score_by_kind(pretrained.model, pretrained.tokenizer, asked)
    together = {"all": tuple(scores)} if len(scores) > 1 else {}
    if scores.keys() >= set(QUESTIONS):
        together["three questions"] = QUESTIONS
    for name, kinds in together.items():
        n = sum(scores[kind].n for kind in kinds)
        n_right = sum(round(scores[kind].mean * scores[kind].n) for kind in kinds)
        scores[name] = Score(n_right / n, *wilson(n_right, n), n)
    question = asked[0][1][0]["content"]
    return Scored(
        scores, "exact match of greedy answers to held-out questions, with Wilson's 95 % intervals",
        shlex.join(["llama-edu", "chat", str(run), "--ask", question]),
    )  # fmt: skip


def text_score(pretrained: Pretrained, text: str) -> Score:
    """Bits for each byte of a text, as `bits_per_byte`, and an interval over its blocks.

    Args:
        pretrained: in eval mode.
        text: not empty.
    """
    model, tokenizer = pretrained.model, pretrained.tokenizer
    ids = tokenizer.encode(text)
    sizes = torch.tensor([len(tokenizer.decode_bytes([i])) for i in ids], dtype=torch.float64)
    read = [tokenizer.bos_id, *ids] if tokenizer.add_bos else ids
    bits = token_losses(model, read).double() / math.log(2)
    if not tokenizer.add_bos:  # nothing precedes the first token
        first = torch.tensor([math.log2(model.config.vocab_size)], dtype=torch.float64)
        bits = torch.cat((first, bits))
    return share_of_sums(*(x.split(BLOCK) for x in (bits, sizes)))


@torch.no_grad()
def documents_score(pretrained: Pretrained, texts: Sequence[str]) -> Score:
    """Bits for each byte of texts, each read alone from its beginning to its end.

    The end of a text costs bits too, and counts as a byte: a line end, where a text is a line.

    Args:
        pretrained: in eval mode, its tokenizer with an id that opens and one that ends a text.
        texts: not empty.
    """
    tokenizer = pretrained.tokenizer
    rows = [[tokenizer.bos_id, *tokenizer.encode(text), tokenizer.eos_id] for text in texts]
    losses = [token_losses(pretrained.model, row).double() / math.log(2) for row in rows]
    sizes = [torch.tensor([len(text.encode()) + 1.0], dtype=torch.float64) for text in texts]
    return share_of_sums(losses, sizes)


def share_of_sums(above: Sequence[torch.Tensor], below: Sequence[torch.Tensor]) -> Score:
    """The sum of all above by that of all below, and its interval when blocks are drawn anew."""
    sums = [[a.sum(), b.sum()] for a, b in zip(above, below, strict=True)]
    return bootstrap(
        torch.tensor(sums), torch.Generator().manual_seed(0),
        lambda drawn: drawn[:, 0].sum() / drawn[:, 1].sum(), N_RESAMPLES,
    )  # fmt: skip
