"""Every figure of the course: data in, a matplotlib figure out, one style.

The title of a figure states its finding; `alt` says in words what it shows, for those who cannot
see it.
"""

from llama_edu.plots.bars import bars
from llama_edu.plots.curves import lines, samples
from llama_edu.plots.intervals import intervals
from llama_edu.plots.streams import flow, sieve
from llama_edu.plots.style import chinese_family
from llama_edu.plots.tables import attention, squares
from llama_edu.plots.texts import marked

__all__ = [
    "attention", "bars", "chinese_family", "flow", "intervals", "lines", "marked", "samples",
    "sieve", "squares",
]  # fmt: skip
