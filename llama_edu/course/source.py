"""Show a lesson's reader the code that the package really runs."""

import inspect
import sys
from collections.abc import Callable


def show_source(thing: Callable, folded: str = "") -> None:
    """Print the source of a function or class, coloured where a notebook can.

    Args:
        thing: what to show.
        folded: a line to click on, behind which a notebook hides the source; shown if "".
    """
    text = inspect.getsource(thing)
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(text)
        return
    from IPython.display import Markdown, display

    code = f"```python\n{text}```"
    if folded:
        code = f"<details><summary>{folded}</summary>\n\n{code}\n\n</details>"
    display(Markdown(code))
