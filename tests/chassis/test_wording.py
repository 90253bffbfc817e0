"""What does not fit is said in both languages with the way out, and never repeated."""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from chassis.asked import Asked, Day
from chassis.binding import Plan, plan_of
from chassis.wording import MOST_WORDS, Unfit, none_of, places_of
from services.evaluation.asks import WhatIf
from tests.tenancy.parts import SERVICES
from tests.tenancy.test_scopes import routes_of

SENT = "Zeta-Sent"
PROBES = (
    *(None, True, 1.5, -(10**9), 10**30, SENT, "", SENT * 300, [], [SENT], [SENT] * 600),
    *({}, {"zeta": SENT}, "2026-13-45", "1", "00000000-0000-0000-0000-00000000000x"),
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SPOKEN_BY_PYDANTIC = re.compile(r"Input|input|String should|Value should|valid \w+, ")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Thing(Asked):
    """Something of everything."""

    hours: float = Field(gt=0)
    people: int = Field(ge=1, le=200)
    names: list[str] = Field(min_length=1, max_length=2)
    kind: Literal["case", "group"]
    colour: Colour
    name: str = Field(min_length=2, max_length=4, pattern=r"^[a-z]+$")
    day: Day


def said_of(body: dict[str, object], model: type[BaseModel] = Thing) -> dict[str, tuple[str, str]]:
    with pytest.raises(ValidationError) as wrong:
        model.model_validate(body)
    return {each.at: (each.zh, each.en) for each in places_of(wrong.value)}


def test_a_sentence_names_what_the_schema_asks_for():
    body = {"hours": 0, "people": 201, "names": [], "kind": SENT, "colour": SENT, "name": "a"}

    assert said_of(body | {"day": "1.2.2026", "more": 1}) == {
        "/hours": ("应大于 0.0", "has to be more than 0.0"),
        "/people": ("不得大于 200", "has to be 200 or less"),
        "/names": ("项数过少：至少 1 项", "is too short: 1 items at least"),
        "/kind": ("不在允许的取值内，可用：case, group", "is none of: case, group"),
        "/colour": ("不在允许的取值内，可用：red, blue", "is none of: red, blue"),
        "/name": ("过短：至少 2 个字符", "is too short: 2 characters at least"),
        "/day": ("日期应写作 2026-01-31", "a day is written 2026-01-31"),
        "/more": (
            "此处没有该字段：请核对名称，或删去",
            "is not a field here: check its name, or leave it out",
        ),
    }


def asked() -> Iterator[tuple[str, type[BaseModel]]]:
    for part, service in SERVICES.items():
        for route in routes_of(service):
            plan = getattr(route, "plan", None) or _plan(route)
            for _, model in filter(None, (plan.query, plan.body) if plan else ()):
                if not issubclass(model, BaseModel):  # the gateway reads its forms itself
                    continue
                yield f"{part} {model.__name__}", model


def _plan(route: object) -> Plan | None:
    try:
        return plan_of(route.endpoint, set(route.param_convertors))  # type: ignore[attr-defined]
    except TypeError:  # a page of the framework's
        return None


def wrongs(model: type[BaseModel]) -> Iterator[ValidationError]:
    """Send something wrong to each field, as a body and as a query."""
    for name in model.model_fields:
        for probe in PROBES:
            try:
                model.model_validate_json(json.dumps({name: probe}), strict=True)
                model.model_validate_strings({name: str(probe)})
            except ValidationError as error:
                yield error


@pytest.mark.parametrize("part", SERVICES)
def test_whatever_is_wrong_is_said_in_chinese_and_english_and_never_repeated(part):
    seen = set()
    models = {name: model for name, model in asked() if name.startswith(f"{part} ")}
    for name, model in models.items():
        for error in wrongs(model):
            for place in places_of(error):
                seen.add(place.code)
                said = f"{name} {place}"
                assert CHINESE.search(place.zh), said
                assert place.zh != "不符合要求", said
                assert not SPOKEN_BY_PYDANTIC.search(place.en), said
                assert "Zeta" not in said, said

    assert models
    assert "missing" in seen


def test_a_subject_that_is_none_is_at_its_own_place():
    assert list(said_of({"subject": "ghost:1"}, WhatIf)) == ["/subject"]
    assert list(said_of({"subject": {"kind": "station"}}, WhatIf)) == ["/subject/facts"]


def test_what_a_check_of_ours_refuses_speaks_for_itself():
    class Half(Asked):
        """Half of something."""

        at: Annotated[int, Field(ge=0)]

        def model_post_init(self, _: object) -> None:
            raise Unfit("together", "须一同填写", "go together")

    assert said_of({"at": 1}, Half) == {"": ("须一同填写", "go together")}


def test_the_words_there_are_are_named_up_to_a_number():
    class Word(BaseModel):
        zh: str

    few = none_of(
        "/kind", {"case": Word(zh="个案室"), "group": Word(zh="小组室")}, vocabulary="room"
    )
    many = none_of("/kind", [f"w{n}" for n in range(MOST_WORDS + 3)], vocabulary="partner")

    assert few.zh == "词汇表 room 中没有该词，可用：case（个案室）、group（小组室）"
    assert few.en == "is none of the vocabulary `room`: case, group"
    assert many.zh.endswith(f"等 {MOST_WORDS + 3} 个（见 GET …/policy/vocabulary?name=partner）")
    assert many.en.endswith("and 3 more (GET …/policy/vocabulary?name=partner)")
