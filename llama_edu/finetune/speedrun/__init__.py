"""From nothing to a chat, in one command: text, tokenizer, pretraining, tuning, a score, a page.

`plan` says what is done, `seed` does it for one seed in a process of its own, `race` runs the seeds
side by side, `judge` scores each, and `page` reports.
"""

from llama_edu.finetune.speedrun.page import talk_command
from llama_edu.finetune.speedrun.plan import RECIPE, Plan
from llama_edu.finetune.speedrun.race import prepare, run_seeds

__all__ = ["RECIPE", "Plan", "prepare", "run_seeds", "talk_command"]
