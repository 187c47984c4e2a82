"""Show a lesson's reader the code that the package really runs."""

import inspect
import sys
from collections.abc import Callable


def show_source(thing: Callable) -> None:
    """Print the source of a function or class, coloured where a notebook can."""
    text = inspect.getsource(thing)
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(text)
        return
    from IPython.display import Markdown, display

    display(Markdown(f"```python\n{text}```"))
