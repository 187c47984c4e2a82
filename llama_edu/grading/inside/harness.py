"""Try an answer on the inputs that were handed in, and display what came of it.

This is all that a check cell does when a class is graded. What is right is decided elsewhere, so
whatever a student changes here changes nothing but what they themselves hand over.
"""

import json
import linecache
import traceback
from typing import Any

import torch
from IPython.core.getipython import get_ipython
from IPython.display import display
from wire import decode, encode

MIME = "application/vnd.llama-edu.outcomes+json"
MAX_TEXT = 300
MAX_BYTES = 1 << 18  # of one value: the grader takes no message of more than 8 MB for all cases


def report(name: str, cases: str, seed: int) -> None:
    """Call the answer `name` on every case and display the outcomes as JSON.

    Args:
        name: of the function that the answer cell defines.
        cases: JSON of a list of dicts, each argument encoded by `wire.encode`.
        seed: for answers that draw random numbers.
    """
    function = get_ipython().user_ns.get(name)
    if not callable(function):
        found = {"missing": None if function is None else encode(function, MAX_BYTES)}
    elif misfit := signature_misfit(function, json.loads(cases)):
        found = {"misfit": misfit}
    else:
        found = {"outcomes": [attempt(function, case, seed) for case in json.loads(cases)]}
    display({MIME: found}, raw=True)


def attempt(function: Any, case: dict, seed: int) -> dict:
    """What came of one call: its value or its error, and the inputs that it wrote into."""
    inputs = {name: decode(value) for name, value in case.items()}
    found: dict[str, Any] = {}
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        try:
            found["value"] = encode(function(**inputs), MAX_BYTES)
        except BaseException as error:  # whatever they raise is theirs, SystemExit too
            found["error"] = in_words(error, function)
    found["changed"] = [name for name, value in inputs.items() if is_changed(value, case[name])]
    return found


def is_changed(value: Any, before: Any) -> bool:
    """Whether an input is another one now; one that cannot even be written out is."""
    try:
        return encode(value) != before
    except BaseException:  # an answer may put anything into it
        return True


def signature_misfit(function: Any, cases: list[dict]) -> list[str]:
    """The names of the parameters of a function that cannot be called as asked."""
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return []
    for case in cases:
        try:
            signature.bind(**case)
        except TypeError:
            return [str(name)[:40] for name in signature.parameters][:20] or ["no parameters"]
    return []


def in_words(error: BaseException, function: Any) -> dict:
    """The type of an exception, its text, and the last line of the student's that it came by."""
    own, found = getattr(function, "__globals__", None), ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_globals is own:
            source = linecache.getline(frame.f_code.co_filename, number).strip()
            found = f"In line {number}: `{source}`" if source else f"In line {number}."
    kind = type(error)
    try:
        text = str(error) if error.args else ""
    except BaseException:  # a number of more than 4,300 digits has no text
        text = "<exception str() failed>"  # as Python says it
    return {
        "module": str(kind.__module__)[:60],
        "type": str(kind.__name__)[:60],
        "text": text[:MAX_TEXT],
        "line": found[:MAX_TEXT],
    }
