"""Jurisdictions and their divisions: public by nature, each city its own."""

from services.registry.app import service
from tests.conftest import HANGZHOU, WUHAN
from tests.http import actor, client

ADMIN = "/v1/000000/jurisdictions"


async def test_a_jurisdiction_is_served_once_and_changed_at_the_version_seen(served):
    async with client(service, served, actor("platform_admin", "000000")) as admin:
        twice = await admin.post(
            ADMIN,
            json={
                "code": WUHAN,
                "kind": "city",
                "name": {"zh": "武汉", "en": "Wuhan"},
                "prefixes": ["4201"],
            },
        )
        blind = await admin.patch(f"{ADMIN}/{WUHAN}", json={"prefixes": ["420102"]})
        etag = (await admin.get(f"{ADMIN}/{WUHAN}")).headers["etag"]
        seen = await admin.patch(
            f"{ADMIN}/{WUHAN}", json={"prefixes": ["420102"]}, headers={"if-match": etag}
        )
        absent = await admin.get(f"{ADMIN}/999999")

    assert [twice.status_code, blind.status_code] == [409, 428]
    assert (seen.status_code, seen.headers["etag"]) == (200, '"2"')
    assert absent.status_code == 404
    async with client(service, served, actor("partner")) as anyone:
        assert (await anyone.get(f"/v1/{WUHAN}")).json()["prefixes"] == ["420102"]


async def test_only_the_platform_serves_cities(served):
    async with client(service, served, actor("city_bureau")) as bureau:
        answers = [await bureau.get(f"/v1/{WUHAN}/jurisdictions/{WUHAN}")]
    async with client(service, served, actor("platform_admin", WUHAN)) as usurper:
        answers.append(await usurper.get(f"/v1/{WUHAN}/jurisdictions/{WUHAN}"))
        body = {
            "code": "420200",
            "kind": "city",
            "name": {"zh": "黄石市", "en": "Huangshi"},
            "prefixes": ["4202"],
        }
        answers.append(await usurper.post(f"/v1/{WUHAN}/jurisdictions", json=body))

    assert [answer.status_code for answer in answers] == [403] * 3


async def test_a_city_nobody_serves_is_not_found(served):
    async with client(service, served, actor("city_bureau", "999999")) as somebody:
        assert (await somebody.get("/v1/999999")).status_code == 404
        assert (await somebody.get("/v1/999999/divisions")).status_code == 404


async def test_divisions_of_a_city_are_its_own(served):
    async with client(service, served, actor("partner")) as court:
        path = f"/v1/{WUHAN}/divisions"

        async def codes(**query):
            answer = await court.get(path, params=query)
            assert answer.status_code == 200, answer.text
            return [each["code"] for each in answer.json()["items"]]

        assert await codes(level=4) == ["420102007", "420102008", "420103001"]
        assert await codes(parent="420102") == ["420102007", "420102008"]
        assert await codes(parent="420102007000") == ["420102007001", "420102007002"]
        assert await codes(parent="330102") == []
        assert await codes(system="mca") == []
        first = (await court.get(path, params={"level": 4, "limit": 2})).json()
        rest = (await court.get(path, params={"level": 4, "after": first["next"]})).json()
        own = await court.get(f"{path}/420102007")
        wider, foreign, absent, shapeless = [
            await court.get(f"{path}/{code}") for code in ("42", "330102001", "420199001", "x")
        ]

    assert [each["code"] for each in rest["items"]] == ["420103001"]
    assert rest["next"] is None
    assert own.json() == {
        "system": "nbs",
        "vintage": "2023-09-11",
        "code": "420102007",
        "name": "一元街道",
        "level": 4,
        "kind": "street",
        "parent": "420102",
    }
    assert [each.status_code for each in (wider, foreign, absent, shapeless)] == [404] * 4


async def test_an_invented_cursor_is_refused(served):
    async with client(service, served, actor("partner")) as court:
        answer = await court.get(f"/v1/{HANGZHOU}/divisions", params={"after": "x"})
        broken = await court.get(f"/v1/{WUHAN}/divisions", params={"after": "!!"})

    assert (answer.status_code, broken.status_code) == (403, 400)
