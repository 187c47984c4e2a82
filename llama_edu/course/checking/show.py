"""A verdict as a learner reads it: plain text in a terminal, a card in Jupyter, the same words."""

import sys
from html import escape

from llama_edu.course.checking.verdict import Verdict

# After Okabe and Ito: told apart by every eye, and clear on white and on black.
RIGHT, WRONG, KNOWN = "#009e73", "#d55e00", "#3a8fd0"


def show(verdict: Verdict) -> None:
    """Print a verdict; a wrong answer becomes a card where a notebook can show one."""
    ipython = sys.modules.get("IPython")
    if verdict.ok or ipython is None or ipython.get_ipython() is None:
        print(as_text(verdict))
        return
    from IPython.display import display

    display({"text/html": as_html(verdict), "text/plain": as_text(verdict)}, raw=True)


def headline(verdict: Verdict) -> str:
    """`attention.scores: right, 2 points` or `attention.scores: not right yet`."""
    if not verdict.ok:
        return f"{verdict.question}: not right yet"
    return f"{verdict.question}: right, {verdict.points} point{'s' * (verdict.points != 1)}"


def as_text(verdict: Verdict) -> str:
    """The message for a terminal, for a log, and for whatever shows no HTML."""
    lines = [headline(verdict), *_sentences(verdict)]
    if table := _table(verdict):
        lines += ["", f"In {verdict.place}:", *(f"    {row}" for row in table)]
    if remarks := _remarks(verdict):
        lines += ["", *remarks]
    return "\n".join(lines)


def as_html(verdict: Verdict) -> str:
    """The same message as one HTML element.

    Its style stands in it and leaves the colours of text and ground to the page, so that it can
    be read on light and dark pages, and in a notebook that is not trusted.
    """
    parts = [f"<b>{escape(headline(verdict))}</b>"]
    parts += [_block(_code(sentence)) for sentence in _sentences(verdict)]
    if table := _table(verdict):
        parts.append(_block(f"In {escape(verdict.place)}:", "margin-top: 0.7em"))
        style = "margin: 0.2em 0; color: inherit; background: none; white-space: pre"
        parts.append(f'<pre style="{style}">{escape(chr(10).join(table))}</pre>')
    for remark in _remarks(verdict):
        style = f"margin-top: 0.7em; padding-left: 0.8em; border-left: 3px solid {KNOWN}"
        parts.append(_block(_code(remark), style))
    style = f"border-left: 6px solid {RIGHT if verdict.ok else WRONG}"
    return _block("".join(parts), f"{style}; padding: 0.6em 1em; line-height: 1.45")


def _sentences(verdict: Verdict) -> list[str]:
    return [text for text in (verdict.sentence, verdict.line, verdict.pattern) if text]


def _table(verdict: Verdict) -> list[str]:
    """The case line by line: names, then values in a column; a matrix takes several lines."""
    results = [("expected", verdict.expected), ("got", verdict.got)]
    rows = [*verdict.case, *((name, text) for name, text in results if text)]
    width = max((len(name) for name, _ in rows), default=0)
    lines = []
    for name, value in rows:
        first, *others = value.splitlines()
        lines += [f"{name:{width}}  {first}", *(" " * (width + 2) + other for other in others)]
    return lines


def _remarks(verdict: Verdict) -> list[str]:
    known = f"This is exactly what you get when {verdict.says}." if verdict.says else ""
    hint = f"Hint: {verdict.hint}" if verdict.hint else ""
    return [text for text in (known, hint) if text]


def _block(inner: str, style: str = "") -> str:
    return f'<div style="{style}">{inner}</div>' if style else f"<div>{inner}</div>"


def _code(text: str) -> str:
    """Escape a sentence; what stands between backticks becomes code."""
    pieces = escape(text).split("`")
    if len(pieces) % 2 == 0:  # a lone backtick is itself
        return "`".join(pieces)
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))
