"""What to answer when facts are absent: the one verdict every completion gives, or undecided."""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any, cast

from chassis import log
from chassis.packs.compiling import WORD_OF, Compiled
from chassis.packs.paths import Spot, dotted, holes, put
from chassis.packs.plan import Frame
from chassis.packs.subjects import Fact
from chassis.problems import Say

MOST_COMPLETIONS = 64


def decide_anyhow(
    compiled: Compiled, frame: Frame, error: str
) -> tuple[str, Sequence[str], Say | None]:
    """Return the verdict, what is missing, and why, for a rule that failed with an error."""
    gaps: dict[Spot, list[Any] | None] = {}
    for path, fact in compiled.paths.items():
        for hole in holes(frame.data, path):
            gaps.setdefault(hole, _domain(fact, frame))
    missing = [dotted(hole) for hole in gaps]
    if not gaps:
        return "undecided", (), _reason(error, compiled)
    domains = [domain for domain in gaps.values() if domain]
    if len(domains) == len(gaps) and math.prod(map(len, domains)) <= MOST_COMPLETIONS:
        answer = _always(compiled, frame, gaps, domains)
        if answer is not None:
            return WORD_OF[answer], (), _whatever(missing)
    return "undecided", missing, None


def _always(
    compiled: Compiled, frame: Frame, gaps: Iterable[Spot], domains: Iterable[Sequence[Any]]
) -> int | None:
    """Return the answer that every completion gives; the second one that differs ends the search."""
    found: Any = None
    for values in itertools.product(*domains):
        answer = compiled.program.eval(data=_filled(frame.data, gaps, values)).value()
        if type(answer) is not int or found not in (None, answer):
            return None
        found = answer
    return cast("int | None", found)


def _domain(fact: Fact | None, frame: Frame) -> list[Any] | None:
    """Return everything a fact could be, if that is a handful."""
    if fact is None or not fact.finite:
        return None
    words = frame.vocabulary.get(fact.vocabulary or "", {})
    values: list[Any] = [False, True] if fact.base is bool else list(words)
    return [*values, None] if fact.nullable else values


def _filled(data: dict[str, Any], spots: Iterable[Spot], values: Iterable[Any]) -> dict[str, Any]:
    for spot, value in zip(spots, values, strict=True):
        data = put(data, spot, value)
    return data


def _whatever(missing: list[str]) -> Say:
    listed = ", ".join(missing)
    return {"zh": f"无论{listed}为何，结论相同", "en": f"the same whatever {listed} is"}


def _reason(error: str, compiled: Compiled) -> Say:
    """Return why nothing is missing and yet there is no answer."""
    if "empty denominator" in error:
        return {"zh": "分母为零，无法计算比例", "en": "a share of nothing has no answer"}
    if "null_type" in error:
        return {"zh": "用到了已知为空的事实", "en": "a fact known to be none was used"}
    log.warning("verdict.unnamed", pack=compiled.pack, rule=compiled.id)
    return {"zh": "无法计算", "en": "it cannot be worked out"}
