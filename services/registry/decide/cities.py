"""Which jurisdictions the platform serves."""

from chassis.problems import At, Invalid
from contracts.registry import JurisdictionChanged
from services.registry.models import City
from services.registry.shapes import ChangeCity, ServeCity

_LENGTHS = {2, 4, 6, 9, 12}


def serve_city(ask: ServeCity) -> tuple[City, JurisdictionChanged]:
    """Serve a jurisdiction from now on."""
    _check(ask.prefixes)
    city = City(
        code=ask.code, kind=ask.kind, name=ask.name.model_dump(), prefixes=sorted(ask.prefixes)
    )
    return city, _told(city)


def change_city(city: City, ask: ChangeCity) -> tuple[City, JurisdictionChanged]:
    """Change what is said of a jurisdiction."""
    if ask.kind is not None:
        city.kind = ask.kind
    if ask.name is not None:
        city.name = ask.name.model_dump()
    if ask.prefixes is not None:
        _check(ask.prefixes)
        city.prefixes = sorted(ask.prefixes)
    return city, _told(city)


def _check(prefixes: list[str]) -> None:
    """Hold prefixes to whole divisions, none inside another: what is counted is counted once."""
    wrong: list[At] = []
    for number, prefix in enumerate(prefixes):
        if len(prefix) not in _LENGTHS:
            wrong.append(
                At(f"/prefixes/{number}", "no-division", "不是区划代码", "is no division code")
            )
        others = prefixes[:number] + prefixes[number + 1 :]
        if any(prefix.startswith(other) for other in others):
            wrong.append(
                At(
                    f"/prefixes/{number}",
                    "inside-another",
                    "已包含在另一前缀中",
                    "lies inside another prefix",
                )
            )
    if wrong:
        raise Invalid(wrong)


def _told(city: City) -> JurisdictionChanged:
    return JurisdictionChanged(
        code=city.code, kind=city.kind, name=city.name, prefixes=city.prefixes
    )
