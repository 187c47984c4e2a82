"""The process of one seed: `python -m llama_edu.finetune.speedrun RUN 0`."""

import _thread
import os
import sys
import threading
import time
from pathlib import Path

import torch

from llama_edu.finetune.speedrun.race import INTERRUPTED
from llama_edu.finetune.speedrun.seed import run_seed

GRACE_SECONDS = 10.0


def _end_with_parent() -> None:
    """End as after Ctrl-C when the pipe from the parent closes: nobody waits for us any more."""
    os.read(sys.stdin.fileno(), 1)
    _thread.interrupt_main()
    time.sleep(GRACE_SECONDS)  # whoever answers questions hears no Ctrl-C, and begins them anew
    os._exit(INTERRUPTED)


def main() -> None:
    torch.set_num_threads(1)
    if not sys.stdin.isatty():
        threading.Thread(target=_end_with_parent, daemon=True).start()
    run, seed = sys.argv[1:]
    sys.exit(0 if run_seed(Path(run), int(seed)) else INTERRUPTED)


if __name__ == "__main__":
    main()
