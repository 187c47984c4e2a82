"""Rows in, `results.md` out: ratios, goals met or not met, and where ours is slower."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.goals import GOALS, Goal
from benchmarks.race import Row

HOW_TO_RUN = """\
# Benchmarks: ours beside its peers

```
make bench                                      # installs into .venv and measures everything
python -m benchmarks                            # the same in an environment of your own
python -m benchmarks --only decode,load --rounds 3 --out decode.md
```

The report is `benchmarks/results.md`. What a run measures replaces the same sections there and
leaves the others, each under the machine and the hour of its own run. The whole takes about forty
minutes on two cores, and nothing else should run meanwhile. Everybody is warmed up
once; then all take turns, so that each round meets the same noise. A time is the median of the
rounds, with the fastest and the slowest in brackets. A ratio is that of two medians, above 1 where
the row is better than what it is compared with; trust it to about 5 % for training and 15 % for
decoding, and no absolute number across runs. Peers that are not installed are listed with the
command that installs them. This file is written by code, verdicts included.
"""

SAME = "same"  # of a baseline: each row is compared with the one of its own precision


@dataclass
class Table:
    """What one race measured.

    Args:
        key: by which goals find the table.
        title: heading.
        unit: of the samples, "s" or "MB"; less is better.
        baseline: name and precision of the row that all are compared with; or `SAME` in
            place of the precision.
        rows: measured.
        absent: a sentence for each contender that was not measured.
        notes: sentences under the table.
        kind: what tells rows of one name apart, the heading of their second column.
    """

    key: str
    title: str
    unit: str
    baseline: tuple[str, str]
    rows: list[Row]
    absent: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kind: str = "precision"

    def best(self, accepts) -> Row | None:
        """The row of the least median among those that `accepts(row)`."""
        return min(filter(accepts, self.rows), key=lambda row: row.median, default=None)


@dataclass
class Section:
    """The tables of one section, on what machine they were measured, and when."""

    machine: str
    when: str
    tables: list[Table]


def ratio(reference: Row, row: Row) -> float:
    """How many times better `row` is than `reference`, by their medians."""
    return reference.median / row.median


def render(measured: Mapping[str, Section], status: str = "") -> str:
    """The whole report as Markdown.

    Args:
        measured: the sections by name, in order.
        status: a sentence at the head about how the run ended, if it needs one.
    """
    tables = [table for section in measured.values() for table in section.tables]
    sections = [
        HOW_TO_RUN,
        f"## Machine\n\n{_machines(measured)}",
        *([f"**{status}**"] if status else []),
        f"## Goals\n\n{_goals(tables)}",
        f"## Where ours is slower\n\n{_slower(tables)}",
        *map(_section, tables),
    ]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def judge(goal: Goal, tables: Sequence[Table]) -> tuple[str, str]:
    """The measured ratio with the rows it comes from, and "met", "not met" or "not measured"."""
    table = next((table for table in tables if table.key == goal.table), None)
    ours, theirs = (table.best(rule) if table else None for rule in (goal.ours, goal.theirs))
    if ours is None or theirs is None:
        return "", "not measured"
    measured = round(ratio(theirs, ours), 2)
    names = " against ".join(f"{row.name} {row.precision}" for row in (ours, theirs))
    return f"{measured:.2f} × ({names})", "met" if measured >= goal.at_least else "**not met**"


def _machines(sections: Mapping[str, Section]) -> str:
    """Each machine once, under the sections that were measured on it."""
    lines: dict[str, list[str]] = {}
    for name, section in sections.items():
        lines.setdefault(section.machine, []).append(f"- {name}: {section.when}")
    return "\n\n".join("\n".join([machine, *names]) for machine, names in lines.items())


def _goals(tables: Sequence[Table]) -> str:
    lines = ["| goal | measured | verdict |", "|---|---|---|"]
    for goal in GOALS:
        measured, verdict = judge(goal, tables)
        lines.append(f"| {goal.claim} | {measured} | {verdict} |")
    return "\n".join(lines)


def _slower(tables: Sequence[Table]) -> str:
    lines = [line for table in tables for line in slower(table)] + slower_in_half(tables)
    nothing = "In no row that was measured." if tables else "Nothing has been measured."
    return "\n".join(lines) or nothing


def slower(table: Table) -> list[str]:
    """A line for each row of ours and each peer that beats it, like with like.

    A row is compared within its precision, compiled with compiled; our best row of a precision is
    compared with every peer of it.
    """
    lines, what = [], "more memory" if table.unit == "MB" else "slower"
    for ours in (row for row in table.rows if row.side == "ours"):
        same = [row for row in table.rows if row.precision == ours.precision]
        is_best = ours.median == min(row.median for row in same if row.side == "ours")
        for peer in (row for row in same if row.side == "peer"):
            is_comparable = is_best or peer.is_compiled == ours.is_compiled
            if is_comparable and round(ratio(ours, peer), 2) > 1:
                lines.append(
                    f"- {table.title}: {_described(ours, table.unit)} is {ratio(ours, peer):.2f} × "
                    f"{what} than {_described(peer, table.unit)}."
                )
    return lines


def _described(row: Row, unit: str) -> str:
    return f"{row.name} ({row.precision}, {_number(row.median)} {unit})"


def slower_in_half(tables: Sequence[Table]) -> list[str]:
    """A line for each job that we do more slowly in bf16 or fp16 than in fp32."""
    rows = {
        (table.key.removesuffix(f" {row.precision}"), row.name, row.precision): row
        for table in tables
        for row in table.rows
        if row.side == "ours" and table.key.startswith(("train", "decode"))
    }
    lines = []
    for (job, name, _), row in rows.items():
        full = rows.get((job, name, "fp32"))
        if full and round(ratio(row, full), 2) > 1:
            lines.append(
                f"- {job}: {_described(row, 's')} is {ratio(row, full):.2f} × slower than "
                f"{_described(full, 's')}."
            )
    return lines


def _section(table: Table) -> str:
    reference, precision = table.baseline
    of = {row.precision: row for row in table.rows if row.name == reference}
    compared_with = f"{reference}, {f'same {table.kind}' if precision == SAME else precision}"
    columns = list(dict.fromkeys(name for row in table.rows for name in row.columns))
    head = ["", table.kind, table.unit, f"× {compared_with}", *columns]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in sorted(table.rows, key=lambda row: row.median):
        baseline = of.get(row.precision if precision == SAME else precision)
        name = f"**{row.name}**" if row.side == "ours" else row.name
        spread = f"{_number(min(row.samples))}–{_number(max(row.samples))}"
        compared = f"{ratio(baseline, row):.2f}" if baseline and row.side != "bound" else ""
        cells = [name, row.precision, f"{_number(row.median)} ({spread})", compared]
        lines.append(f"| {' | '.join(cells + [row.columns.get(c, '') for c in columns])} |")
    absent = [f"- not measured: {line}" for line in table.absent]
    blocks = [f"## {table.title}", "\n".join(lines), *table.notes, "\n".join(absent)]
    return "\n\n".join(block for block in blocks if block)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
