"""Which numbers a lesson's prose states, and which of them nothing in the notebook shows.

A number is *measured* if it has a decimal point, a thousands separator or a unit (%, ×, seconds,
bytes, ...): a compared output must show it, rounded no further than the prose does. Any other
number above 10 must stand in a compared output or in the code. Not counted are what is no claim of
the lesson's: code, formulas, headings, links, citations, cross references, names such as Llama 2
70B, years, and cells tagged `sourced`, whose numbers stand in the source that they cite.
"""

import re
from dataclasses import dataclass

from nbformat import NotebookNode

UNITS = (
    r"%|percent\b|×(?!\s?(?:\d|\w\b))|x\b(?!\s?\d)|times\b|n?s\b|[mµ]s\b|seconds?\b|minutes?\b|hours?\b|"
    r"days?\b|[kMGT]i?B\b|bytes?\b|bits?\b|nats?\b|[kMGTP]?FLOPs?\b|tokens?\b|parameters?\b|"
    r"[kM]?Wh?\b|k?g\b|°C"
)
NUMBER = re.compile(
    r"(?<![\w.,/^])[-−]?(?P<digits>\d+(?:,\d{3})*(?:\.\d+)?)(?![.,]?\d|/)"
    rf"(?:\s?(?P<unit>{UNITS})|(?!\w))"
)
CITATION = r"arXiv:\d{4}\.\d{4,5}|https?://\S+|doi:\S+"
NOT_CLAIMS = re.compile(
    rf"""
      ```.*?```  |  `[^`]*`  |  \$\$.*?\$\$  |  \$[^$\n]+\$     # code and formulas
    | ^\*\*Time:\*\*.*?(?:\n\s*\n|\Z)                              # a plan, not a result
    | ^\s*\#.*?$  |  \[[^\]]*\]\([^)]*\)  |  <[^>]+>            # headings, links, HTML tags
    | {CITATION}
    | \b(?:[Ll]essons?|[Ee]q|[Ss]ec|[Tt]able|[Ff]igure|[Cc]hapter|[Ee]xercise|[Pp]age)\.?\s
      \d[\d.]*(?:(?:,|\sand|\sto|\sor|–)\s?\d[\d.]*)*            # "lessons 05, 06 and 11"
    | \b(?:LLaMA|Llama|GPT|Mistral|Python|PyTorch)[ -]\d[\d.]*(?:\s(?:to|and)\s\d[\d.]*)?
    | \b\d+(?:\.\d+)?[BMk]\b                                     # sizes in names: 70B
    | \b(?:19|20)\d\d\b                                          # years
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
SHOWN = re.compile(r"(?<![\w.])-?(\d[\d,_]*(?:\.\d+)?(?:e[+-]?\d+)?)(\s?%)?")
LARGEST_SMALL = 10  # numbers up to it are counted in words as often as in digits


@dataclass(frozen=True)
class Number:
    """A number as it is written: 1,234 or 0.50 or 34 %."""

    digits: str
    unit: str | None = None

    @property
    def value(self) -> float:
        return float(self.digits.replace(",", ""))

    @property
    def n_decimals(self) -> int:
        return len(self.digits.partition(".")[2])

    @property
    def is_measured(self) -> bool:
        return bool(self.unit) or "." in self.digits or "," in self.digits

    @property
    def is_percent(self) -> bool:
        return self.unit in ("%", "percent")

    def is_among(self, shown: list[tuple[float, bool]]) -> bool:
        """Whether one of these (value, is it in percent) rounds to this number."""
        return any(
            f"{value:.{self.n_decimals}f}" == f"{self.value:.{self.n_decimals}f}"
            and (is_percent or not self.is_percent)
            for value, is_percent in shown
        )

    def __str__(self) -> str:
        return f"{self.digits} {self.unit}" if self.unit else self.digits


def stated_numbers(markdown: str) -> list[Number]:
    """The numbers in a text that something must show.

    stated_numbers("`x = 3` and 0.5") -> [Number("0.5")]
    """
    found = []
    for match in NUMBER.finditer(NOT_CLAIMS.sub(" ", markdown)):
        number = Number(match["digits"], match["unit"])
        if number.is_measured or number.value > LARGEST_SMALL:
            found.append(number)
    return found


def shown_numbers(text: str) -> list[tuple[float, bool]]:
    """The numbers in code or in an output, and whether each is in percent."""
    return [(float(re.sub("[,_]", "", match[1])), bool(match[2])) for match in SHOWN.finditer(text)]


def unshown_numbers(notebook: NotebookNode) -> list[str]:
    """Every number of the prose that the notebook must show and does not, with its cell."""
    compared = shown_numbers("\n".join(map(output_text, compared_cells(notebook))))
    code = shown_numbers("\n".join(c.source for c in notebook.cells if c.cell_type == "code"))
    return [
        f"{cell.id}: {number}"
        for cell in notebook.cells
        if cell.cell_type == "markdown" and "sourced" not in cell.metadata.get("tags", [])
        for number in stated_numbers(cell.source)
        if not number.is_among(compared if number.is_measured else compared + code)
    ]


def compared_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells whose outputs nbval compares, if they have any."""
    return [
        cell
        for cell in notebook.cells
        if "nbval-check-output" in cell.metadata.get("tags", []) and cell.outputs
    ]


def output_text(cell: NotebookNode) -> str:
    """All that a cell shows as text."""
    return "\n".join(
        output.get("text") or output.get("evalue") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )
