"""What a lesson says to the one who reads it: an answer to a guess, and sliders to try with."""

from collections.abc import Callable, Mapping
from typing import Any


def answer_guess(
    guess: Any, truth: Any, why: str, *, within: float = 0.0, wrong: Mapping[Any, str] | None = None
) -> None:
    """Tell a reader whether a guess was right, and why; say nothing where none was made.

    answer_guess(5, 7, "each cut makes one piece more") prints
    "You said 5; it is 7: each cut makes one piece more."

    Args:
        guess: None, a text, a truth value, a number, or several of them in a list or tuple.
        truth: of the same kind.
        why: the reason, as the rest of a sentence, without the full stop.
        within: how far a number may be from the truth and still be right, as a share of it.
        wrong: what to say instead of `why` to a guess that people often make.
    """
    if guess is None:
        return
    if _is_near(guess, truth, within):
        print(f"Right, {_text(truth)}: {why}.")
        return
    replies = {_plain(one): reply for one, reply in (wrong or {}).items()}
    plain = _plain(guess)
    reply = replies.get(plain, why) if isinstance(plain, str | int | float | tuple) else why
    print(f"You said {_text(guess)}; it is {_text(truth)}: {reply}.")


def explore(draw: Callable, **controls: Any) -> None:
    """Show sliders, and what `draw` makes of their values each time one is moved.

    explore(draw_top, temperature=(0.1, 2.0, 0.1)) calls draw_top(temperature=...), and shows the
    figure that it returns or what it prints. Where there is nobody to move a slider, as in a
    notebook on a web page, one line stands in its place.

    Args:
        draw: takes every control by its name.
        controls: (low, high, step) for a slider, a list to choose from, a text, a truth value, or
            a widget of ipywidgets.
    """
    import ipywidgets
    from IPython.display import display

    def drawn(**values: Any) -> None:
        result = draw(**values)
        if result is not None:
            display(result)

    bundle = ipywidgets.interactive(drawn, **controls)._repr_mimebundle_()
    bundle["text/plain"] = f"In JupyterLab, run this cell: it lets you change {_listed(controls)}."
    display(bundle, raw=True)


def _is_near(guess: Any, truth: Any, within: float) -> bool:
    if isinstance(truth, list | tuple):
        is_several = isinstance(guess, list | tuple) and len(guess) == len(truth)
        return is_several and all(
            _is_near(*pair, within) for pair in zip(guess, truth, strict=True)
        )
    if isinstance(truth, int | float) and not isinstance(truth, bool):
        is_number = isinstance(guess, int | float) and not isinstance(guess, bool)
        return is_number and (guess == truth or abs(guess - truth) <= within * abs(truth))
    return type(guess) is type(truth) and _plain(guess) == _plain(truth)


def _plain(value: Any) -> Any:
    """Without what does not matter: capitals and spaces round a text."""
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return value.strip().casefold() if isinstance(value, str) else value


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value).strip()


def _listed(names: Mapping[str, Any]) -> str:
    *most, last = (name.replace("_", " ") for name in names)
    return f"{', '.join(most)} and {last}" if most else last
