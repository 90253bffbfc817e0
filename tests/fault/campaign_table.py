"""What came of a campaign: the table people read, and the same as JSON beside its commit."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from chassis.clock import day_of, system_clock
from tests.fault.campaign_plan import KILL, KINDS, STOP, WIPE, Size
from tests.fault.campaign_rows import Streams, Waiting, Wrong
from tests.perf.figures import commit, cores

RESULTS = Path(__file__).with_name("results")
SHOWN = 12


@dataclass
class Told:
    """Everything a campaign has found."""

    seed: int
    size: Size
    hurt: Counter[tuple[str, str]]
    wiped_at: int
    seconds: float
    reading: float
    attempts: int
    acknowledged: int
    unanswered: int
    unknown: int
    strange: list[str]
    again: Counter[str]
    wrong: Wrong
    left: Waiting
    converged: float
    streams: Streams
    events: int
    leases: int
    outcomes: Counter[str]
    refills: list[dict[str, Any]]
    """When a relay found its stream gone and told its whole log again."""

    def by_kind(self, kind: str) -> int:
        return sum(count for (hurt, _), count in self.hurt.items() if hurt == kind)

    @property
    def clean(self) -> bool:
        """Whether every promise was kept, and enough was tried to say so."""
        enough = (
            self.hurt.total() >= self.size.faults
            and all(self.by_kind(kind) >= self.size.least for kind in KINDS)
            and self.acknowledged >= self.size.writes
            and self.wiped_at
        )
        # Each stream was lost once: a relay that believes it lost again tells everything for nothing.
        once = max(Counter(each["stream"] for each in self.refills).values(), default=0) <= 1
        kept = (
            once
            and self.wrong.nothing
            and self.left.nothing
            and not self.strange
            and not self.unknown
        )
        return bool(enough and kept and not self.streams.missing)

    def table(self) -> str:
        """Return it for people."""
        said = [
            f"seed {self.seed}, commit {commit()}: {self.hurt.total()} faults",
            f"{self.seconds:.0f} s of writing, {self.reading:.0f} s of reading",
            "",
            f"{'process':<14}{'SIGKILL':>9}{'SIGSTOP':>9}{'all':>6}",
        ]
        for kind in KINDS:
            killed = self.hurt[kind, KILL] + self.hurt[kind, WIPE]
            said.append(f"{kind:<14}{killed:>9}{self.hurt[kind, STOP]:>9}{self.by_kind(kind):>6}")
        figures = self.figures()
        said += ["", *(f"{name:<34}{value:>12}" for name, value in figures.items())]
        said += ["", f"asked to come again: {dict(self.again.most_common())}"]
        said += [f"consumers met: {dict(self.outcomes.most_common())}"]
        for name, lines in (asdict(self.wrong) | {"strange answers": self.strange}).items():
            said += [f"{name}: {line}" for line in lines[:SHOWN]]
            if len(lines) > SHOWN:
                said.append(f"{name}: and {len(lines) - SHOWN} more")
        return "\n".join(said)

    def figures(self) -> dict[str, Any]:
        """Return the figures by name."""
        return {
            "attempts": self.attempts,
            "acknowledged": self.acknowledged,
            "tries nobody answered": self.unanswered,
            "unknown at the end": self.unknown,
            "strange answers": len(self.strange),
            "lost": len(self.wrong.lost),
            "doubled": len(self.wrong.doubled),
            "order breaks": len(self.wrong.order),
            "parked": self.left.parked,
            "dead letters": self.left.dead,
            "outbox": self.left.outbox,
            "copies behind": self.left.behind,
            "converged in s": round(self.converged, 1) if self.left.nothing else "never",
            "events": self.events,
            "events in no stream": self.streams.missing,
            "messages in the streams": self.streams.messages,
            "of these before their predecessor": self.streams.early,
            "repeats consumers knew": self.outcomes["duplicate"],
            "early events parked, then applied": self.outcomes["parked"],
            "lease found another holder": self.leases,
            "store deleted after writes": self.wiped_at,
            "streams refilled": len(self.refills),
        }

    def write(self) -> Path:
        """Write it beside the others, named by date and commit."""
        RESULTS.mkdir(exist_ok=True)
        today = day_of(system_clock())
        whole = {
            "about": {
                "date": str(today),
                "commit": commit(),
                "machine": cores(),
                "seed": self.seed,
                **asdict(self.size),
            },
            "faults": {
                kind: {how: self.hurt[kind, how] for how in (KILL, STOP, WIPE)} for kind in KINDS
            },
            "figures": self.figures(),
            "seconds": {"writing": round(self.seconds), "reading": round(self.reading)},
            "asked to come again": dict(self.again.most_common()),
        }
        path = RESULTS / f"{today}-{commit()}-{self.seed}.json"
        path.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n")
        return path
