"""A station's profile: held to the city's words, and told to others; `contracts.profile` has its facts."""

from collections.abc import Iterator, Mapping
from typing import Any

from chassis.problems import At
from services.registry.facts import Words, strange_words
from services.registry.shapes import StationProfile

Part = Any
"""A part of a profile as JSON: what came in, days as ISO text, what was not said left out."""

WRITTEN_FREELY = frozenset({"what", "address"})
"""What stays here: an event carries no free text and no address."""


def changed(profile: Mapping[str, Part], ask: StationProfile) -> dict[str, Part]:
    """Return a profile with the parts that were given; null takes a part back."""
    given = ask.model_dump(mode="json", exclude_unset=True)
    return {name: part for name, part in {**profile, **given}.items() if part is not None}


def complaints(profile: Mapping[str, Part], words: Words | None) -> Iterator[At]:
    """Yield every place where a part says something that cannot be."""
    if words is not None:
        yield from strange_words(StationProfile, profile, words, "/profile")
    for number, sign in enumerate(profile.get("signs", ())):
        if (sign["kind"] == "logo") != (sign.get("logo") is not None):
            at = f"/profile/signs/{number}/logo"
            yield At(
                at, "logo", "标识须注明是哪一种，其他标牌不得填写", "goes with a sign that is one"
            )
    premises = profile.get("premises", {})
    office, area = premises.get("office_m2"), premises.get("area_m2")
    if office is not None and area is not None and office > area:
        at = "/profile/premises/office_m2"
        yield At(at, "too-large", "不能大于场所总面积", "is more than the premises have")
    heads = [each for each in profile.get("leadership", ()) if each["role"] == "head"]
    for number, leader in enumerate(profile.get("leadership", ())):
        at = f"/profile/leadership/{number}"
        if leader.get("ends_on") and leader["ends_on"] < (leader.get("starts_on") or ""):
            yield At(f"{at}/ends_on", "before-start", "早于开始日期", "is before the first day")
        # One head at a time (HF-4.1-a).
        if leader in heads and any(_overlap(leader, e) for e in heads if e is not leader):
            yield At(at, "two-heads", "同一时期只能有一名站长", "there is one head at a time")


def public(profile: Mapping[str, Part]) -> dict[str, Part]:
    """Return a profile as others may know it."""
    return {name: _without_words(part) for name, part in profile.items()}


def _without_words(part: Part) -> Part:
    if isinstance(part, list):
        return [_without_words(each) for each in part]
    if isinstance(part, dict):
        return {n: _without_words(v) for n, v in part.items() if n not in WRITTEN_FREELY}
    return part


def _overlap(one: Part, other: Part) -> bool:
    first, last = "0", "9"
    return bool(
        (one.get("starts_on") or first) <= (other.get("ends_on") or last)
        and (other.get("starts_on") or first) <= (one.get("ends_on") or last)
    )
