"""What-if: another pack, other values, supposed facts, each held to its form before it is judged."""

from collections.abc import Mapping
from typing import Any

from chassis import problems
from chassis.packs import BadFacts, Jurisdiction, Subjects, Troubles, read_facts
from chassis.problems import At

_SHOWN = 20


def other_pack(text: str, city: str, subjects: Subjects) -> Jurisdiction:
    """Return a pack its author sends as one merged text; every trouble in it is named."""
    try:
        j = Jurisdiction.from_text(text, subjects)
    except Troubles as error:
        raise problems.Invalid(
            [At("/pack", "trouble", str(trouble), str(trouble)) for trouble in error.all[:_SHOWN]]
        ) from None
    except (ValueError, KeyError, TypeError):
        raise problems.Invalid(
            [At("/pack", "unreadable", "不是合并后的政策包文本", "is no merged pack text")]
        ) from None
    if j.id != city:
        raise problems.Invalid(
            [At("/pack", "other-city", "是另一辖区的政策包", "is another jurisdiction's pack")]
        )
    return j


def other_values(j: Jurisdiction, parameters: Mapping[str, Any]) -> Jurisdiction:
    """Return the same rules under other values."""
    wrong = []
    for name, value in parameters.items():
        try:
            j.supposing({name: value})
        except Troubles:
            wrong.append(
                At(
                    f"/parameters/{name}",
                    "unfit",
                    "没有此参数，或取值不符合其单位",
                    "is no parameter of this pack, or not in its unit",
                )
            )
    if wrong:
        raise problems.Invalid(wrong)
    return j.supposing(parameters) if parameters else j


def supposed_facts(
    j: Jurisdiction, kind: str, facts: Mapping[str, Any], context: Mapping[str, Any]
) -> dict[str, Any]:
    """Return supposed facts, held to their sheets and the city's words."""
    if kind not in j.subjects.sheets:
        kinds = ", ".join(sorted(j.subjects.sheets))
        raise problems.Invalid(
            [At("/subject/kind", "unknown-kind", f"可用：{kinds}", f"is none of: {kinds}")]
        )
    try:
        return read_facts(j, kind, {**context, kind: facts})
    except BadFacts as error:
        own = f"/{kind}/"
        raise problems.Invalid(
            [
                # What was sent may be quoted in the sentence, so the place speaks for itself.
                At(
                    f"/subject/facts/{at.removeprefix(own)}"
                    if at.startswith(own)
                    else f"/subject/context{at}",
                    "unfit",
                    "不符合事实表：没有此项，或类型、取值不符",
                    "does not fit the fact sheet: no such fact, or not of its type or vocabulary",
                )
                for at, _ in error.places
            ]
        ) from None


def area_of(j: Jurisdiction, kind: str, facts: Mapping[str, Any]) -> str:
    """Return where a supposed subject stands: as its facts say, else anywhere in the jurisdiction."""
    station = facts.get("station", {})
    place = station.get("division", {}) if kind != "district" else facts.get("district", {})
    return str(place.get("code") or j.prefixes[0])
