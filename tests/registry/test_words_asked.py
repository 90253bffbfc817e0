"""What cannot be is refused at its place, and a filter by a word nobody has is no empty page."""

import pytest

from tests.conftest import WUHAN
from tests.registry.conftest import a_station, added
from tests.registry.test_dues import a_target
from tests.registry.test_packs import approve


@pytest.mark.usefixtures("wuhan")
@pytest.mark.parametrize(
    ("path", "name", "known"),
    [
        ("stations", "tier", "township"),
        ("stations", "mode", "procured"),
        ("workers", "cert", "assistant"),
        ("agencies", "kind", "social_work"),
        ("partners", "kind", "court"),
        ("targets", "kind", "coverage"),
        ("filings", "filer", "station"),
        ("duties", "department", "court"),
    ],
)
async def test_a_filter_by_a_word_the_city_does_not_have_is_refused_with_its_words(
    bureau, path, name, known
):
    strange = await bureau.get(f"/v1/{WUHAN}/{path}", params={name: "blue"})
    fine = await bureau.get(f"/v1/{WUHAN}/{path}", params={name: known})

    assert strange.status_code == 422, strange.text
    assert [(e["at"], e["code"]) for e in strange.json()["errors"]] == [
        (f"?/{name}", "unknown-word")
    ]
    assert known in strange.json()["errors"][0]["say"]
    assert fine.status_code == 200, fine.text


@pytest.mark.usefixtures("wuhan")
@pytest.mark.parametrize(
    ("path", "body", "at"),
    [
        ("targets", a_target(amount=120), "/amount"),
        ("targets", a_target(year=2010, due_on="2023-12-31"), "/due_on"),
        ("targets", a_target(year=2024), "/due_on"),
        (
            "stations",
            a_station(profile={"premises": {"area_m2": 30, "office_m2": 500}}),
            "/profile/premises/office_m2",
        ),
        ("stations", a_station(tier="community", division="420102"), "/division"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_place(bureau, path, body, at):
    answer = await bureau.post(f"/v1/{WUHAN}/{path}", json=body)

    assert answer.status_code == 422, answer.text
    assert [each["at"] for each in answer.json()["errors"]] == [at]


@pytest.mark.usefixtures("wuhan")
async def test_a_target_may_be_due_in_the_year_after_and_growth_be_more_than_all(bureau):
    await added(bureau, "targets", a_target(due_on="2024-03-31"))
    await added(bureau, "targets", a_target(kind="certified_growth", amount=120))


@pytest.mark.usefixtures("wuhan")
async def test_the_author_does_not_approve_what_is_active_either(author):
    [active] = (await author.get(f"/v1/{WUHAN}/packs")).json()["items"]

    answer = await approve(author, active["version"], "2021-01-01")

    assert answer.status_code == 403
