"""What holds at one place in one stretch of days, and the facts laid beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chassis.packs.compiling import WORD_OF, Compiled
from chassis.packs.layers import Entry, Merged, Setting, Spot, choose
from chassis.packs.model import Rule, Vocable
from chassis.problems import Say


@dataclass(frozen=True)
class Version:
    """A rule as one layer has it; `compiled` is None where it is switched off."""

    rule: Rule
    compiled: Compiled | None


Rules = Mapping[str, list[Entry[Version]]]


@dataclass(frozen=True)
class Plan:
    """The rules of a subject in force, and the parameters they read.

    `ready` has beside each rule why it cannot apply yet (a parameter without a value is the due date),
    `dormant` the rules this place has but not now.
    """

    values: dict[str, Any]
    settings: dict[str, Setting]
    ready: dict[str, tuple[Compiled, Say | None]]
    dormant: dict[str, Compiled]
    brief: dict[str, tuple[Compiled | None, dict[Any, str]]]
    """Of each rule what runs, if anything does, and by its answer `rule:word:modality`."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A plan with the facts of one subject on one day: what a verdict is rendered from."""

    today: str
    plan: Plan
    data: dict[str, Any]
    activation: Any
    vocabulary: Mapping[str, Mapping[str, Vocable]]


def make_plan(
    rules: Rules, rids: Iterable[str], parameters: Mapping[str, Merged], spot: Spot, day: str
) -> Plan:
    """Work out what holds there that day."""
    settings: dict[str, Setting] = {}
    pending: set[str] = set()
    for name, merged in parameters.items():
        setting = choose(merged.entries, spot, day)
        if setting is not None:
            settings[name] = setting
        elif merged.kind != "operator":
            pending.add(name)
    values = {f"param.{name}": setting.value for name, setting in settings.items()}
    plan = Plan(values, settings, {}, {}, {})
    for rid in rids:
        version = choose(rules[rid], spot, day)
        if version is None:
            anyhow = choose(rules[rid], spot, None)
            if anyhow and anyhow.compiled:
                plan.dormant[rid] = anyhow.compiled
        elif version.compiled:
            lacking = sorted(version.compiled.parameters & pending)
            plan.ready[rid] = (version.compiled, _no_value(lacking) if lacking else None)
    for rid, asleep in plan.dormant.items():
        plan.brief[rid] = (None, _texts(asleep))
    for rid, (compiled, why_not) in plan.ready.items():
        plan.brief[rid] = (None if why_not else compiled, _texts(compiled))
    return plan


def brief(rule: str, word: str, modality: str) -> str:
    """Return a verdict in one text."""
    return f"{rule}:{word}:{modality}"


def _texts(compiled: Compiled) -> dict[Any, str]:
    modality = compiled.rule.modality
    return {answer: brief(compiled.id, word, modality) for answer, word in WORD_OF.items()}


def _no_value(names: list[str]) -> Say:
    listed = ", ".join(names)
    return {"zh": f"参数尚无取值：{listed}", "en": f"no value yet: {listed}"}
