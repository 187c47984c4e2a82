"""From dirty archives to clean shards: one run that can be killed anywhere and goes on.

collect → prepare (clean, name the language, apply the rules, scrub personal data, hash) → select
(copies, near-copies, shared lines: the one step that sees all documents) → finish (evaluation
items out, split). Every step but `select` works shard by shard, in as many processes as wanted.
"""

from llama_edu.data.pipeline.report import Report, read_report
from llama_edu.data.pipeline.run import build
from llama_edu.data.pipeline.settings import Settings

__all__ = ["Report", "Settings", "build", "read_report"]
