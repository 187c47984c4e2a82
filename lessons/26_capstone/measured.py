"""What lesson 26 shows and does not compute: `python lessons/26_capstone/measured.py`.

The two commands of its last section, in a folder that goes away: a model of Shakespeare's text,
tuned on questions about small stories. Steps and shape are fixed, not minutes, so that another
machine finds about the same; it takes a few minutes of one core.
"""

import json
import tempfile
from pathlib import Path

from llama_edu.data.stories import tell_story
from llama_edu.finetune.tune import plan as tuning
from llama_edu.finetune.tune import run as tuned
from llama_edu.train.own_text.pretrain import Plan, Wishes, prepare, train_own_text

HERE = Path(__file__).with_name("measured.json")
N_STORIES = 2000


def write_pairs(path: Path) -> None:
    """A story and a question about it, with the answer, one a line."""
    lines = []
    for seed in range(N_STORIES):
        told = tell_story(seed, n_events=4)
        asked = [("Who comes first?", told.events[0].who), ("Who comes last?", told.events[-1].who)]
        question, answer = asked[seed % 2]
        lines.append(json.dumps({"prompt": f"{told.text}\n{question}", "answer": answer}))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run, chat, pairs = (Path(folder) / name for name in ("own", "chat", "pairs.jsonl"))
        prepare("shakespeare", run, Wishes(n_steps=2000, preset="tiny"))
        _, results = train_own_text(run, is_shown=False)
        about = json.loads((run / "data" / "about.json").read_text(encoding="utf-8"))
        write_pairs(pairs)
        wishes = tuning.Wishes(stage="instruct", start=str(run), data=(str(pairs),), n_steps=600)
        tuned.prepare(chat, wishes)
        outcome, _, found = tuned.tune(chat, is_shown=False)
    cost = results.cost
    measured = {
        "text": {
            "lines": about["lines"],
            "n_params": cost.n_params,
            "n_tokens": cost.n_tokens,
            "seconds": round(cost.seconds, 1),
            "n_threads": cost.n_threads,
            "bits_per_byte": {name: round(b, 3) for name, b in results.bits_per_byte.items()},
        },
        "tuned": {
            "steps": outcome.step,
            "scores": {name: list(score) for name, score in found.scores.items()},
        },
    }
    HERE.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
