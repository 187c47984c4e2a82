"""Train a model further: on instructions, on several tasks, against an adversary.

`start` makes ready the model that is begun with, `tasks` what it learns, `plan` says how long, and
`run` trains in a folder that can be gone on with.
"""

from llama_edu.finetune.tune.plan import NAME, STAGES, Wishes
from llama_edu.finetune.tune.run import prepare, tune

__all__ = ["NAME", "STAGES", "Wishes", "prepare", "tune"]
