"""What a service asks of the pack in force: typed parameters, and leave at a gate.

class ReferralPolicy(Policy):
    reply_working_days: Param[int]
    reply_immediate_hours: Param[float]

policy = ReferralPolicy.of(j, "420102", tx.today)
policy.reply_working_days.value, policy.reply_working_days.cite

warnings = refuse(j, "procurement.contract.sign", "contract", facts, area, tx.today)
"""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Self, TypeVar

from chassis import problems
from chassis.packs.jurisdiction import Jurisdiction, NoParameter
from chassis.packs.verdict import Verdict, Waiver

T = TypeVar("T")


@dataclass(frozen=True)
class Param(Generic[T]):
    """A parameter's value there and then; `kind` tells policy from a default and an operator's."""

    name: str
    value: T
    kind: str
    cite: dict[str, Any] | None


_KEPT = 4_000
"""Places and days a document's parameters are kept for."""


class Policy:
    """The parameters a service reads, declared as annotations of a subclass."""

    _types: typing.ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        """Note the type of each parameter."""
        hints = typing.get_type_hints(cls)
        cls._types = {
            name: typing.get_args(hint)[0]
            for name, hint in hints.items()
            if typing.get_origin(hint) is Param
        }

    @classmethod
    def of(cls, j: Jurisdiction, area: str, day: date) -> Self:
        """Read every parameter there and then; a pack without one is refused with its name."""
        kept: Self | None = j.kept.get((cls, area, day))
        if kept is not None:
            return kept
        policy = cls()
        for name, kind in cls._types.items():
            found = j.parameter(name, area, day)
            value = _as(kind, found.value)
            if value is None:
                raise NoParameter(f"{j.id}: `{name}` is {found.unit}, not {kind}")
            setattr(policy, name, Param(name, value, found.kind, found.cite))
        if len(j.kept) >= _KEPT:
            j.kept.clear()
        j.kept[cls, area, day] = policy
        return policy

    @classmethod
    def lacking(cls, j: Jurisdiction) -> list[str]:
        """Return the parameters a pack does not have: for whoever checks packs before use."""
        return [name for name in cls._types if name not in j.parameters]


def refuse(
    j: Jurisdiction,
    gate: str,
    subject: str,
    facts: Mapping[str, Any],
    area: str,
    as_of: date,
    waivers: Sequence[Waiver] = (),
) -> list[dict[str, Any]]:
    """Raise what the pack has against a write; return the lines of what it only warns of.

    Only met, waived and not applicable pass. A broken `must` refuses, an undecided one asks for the
    facts it names; of any softer clause both are warnings in the answer.
    """
    if gate not in j.subjects.gates:
        raise LookupError(f"no gate `{gate}`")
    verdicts = j.judge(subject, facts, area, as_of, gate=gate, waivers=waivers)
    stopped = [verdict for verdict in verdicts if verdict.word in ("broken", "undecided")]
    binding = [verdict for verdict in stopped if verdict.modality == "must"]
    if broken := [verdict for verdict in binding if verdict.word == "broken"]:
        raise problems.Refused([gate_line(verdict) for verdict in broken])
    if binding:
        raise problems.FactsMissing([gate_line(verdict) for verdict in binding])
    return [gate_line(verdict) for verdict in stopped]


def gate_line(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as a problem names it: rule, clause, value; never the facts that were sent."""
    line = verdict.line()
    del line["facts"], line["let"]
    values = {name: shown["value"] for name, shown in line["parameters"].items()}
    value = next(iter(values.values())) if len(values) == 1 else values or None
    return {"id": verdict.rule, "value": value, **line}


def _as(kind: Any, value: Any) -> Any:
    """Return a value in the type asked for, or None where it is of another."""
    wanted = typing.get_origin(kind) or kind
    if wanted is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if wanted is date and isinstance(value, str):
        return date.fromisoformat(value)
    fits = isinstance(value, int | float) if wanted is float else isinstance(value, wanted)
    return value if fits and (wanted is bool or not isinstance(value, bool)) else None
