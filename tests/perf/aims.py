"""What was aimed at and what a run has seen: the table of docs/performance.md, from its figures.

python -m tests.perf.aims tests/perf/results/DATE-COMMIT.json
"""

import sys
from collections.abc import Callable
from pathlib import Path

import click
import orjson

ABSENT = "–"


class Seen:
    """One run's medians and ratios, as words for a table."""

    def __init__(self, whole: dict) -> None:
        self._figures, self._ratios = whole["figures"], whole["ratios"]

    def value(self, name: str, key: str) -> float | None:
        """Return a median."""
        return self._figures.get(name, {}).get("medians", {}).get(key)

    def ratio(self, *names: str) -> str:
        """Return ratios side by side."""
        return ", ".join(f"{self._ratios[n]:.2f}" if n in self._ratios else ABSENT for n in names)

    def of(self, name: str, *keys: str) -> str:
        """Return figures of one measurement side by side."""
        found = (self.value(name, key) for key in keys)
        return ", ".join(ABSENT if each is None else _short(each) for each in found)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _memory(seen: Seen, name: str) -> str:
    parts = ("registry", "casework", "procurement", "evaluation", "gateway")
    return (
        f"{seen.of(name, 'all')} MB: supervisor {seen.of(name, 'supervisor')}, PostgreSQL"
        f" {seen.of(name, 'PostgreSQL')}, NATS {seen.of(name, 'NATS')}, parts"
        f" {seen.of(name, *parts)}"
    )


def _overload(seen: Seen) -> str:
    name = "twice the capacity"
    asked, rate = seen.value(name, "asked"), seen.value(name, "rate")
    if not asked or rate is None:
        return ABSENT
    return (
        f"{rate * 200 / asked:.0f} % ({rate:.0f}/s of {asked / 2:.0f}/s),"
        f" p50, p99 {seen.of(name, 'p50 ms', 'p99 ms')} ms"
    )


def _refused(seen: Seen) -> str:
    name = "twice the capacity"
    return (
        f"{seen.of(name, 'refused')}, of them with Retry-After {seen.of(name, 'hinted')}; p50, p99"
        f" {seen.of(name, 'refusal p50 ms', 'refusal p99 ms')} ms"
    )


def _overview(seen: Seen) -> str:
    every = (f"overview at a steady {rate}/s" for rate in (100, 200, 300))
    shown = ", ".join(f"{seen.of(n, 'p99 ms')} ms ({seen.of(n, 'rate')}/s)" for n in every)
    return f"p99 {shown}"


ROWS: tuple[tuple[str, str, Callable[[Seen], str]], ...] = (
    (
        "intake alone / pgbench at 1, 8, 32",
        "≥ 0.25 at 8",
        lambda s: s.ratio(*(f"intake alone at {c} / pgbench at {c}" for c in (1, 8, 32))),
    ),
    ("p99 of it at 8", "≤ 15 ms", lambda s: f"{s.of('intake alone at 8', 'p99 ms')} ms"),
    (
        "processor time of one: gateway, casework, PostgreSQL",
        "",
        lambda s: s.of("intake alone at 8", "gateway µs", "casework µs", "PostgreSQL µs") + " µs",
    ),
    (
        "intake alone / plain baseline at 8",
        "≥ 4",
        lambda s: s.ratio("intake alone at 8 / plain baseline at 8"),
    ),
    (
        "intake with relay and consumers / pgbench at 8",
        "≥ 0.18",
        lambda s: s.ratio("intake with relay and consumers at 8 / pgbench at 8"),
    ),
    (
        "read by id / pgbench at 8",
        "≥ 0.50",
        lambda s: s.ratio("read by id at 8 / pgbench at 8"),
    ),
    (
        "list of 50, p50, processor time in casework",
        "",
        lambda s: (
            f"{s.of('list of 50 at 8', 'p50 ms')} ms, {s.of('list of 50 at 8', 'casework µs')} µs"
        ),
    ),
    (
        "commit → read model p50, p99 at 50 intakes/s",
        "",
        lambda s: s.of("commit to read model at 50/s", "p50 ms", "p99 ms") + " ms",
    ),
    (
        "… at 500 events/s, ten to a transaction",
        "p99 ≤ 100 ms",
        lambda s: s.of("commit to read model at 500 events/s", "p50 ms", "p99 ms") + " ms",
    ),
    (
        "catch-up: relay, consumer",
        "≥ 2,000/s",
        lambda s: f"{s.of('relay catch-up', 'rate')}, {s.of('consumer catch-up', 'rate')}/s",
    ),
    ("overview at 100, 200, 300/s", "p99 ≤ 30 ms at 300/s", _overview),
    ("twice the capacity for 30 s: goodput", "≥ 90 %, p99 ≤ 500 ms", _overload),
    ("… refusals", "at once", _refused),
    (
        "… normal again after",
        "≤ 10 s",
        lambda s: s.of("normal after the overload", "seconds") + " s",
    ),
    ("memory at rest, all processes (PSS)", "≤ 800 MB", lambda s: _memory(s, "memory at rest (PSS, MB)")),
    ("… after load", "", lambda s: s.of("memory after load (PSS, MB)", "all") + " MB"),
    (
        "warm start; cold start with the demo",
        "≤ 8 s",
        lambda s: f"{s.of('warm start', 'seconds')} s; {s.of('cold start with demo', 'seconds')} s",
    ),
)  # fmt: skip


def lines(whole: dict) -> list[str]:
    """Return the table."""
    seen = Seen(whole)
    return ["| | aim | seen |", "|---|---|---|"] + [
        f"| {name} | {aim} | {tell(seen)} |" for name, aim, tell in ROWS
    ]


if __name__ == "__main__":
    click.echo("\n".join(lines(orjson.loads(Path(sys.argv[1]).read_bytes()))))
