"""What a build did: documents and characters after each step, drops by reason, examples."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from llama_edu.data.filter.perplexity import BUCKETS, bucket, bucket_bounds
from llama_edu.data.pipeline.files import FINISHED, PREPARED, read_json, whole_file, write_json

N_EXAMPLES = 3
RULES = "rule: "


@dataclass
class Report:
    """The account of a build.

    Args:
        documents: collected.
        dirty_chars: characters collected.
        clean_chars: characters after cleaning.
        drops: reason -> number of documents, the most frequent first.
        dropped_chars: reason -> cleaned characters that went with them.
        examples: reason -> a few of (id, detail).
        also: rule -> how many documents break it, be it as the first rule or not.
        personal: kind of personal data -> how many placeholders were written.
        repeated_lines: lines dropped because another document has them.
        bounds: the perplexities that cut the scored documents into thirds; none without scores.
        buckets: source -> how many of its documents lie in "head", "middle" and "tail".
        train: "documents" and "chars" of that split.
        test: likewise.
    """

    documents: int = 0
    dirty_chars: int = 0
    clean_chars: int = 0
    drops: dict[str, int] = field(default_factory=dict)
    dropped_chars: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    also: dict[str, int] = field(default_factory=dict)
    personal: dict[str, int] = field(default_factory=dict)
    repeated_lines: int = 0
    bounds: list[float] = field(default_factory=list)
    buckets: dict[str, dict[str, int]] = field(default_factory=dict)
    train: dict[str, int] = field(default_factory=dict)
    test: dict[str, int] = field(default_factory=dict)

    def flow(self) -> list[tuple[str, int, dict[str, int]]]:
        """Steps in order: (name, documents that enter, reason -> documents that leave there).

        The rules are one step, named by the rule. What enters the last step is what is kept.
        """
        steps, left = [], self.documents
        names = {
            "clean": ["empty"],
            "language": ["language"],
            "rules": [reason for reason in self.drops if reason.startswith(RULES)],
            "copies": ["copy", "near-copy", "repeated lines only"],
            "evaluation": ["evaluation item"],
        }
        for name, reasons in names.items():
            leaving = {reason: self.drops[reason] for reason in reasons if reason in self.drops}
            steps.append((name, left, leaving))
            left -= sum(leaving.values())
        return [*steps, ("kept", left, {})]

    def as_markdown(self) -> str:
        """The account as a page to read."""
        kept = {key: self.train[key] + self.test[key] for key in ("documents", "chars")}
        rows = [
            ("collected", self.documents, self.dirty_chars),
            ("cleaned", self.documents, self.clean_chars),
            ("kept", kept["documents"], kept["chars"]),
            ("of these train", self.train["documents"], self.train["chars"]),
            ("of these test", self.test["documents"], self.test["chars"]),
        ]
        lines = ["# Corpus", "", "| | documents | characters |", "|---|---:|---:|"]
        lines += [f"| {name} | {n:,} | {n_chars:,} |" for name, n, n_chars in rows]
        lines += ["", "## Dropped", "", "| reason | documents | characters | for example |"]
        lines += ["|---|---:|---:|---|"]
        for reason, count in self.drops.items():
            shown = "; ".join(f"{name} ({detail})" for name, detail in self.examples[reason])
            lines.append(f"| {reason} | {count:,} | {self.dropped_chars[reason]:,} | {shown} |")
        lines += ["", "A document counts under the first rule that it breaks. How many break each:"]
        lines += ["", "| rule | documents |", "|---|---:|"]
        lines += [f"| {rule} | {count:,} |" for rule, count in self.also.items()]
        lines += ["", f"Lines dropped because another document has them: {self.repeated_lines:,}."]
        found = ", ".join(f"{kind} {count:,}" for kind, count in self.personal.items())
        lines += ["", f"Personal data replaced: {found or 'none'}."]
        if self.bounds:
            low, high = self.bounds
            lines += ["", f"Thirds by perplexity, cut at {low:.2f} and {high:.2f}:", ""]
            lines += [f"| source | {' | '.join(BUCKETS)} |", "|---|---:|---:|---:|"]
            lines += [
                f"| {source} | {' | '.join(f'{own[name]:,}' for name in BUCKETS)} |"
                for source, own in self.buckets.items()
            ]
        return "\n".join(lines) + "\n"


def write_report(shards: list[str], root: Path) -> Report:
    """Add up what the shards report, and write report.json and report.md."""
    report = Report()
    first = [read_json(root / PREPARED / f"{shard}.json") for shard in shards]
    last = [read_json(root / FINISHED / f"{shard}.json") for shard in shards]
    for shard in first:
        report.documents += shard["documents"]
        report.dirty_chars += shard["dirty_chars"]
        report.clean_chars += shard["clean_chars"]
    report.personal = _sum(shard["personal"] for shard in first)
    report.repeated_lines = sum(shard["repeated_lines"] for shard in last)
    report.train = _sum(shard["train"] for shard in last)
    report.test = _sum(shard["test"] for shard in last)
    for drop in (drop for shard in first + last for drop in shard["drops"]):
        reason = drop["reason"]
        report.drops[reason] = report.drops.get(reason, 0) + 1
        report.dropped_chars[reason] = report.dropped_chars.get(reason, 0) + drop["chars"]
        examples = report.examples.setdefault(reason, [])
        if len(examples) < N_EXAMPLES:
            examples.append((drop["id"], drop["detail"]))
        if reason.startswith(RULES):
            for rule in [reason.removeprefix(RULES), *drop["also"]]:
                report.also[rule] = report.also.get(rule, 0) + 1
    report.drops = dict(sorted(report.drops.items(), key=lambda item: -item[1]))
    _add_buckets(report, [score for shard in last for score in shard["perplexities"]])
    write_json(root / "report.json", root, asdict(report))
    with whole_file(root / "report.md", root) as stream:
        stream.write(report.as_markdown().encode())
    return report


def _add_buckets(report: Report, scores: list[tuple[str, float | None]]) -> None:
    known = [(source, value) for source, value in scores if value is not None]
    if not known:
        return
    report.bounds = list(bucket_bounds([value for _, value in known]))
    for source, value in known:
        own = report.buckets.setdefault(source, dict.fromkeys(BUCKETS, 0))
        own[bucket(value, tuple(report.bounds))] += 1


def read_report(root: Path) -> Report:
    """Read the account of a finished build.

    Raises:
        OSError: if there is none.
    """
    values = read_json(root / "report.json")
    pairs = {reason: [tuple(e) for e in shown] for reason, shown in values["examples"].items()}
    return Report(**values | {"examples": pairs})


def _sum(counts) -> dict[str, int]:
    total: Counter[str] = Counter()
    for own in counts:
        for name, count in own.items():  # Counter's own sum would leave zeros out
            total[name] += count
    return dict(sorted(total.items()))
