"""What SmolLM2 answers with and without help: lesson 25 loads measured.json.

    python lessons/25_applications/measured.py      about four minutes on one core

The archive is a hundred stories of the world of lesson 03. Each question asks for the one person to
whom somebody gave something, in one story alone. Every answer is greedy, in float32.
"""

import json
import random
import re
import sys
from pathlib import Path

import torch

from llama_edu.assistant import BM25, calculate, find_call
from llama_edu.data.stories import NAMES, Event, tell_story
from llama_edu.generate import generate
from llama_edu.pretrained import Pretrained, load_pretrained
from llama_edu.writing import write_whole

N_STORIES, N_QUESTIONS, N_SUMS = 100, 24, 5  # sums: of each kind
SUMS = {
    "product": ("What is {a} times {b}?", "{a} * {b}"),
    "sum": ("What is {c} plus {d}?", "{c} + {d}"),
    "in words": ("A box holds {a} apples. How many apples are in {b} boxes?", "{a} * {b}"),
    "parentheses": ("What is {a} * ({b} + 7)?", "{a} * ({b} + 7)"),
}  # fmt: skip
SHOWN = {
    "What is 12 times 31?": "12 * 31",
    "What is 905 minus 78?": "905 - 78",
    "A box holds 16 eggs. How many eggs are in 21 boxes?": "16 * 21",
}


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def answers(smol: Pretrained, talks: list[list[dict]], n_new: int = 16) -> list[str]:
    """Greedy answers, twelve side by side."""
    texts: list[str] = []
    for i in range(0, len(talks), 12):
        prompts = [smol.chat_ids(talk) for talk in talks[i : i + 12]]
        written = generate(smol.model, prompts, n_new, stop=smol.stop_ids)
        texts += map(smol.tokenizer.decode, written)
        print(f"\r{len(texts)} of {len(talks)}", end="", file=sys.stderr)
    return texts


def questions(stories: list) -> list[tuple[int, Event]]:
    """A story's place and the event that is asked for, which no other story tells too."""
    given: dict[tuple[str, str], list[tuple[int, Event]]] = {}
    for i, story in enumerate(stories):
        for event in story.events:
            if event.action == "give":
                given.setdefault((event.who, event.thing), []).append((i, event))
    return [found[0] for found in given.values() if len(found) == 1][:N_QUESTIONS]


def ask(event: Event) -> str:
    return f"To whom did {event.who} give the {event.thing}?"


def is_right(answer: str, event: Event) -> bool:
    """Whether it names the receiver, and nobody else but the giver."""
    named = {name for name in NAMES if re.search(rf"\b{name}\b", answer)}
    return named - {event.who} == {event.other}


def measure_passages(smol: Pretrained) -> dict:
    stories = [tell_story(seed, n_events=6) for seed in range(N_STORIES)]
    whole = [story.text for story in stories]
    sentences = [one for text in whole for one in re.split(r"(?<=\.) ", text)]
    by_story, by_sentence, asked = BM25(whole), BM25(sentences), questions(stories)

    def found(event: Event, texts: list[str], search: BM25, k: int) -> str:
        return "\n".join(texts[j] for j in search.top(ask(event), k))

    arms = {
        "no passage": lambda i, e: "",
        "1 story found": lambda i, e: found(e, whole, by_story, 1),
        "3 stories found": lambda i, e: found(e, whole, by_story, 3),
        "1 sentence found": lambda i, e: found(e, sentences, by_sentence, 1),
        "3 sentences found": lambda i, e: found(e, sentences, by_sentence, 3),
        "1 sentence, and a lie": lambda i, e: (
            found(e, sentences, by_sentence, 1) + f"\n{e.who} gave the {e.thing} to Zorro."
        ),
    }  # fmt: skip
    shown = [{"story": i, "who": e.who, "thing": e.thing, "other": e.other} for i, e in asked]
    results = {"asked": shown}
    for name, passage in arms.items():
        talks = [[user(f"{passage(i, e)}\n{ask(e)}".strip())] for i, e in asked]
        said = answers(smol, talks)
        results[name] = {
            "right": [is_right(text, e) for text, (_, e) in zip(said, asked, strict=True)],
            "said": said,
        }
        print(f" {name}: {sum(results[name]['right'])} of {len(asked)}")
    return results


def measure_sums(smol: Pretrained) -> dict:
    draw = random.Random(0)
    asked = []
    for kind, (text, formula) in SUMS.items():
        for _ in range(N_SUMS):
            numbers = {"a": draw.randint(11, 99), "b": draw.randint(11, 99)}
            numbers |= {"c": draw.randint(100, 999), "d": draw.randint(100, 999)}
            right = calculate(formula.format(**numbers))
            asked.append((kind, text.format(**numbers), right))

    def examples(written) -> list[dict]:
        return [
            turn
            for text, formula in SHOWN.items()
            for turn in (user(text), {"role": "assistant", "content": written(formula)})
        ]

    direct = examples(lambda formula: str(calculate(formula)))
    with_tool = examples(lambda formula: f"CALC({formula})")
    results = {"asked": asked}
    for name, opening, n_new in (
        ("in its own words", [], 48),
        ("after examples", direct, 12),
        ("with a calculator", with_tool, 20),
    ):
        said = answers(smol, [[*opening, user(text)] for _, text, _ in asked], n_new)
        right = [
            says_number(worked_out(text) if opening is with_tool else text, value)
            for text, (_, _, value) in zip(said, asked, strict=True)
        ]
        results[name] = {"right": right, "said": said}
        print(f" {name}: {sum(right)} of {len(asked)}")
    return results


def worked_out(text: str) -> str:
    try:
        return str(calculate(find_call(text)))
    except ValueError:
        return ""


def says_number(text: str, value: int) -> bool:
    """Whether the last number of a text is this one."""
    found = re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))
    return bool(found) and float(found[-1]) == value


def main() -> None:
    torch.set_num_threads(1)
    smol = load_pretrained(dtype=torch.float32)
    results = {"passages": measure_passages(smol), "sums": measure_sums(smol)}
    path = Path(__file__).with_name("measured.json")
    write_whole(path, json.dumps(results, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
