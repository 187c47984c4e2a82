"""What each section measured last, in a JSON file beside the report.

So the sections can be measured on different quiet hours, and the report still shows all of them.
"""

import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.race import Row
from benchmarks.report import Section, Table
from llama_edu.writing import write_whole


def read(path: Path) -> dict[str, Section]:
    """The sections by name; none if the file is not there."""
    if not path.exists():
        return {}
    return {
        name: Section(**plain | {"tables": [_table(table) for table in plain["tables"]]})
        for name, plain in json.loads(path.read_text(encoding="utf-8")).items()
    }


def keep(path: Path, sections: dict[str, Section]) -> None:
    """Replace the file whole."""
    plain = {name: asdict(section) for name, section in sections.items()}
    for section in plain.values():
        for table in section["tables"]:
            for row in table["rows"]:
                del row["result"]  # what a run returned: it was judged when it was measured
    write_whole(path, json.dumps(plain, indent=1, ensure_ascii=False) + "\n")


def _table(plain: dict) -> Table:
    rows = [Row(**row) for row in plain["rows"]]
    return Table(**plain | {"rows": rows, "baseline": tuple(plain["baseline"])})
