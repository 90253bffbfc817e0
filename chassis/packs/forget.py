"""Forgetting: facts are left out at random, and no verdict may flip.

A verdict may become undecided, or stay. That is the contract with the CEL runtime: an absent fact is
an error, and `&&`, `||`, `exists`, `all` absorb errors as Kleene's logic does.
"""

import copy
import random
from collections.abc import Iterator
from typing import Any

from chassis.packs.cases import Case, judge_case
from chassis.packs.jurisdiction import Jurisdiction
from chassis.packs.paths import Spot

_MOST_AT_ONCE = 3


def forget(j: Jurisdiction, cases: list[Case], seed: int, rounds: int) -> tuple[int, list[str]]:
    """Return how many verdicts were tried, and what was unsound about any of them."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    tried, wrong = 0, []
    for case in cases:
        full = {rid: verdict.word for rid, verdict in judge_case(j, case).items()}
        spots = [spot for spot in _leaves(case.facts) if len(spot) > 1]
        for _ in range(rounds if spots else 0):
            gone = dice.sample(spots, dice.randint(1, min(_MOST_AT_ONCE, len(spots))))
            facts = copy.deepcopy(case.facts)
            for spot in gone:
                _drop(facts, spot)
            less = Case(**{**case.__dict__, "facts": facts})
            for rid, verdict in judge_case(j, less).items():
                tried += 1
                if verdict.word not in (full.get(rid), "undecided"):
                    wrong.append(f"{case.name}: {rid} {full.get(rid)} -> {verdict.word}, {gone}")
                if verdict.word == "undecided" and not verdict.missing and not verdict.why:
                    wrong.append(f"{case.name}: {rid} is undecided and names nothing, {gone}")
    return tried, wrong


def _leaves(value: Any, at: Spot = ()) -> Iterator[Spot]:
    """Yield every fact that can be left out; a list that is given is complete."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield (*at, name)
            yield from _leaves(each, (*at, name))
    elif isinstance(value, list):
        for i, each in enumerate(value):
            if isinstance(each, dict):
                yield from _leaves(each, (*at, i))


def _drop(facts: Any, spot: Spot) -> None:
    for step in spot[:-1]:
        try:
            facts = facts[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(facts, dict):
        facts.pop(spot[-1], None)
