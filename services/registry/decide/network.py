"""Units and links: what a unit is, and which ends a link may have."""

from collections.abc import Sequence
from datetime import date

from chassis.divisions import Division
from chassis.problems import At, Invalid
from contracts.registry import LinkChanged, UnitChanged
from services.registry.decide.days import effective, in_order, since
from services.registry.facts import Words, strange_words
from services.registry.models import Link, Unit
from services.registry.shapes import AddLink, ChangeLink, WriteUnit

ENDS: dict[str, frozenset[tuple[str, str]]] = {
    "supervises": frozenset({("station", "station")}),
    "dispatches": frozenset({("station", "station"), ("agency", "station")}),
    "controls": frozenset({("agency", "agency")}),
    "related": frozenset({("agency", "agency")}),
}
"""What may be linked: a centre over a station (WH-2.1-b, LZ-2.1.2-b), who sends workers (LZ-2.3.2-c),
bodies whose tie makes a conflict of interest (LZ-2.3.3-b)."""


def write_unit(
    unit: Unit | None,
    ask: WriteUnit,
    around: Division,
    covers: Sequence[Division],
    words: Words | None,
    today: date,
) -> tuple[Unit, UnitChanged]:
    """Enter a unit, or replace what is said of one."""
    wrong = list(strange_words(WriteUnit, {"kind": ask.kind}, words)) if words is not None else []
    if unit is not None and ask.parent_id == unit.id:
        wrong.append(At("/parent_id", "itself", "不能隶属于自身", "is the unit itself"))
    if wrong:
        raise Invalid(wrong)
    said = ask.model_dump(exclude={"effective_on"}) | {
        "division": around.code,
        "division_system": around.system,
        "covers": sorted({each.code for each in covers}),
        "as_of": since(unit, ask.effective_on, today, ask.since),
    }
    if unit is None:
        unit = Unit(**said)
    else:
        for name, value in said.items():
            setattr(unit, name, value)
    shared = UnitChanged.model_fields.keys() - {"unit_id"}
    return unit, UnitChanged(unit_id=unit.id, **{name: getattr(unit, name) for name in shared})


def add_link(ask: AddLink, today: date) -> tuple[Link, LinkChanged]:
    """Link two bodies for a period."""
    wrong = []
    if (ask.from_kind, ask.to_kind) not in ENDS[ask.kind]:
        wrong.append(
            At("/kind", "wrong-ends", "这两类主体之间没有此种关系", "does not link such bodies")
        )
    if ask.from_id == ask.to_id:
        wrong.append(At("/to_id", "itself", "不能与自身关联", "is the same body"))
    if wrong:
        raise Invalid(wrong)
    said = ask.model_dump(exclude={"effective_on"})
    link = Link(**said, as_of=effective(ask.effective_on, today, ask.starts_on))
    in_order(link.starts_on, link.ends_on)
    return link, _told(link)


def change_link(link: Link, ask: ChangeLink, today: date) -> tuple[Link, LinkChanged]:
    """End a link, or correct its period."""
    for name in ask.model_fields_set - {"effective_on"}:
        value = getattr(ask, name)
        if value is not None or name != "starts_on":
            setattr(link, name, value)
    link.as_of = effective(ask.effective_on, today)
    in_order(link.starts_on, link.ends_on)
    return link, _told(link)


def _told(link: Link) -> LinkChanged:
    shared = LinkChanged.model_fields.keys() - {"link_id"}
    return LinkChanged(link_id=link.id, **{name: getattr(link, name) for name in shared})
