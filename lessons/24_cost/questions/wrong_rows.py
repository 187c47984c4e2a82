"""24.4 An audit of a table."""

import torch

from llama_edu.course.checking.draw import whole
from llama_edu.course.checking.questions import Misconception, Question
from llama_edu.footprint import bill


def wrong_rows(
    rows: list[dict], watts: float, pue: float, grid: float, tolerance: float
) -> list[str]:
    names = []
    for row in rows:
        expected = bill(row["gpu_hours"], watts, pue, grid).kg / 1000
        if abs(row["tonnes"] - expected) > tolerance * expected:
            names.append(row["name"])
    return names


def table(watts, pue, grid, **rows):
    """Rows of (hours, by what the printed number is too large)."""
    return [
        {"name": name, "gpu_hours": hours, "tonnes": bill(hours, watts, pue, grid).kg / 1000 * off}
        for name, (hours, off) in rows.items()
    ]


def wrong_rows_cases(generator):
    factors = {"watts": 400, "pue": 1.1, "grid": 0.385}
    large, small = whole(generator, 200, 900) * 1e3, 4.0
    # A third too much is a quarter of what is printed: the share of which number decides.
    rows = table(
        **factors,
        low=(large, 0.6), fair=(large + 5e3, 1.1), high=(large, 1.5), tiny=(small, 1.1),
        third=(large, 1.3), small=(small, 1.05), fallen=(large, 0.78), exact=(large, 1.0),
        tenth=(large, 0.1),
    )  # fmt: skip
    order = torch.randperm(len(rows), generator=generator).tolist()
    yield {"rows": [rows[i] for i in order], **factors, "tolerance": 0.25}
    yield {"rows": rows[::-1], **factors, "tolerance": 0.05}
    # Factors of another card, and a row without hours that rightly emits nothing.
    other = {"watts": 700, "pue": 1.2, "grid": 0.25}
    rows = table(**other, a=(large, 1.04), none=(0.0, 1.0), b=(small, 0.9), c=(large, 0.98))
    yield {"rows": rows, **other, "tolerance": 0.03}
    yield {"rows": [], **factors, "tolerance": 0.1}
    # Just so much off: powers of two, which are exact.
    exact = {"watts": 1000, "pue": 1.0, "grid": 0.5}
    yield {
        "rows": [
            {"name": "edge", "gpu_hours": 64_000.0, "tonnes": 40.0},
            {"name": "beyond", "gpu_hours": 64_000.0, "tonnes": 41.0},
            {"name": "lower edge", "gpu_hours": 64_000.0, "tonnes": 24.0},
        ],
        **exact, "tolerance": 0.25,
    }  # fmt: skip


WRONG_ROWS = Question(
    "cost.wrong_rows",
    points=3,
    cases=wrong_rows_cases,
    reference=wrong_rows,
    misconceptions=[
        Misconception(
            "only_too_high",
            {'abs(row["tonnes"] - expected)': 'row["tonnes"] - expected'},
            says="only rows that print too much are found",
            hint="A number may be too small, too: a distance has no sign.",
        ),
        Misconception(
            "only_too_low",
            {'abs(row["tonnes"] - expected)': 'expected - row["tonnes"]'},
            says="only rows that print too little are found",
            hint="A number may be too large, too: a distance has no sign.",
        ),
        Misconception(
            "share_of_the_printed",
            {"tolerance * expected": 'tolerance * row["tonnes"]'},
            says="the distance is measured as a share of the printed number",
            hint="Of the two numbers, which one can be trusted?",
        ),
        Misconception(
            "tonnes_apart",
            {"tolerance * expected": "tolerance"},
            says="the tolerance is taken for tonnes",
            hint="It is a share: 0.02 of 100 tonnes are 2 tonnes.",
        ),
        Misconception(
            "edge_is_wrong",
            {"distance > tolerance": "distance >= tolerance"},
            says="a row that is off by just the tolerance is wrong",
            hint="*More than* the tolerance, the question says.",
        ),
        Misconception(
            "right_rows",
            {"distance > tolerance": "distance <= tolerance"},
            says="the rows that are right are returned",
            hint="Which ones does an audit look for?",
        ),
        Misconception(
            "no_pue",
            {" * pue": ""},
            says="the formula leaves the PUE out",
            hint="As in 24.3: hours, watts, PUE, grid.",
        ),
        Misconception(
            "kilograms",
            {"grid / 1000": "grid"},
            says="a factor of 1,000 is left out: kg are compared with tonnes, or watts taken as kW",
            hint="Compare one row by hand: are both numbers of the same size?",
        ),
        Misconception(
            "whole_rows",
            {'names.append(row["name"])': "names.append(row)"},
            says="whole rows are returned, not their names",
            hint="The answer is a list of texts.",
        ),
        Misconception(
            "first_only",
            {'names.append(row["name"])': 'return [row["name"]]'},
            says="it ends at the first wrong row",
            hint="Do rows follow after it?",
        ),
        Misconception(
            "percent",
            {"tolerance * expected": "tolerance / 100 * expected"},
            says="the tolerance is taken for per cent",
            hint="It is a share: 0.02 is 2 per cent.",
        ),
        Misconception(
            "ratio",
            {"distance > tolerance * expected": 'row["tonnes"] / expected > tolerance'},
            says="the ratio of the two numbers is held against the tolerance",
            hint="A row that is right has a ratio of 1. How far from 1 is this one?",
        ),
    ],
)
