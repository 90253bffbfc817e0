"""What was measured: medians over rounds, ratios to the floor, one JSON file and one table."""

import platform
import statistics
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import orjson

from tests.perf import aims
from tests.perf.client import Run

RESULTS = Path(__file__).with_name("results")


@dataclass
class Figures:
    """Everything one bench has found, by name; several values of a name are its rounds."""

    about: dict[str, Any] = field(default_factory=dict)
    found: dict[str, list[dict[str, float]]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, **values: float) -> None:
        self.found[name].append(values)
        shown = "  ".join(f"{k} {v:,.1f}" for k, v in values.items())
        click.echo(f"{name:<44} {shown}")

    def run(self, name: str, run: Run, spent: dict[str, float] | None = None) -> None:
        """Add one load run; any answer that is no 2xx is said aloud."""
        values = {"rate": run.rate, "p50 ms": run.at(0.5), "p99 ms": run.at(0.99)}
        for part, seconds in (spent or {}).items():
            values[f"{part} µs"] = seconds * 1e6 / max(run.good, 1)
        values["client µs"] = run.own * 1e6 / max(run.all, 1)
        bad = sum(run.statuses.values()) - run.good
        if bad or run.lost:
            values |= {"not 2xx": bad, "lost": run.lost}
            self.notes.append(f"{name}: {dict(run.statuses)}, lost {run.lost}")
            click.echo(run.sample.decode(errors="replace")[-300:])
        self.add(name, **values)

    def median(self, name: str, value: str = "rate") -> float | None:
        values = [each[value] for each in self.found.get(name, []) if value in each]
        return statistics.median(values) if values else None

    def summary(self) -> dict[str, Any]:
        """Return medians by name, with every round beside them."""
        out = {}
        for name, rounds in self.found.items():
            keys = dict.fromkeys(key for each in rounds for key in each)
            out[name] = {
                "medians": {key: round(self.median(name, key), 3) for key in keys},
                "rounds": [{k: round(v, 3) for k, v in each.items()} for each in rounds],
            }
        return out

    def ratios(self, asked: dict[str, tuple[str, str]]) -> dict[str, float]:
        """Return rate over rate, by name; what was not measured is left out."""
        out = {}
        for name, (above, below) in asked.items():
            top, bottom = self.median(above), self.median(below)
            if top is not None and bottom:
                out[name] = round(top / bottom, 3)
        return out

    def write(self, ratios: dict[str, float], what: str = "") -> Path:
        """Write both forms beside each other and return the table's path."""
        name = f"{self.about['date']}-{self.about['commit']}{what}"
        RESULTS.mkdir(exist_ok=True)
        whole = {
            "about": self.about,
            "ratios": ratios,
            "figures": self.summary(),
            "notes": self.notes,
        }
        (RESULTS / f"{name}.json").write_bytes(
            orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n"
        )
        table = RESULTS / f"{name}.md"
        table.write_text(self.table(ratios), encoding="utf-8")
        return table

    def table(self, ratios: dict[str, float]) -> str:
        about = "; ".join(f"{key} {value}" for key, value in self.about.items())
        aimed = aims.lines({"figures": self.summary(), "ratios": ratios})
        lines = [f"# Bench\n\n{about}\n", *aimed, "", "| ratio | |", "|---|---|"]
        lines += [f"| {name} | {value} |" for name, value in ratios.items()]
        lines += ["", "| what (medians) | rounds | figures |", "|---|---|---|"]
        for name, each in self.summary().items():
            shown = ", ".join(f"{key} {value:,.4g}" for key, value in each["medians"].items())
            lines.append(f"| {name} | {len(each['rounds'])} | {shown} |")
        if self.notes:
            lines += ["", "Not as asked:", "", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines) + "\n"


def commit() -> str:
    """Return the commit that is measured, with a `+` when files of the product differ from it."""
    ran = ["git", "describe", "--always", "--exclude", "*", "--abbrev=8"]
    found = subprocess.run(ran, check=True, capture_output=True, text=True).stdout.strip()
    product = ["chassis", "services", "gateway", "contracts", "deploy"]
    differs = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", *product], check=False)
    return found + ("+" if differs.returncode else "")


def cores() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"{len(names)} × {names[0] if names else platform.processor()}"
