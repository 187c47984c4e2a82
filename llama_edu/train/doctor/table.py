"""How often the doctor is right: `python -m llama_edu.train.doctor.table`; see docs/doctor.md.

Every kind of run is made with every seed and examined; the table counts, for each kind, runs whose
fault was named (right), runs whose fault was not (missed), and names that were wrong (false).
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from llama_edu.train.doctor.broken import BROKEN, HEALTHY, make_run
from llama_edu.train.doctor.diagnose import diagnose


def examine(kind: str, seed: int, folder: Path, n_steps: int | None = None) -> list[str]:
    """Make a run of a kind and name what is wrong with it.

    Args:
        kind: one of `HEALTHY` or `BROKEN`.
        seed: of all chance.
        folder: of the run, new.
        n_steps: in place of the recipe's own.
    """
    recipe = (HEALTHY | BROKEN)[kind]
    if n_steps is not None:
        recipe = replace(recipe, settings={**recipe.settings, "n_steps": n_steps})
    return diagnose(make_run(folder, recipe, seed)).names


def main(arguments: list[str] | None = None) -> None:
    """Print the table, a line a kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--kinds", nargs="*", help="only those whose name holds one of these words")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)  # such small tensors are not worth sharing
    total = [0, 0, 0]
    print(f"{'kind':28}{'right':>6}{'missed':>7}{'false':>6}")
    for kind in (*HEALTHY, *BROKEN):
        if chosen.kinds and not any(word in kind for word in chosen.kinds):
            continue
        right = missed = 0
        wrong = []
        for seed in range(chosen.first, chosen.first + chosen.seeds):
            with tempfile.TemporaryDirectory() as folder:
                names = examine(kind, seed, Path(folder) / "run")
            is_right = kind in names if kind in BROKEN else not names
            right, missed = right + is_right, missed + (kind in BROKEN and not is_right)
            wrong += [name for name in names if name != kind]
        said = f"  {', '.join(sorted(set(wrong)))}" if wrong else ""
        print(f"{kind:28}{right:6}{missed:7}{len(wrong):6}{said}", flush=True)
        total = [a + b for a, b in zip(total, (right, missed, len(wrong)), strict=True)]
    print(f"{'together':28}{total[0]:6}{total[1]:7}{total[2]:6}")


if __name__ == "__main__":
    main()
