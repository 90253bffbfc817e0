"""What one outage came to: a row of the table, and every reason why it failed."""

from dataclasses import dataclass, field

from tests.fault.checker import check

HEAD = (
    f"{'away':<34}{'s':>6}{'asked':>7}{'granted':>9}{'p99 before':>12}{'p99':>9}{'ratio':>7}"
    f"{'whole':>8}{'lost':>6}{'doubled':>8}{'order':>6}"
)
GRANTED = 0.999


@dataclass
class Came:
    """Times are told, loss and order are judged: `wrong` says what must not be."""

    name: str
    away_s: float = 0.0
    asked: int = 0
    granted: float | None = None
    p99_before_ms: float | None = None
    p99_ms: float | None = None
    whole_s: float | None = None
    """From the return of what was away until all was published and applied."""
    lost: int = 0
    doubled: int = 0
    order: int = 0
    also: dict[str, object] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def must(self, true, else_):
        if not true:
            self.wrong.append(else_)

    def row(self):
        def number(value, form):
            return "" if value is None else format(value, form)

        ratio = self.p99_ms / self.p99_before_ms if self.p99_ms and self.p99_before_ms else None
        return (
            f"{self.name:<34}{self.away_s:>6.1f}{self.asked:>7}{number(self.granted, '.2%'):>9}"
            f"{number(self.p99_before_ms, '.0f'):>9} ms{number(self.p99_ms, '.0f'):>6} ms"
            f"{number(ratio, '.1f'):>7}{number(self.whole_s, '.1f'):>6} s"
            f"{self.lost:>6}{self.doubled:>8}{self.order:>6}  "
            + ", ".join(f"{name} {value}" for name, value in self.also.items())
        )


async def read(came, house, ledger, *, within=90.0):
    """Do the final reads of everything, and judge them."""
    found = await check(house, ledger, came.name, within=within)
    came.whole_s = found.seconds
    came.lost, came.doubled, came.order = map(len, (found.lost, found.doubled, found.order))
    came.must(not found.unknown, f"{found.unknown} never answered")
    for kind in ("lost", "doubled", "order"):
        came.wrong += [f"{kind}: {line}" for line in getattr(found, kind)[:5]]
    came.must(not found.parked, f"{found.parked} parked")
    came.must(not found.dead, f"{found.dead} dead letters")
