"""What a teacher says to the commonest complaints of Python and PyTorch, in any question."""

import re

from llama_edu.course.checking.crashes.frames import CALLED
from llama_edu.course.checking.crashes.python import PYTHON
from llama_edu.course.checking.crashes.shapes import SHAPES
from llama_edu.course.checking.crashes.tensors import TENSORS

CRASHES = SHAPES + TENSORS + PYTHON


def crash_hint(error: BaseException, line: str = "") -> str:
    """What a teacher would say to an exception; "" to one that is not known.

    Args:
        error: what the learner's code raised.
        line: the line of theirs that raised it, and where that was called.
    """
    message, failed = str(error), line.partition(CALLED)[0]
    for crash in CRASHES:
        if (
            isinstance(error, crash.kinds)
            and re.search(crash.message, message)
            and re.search(crash.line, failed)
            and (crash.holds is None or crash.holds(error, line))
        ):
            return crash.hint
    return ""
