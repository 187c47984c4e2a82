"""A model of your own text: from files to a page that says what came of it.

`read` the files, `survey` them, `divide` off what the model is judged by, choose a `vocabulary`,
`plan` shape and steps for the machine, `pretrain`, and write the `page`.
"""

from llama_edu.train.own_text.page import talk_command
from llama_edu.train.own_text.pretrain import Wishes, first_prompt, prepare, train_own_text

__all__ = ["Wishes", "first_prompt", "prepare", "talk_command", "train_own_text"]
