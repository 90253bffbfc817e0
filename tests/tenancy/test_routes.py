"""Every operation × every value that names something × everybody who should not have it.

Two cities live through the same days (`story`), so that each value of a request has its counterpart
in the other city. A request is asked again with that counterpart, and with a value nobody has: both
answers must be the same in status, headers and body.
"""

from uuid import uuid4

import pytest

from chassis.db import Who
from chassis.tables import Receipt
from tests.tenancy.parts import SERVICES
from tests.tenancy.world import A_CLIENT, AN_ID, PLATFORM, Deed, described, operations

NOT_OF_A_CITY = {
    "post_token": "where a client proves who it is",
    "get_keys": "public keys",
    "get_metadata": "what the token door can do",
}
"""Operations that no city's id goes into."""

KEPT_UNSEEN = {
    "post_client": "the gateway cannot look up what a client is to reach; the part that can, will",
}
"""Operations that take an id they cannot look up: no difference may show either."""

ANYWHERE = {
    "get_agency": "every agency of a city is its bureaus' to see",
    "put_agency": "refused to all but the city's bureau: it may be seen, not changed",
    "get_partner": "every partner of a city is its bureaus' to see",
    "put_partner": "refused to all but the city's bureau: it may be seen, not changed",
    "get_register": "from when a register is whole is said to all who read in it",
    "put_register": "refused to all but the city's bureau: it may be seen, not changed",
    **dict.fromkeys(
        (
            *("get_agency_officers", "post_agency_officer", "patch_agency_officer"),
            *("get_partner_officers", "post_partner_officer", "patch_partner_officer"),
            *("get_agency_history", "get_agency_state"),
            *("get_partner_history", "get_partner_state"),
        ),
        "every agency and partner of a city is its bureaus' to see",
    ),
    "get_pack": "a city's policy is public to all who work with it",
    "get_division": "reference data",
    "get_division_history": "reference data",
    "post_client": "the city's bureau keeps all clients of its city",
}
"""Operations whose objects are not a station's, a division's or a partner's own."""
PAST = ("_history", "_state")
"""Operations on the past of a record."""
WIDE = {"city_bureau", "auditor"}
"""Roles that reach the city as a whole."""

VERDICTS = {
    *("get_compliance", "get_verdicts", "get_verdicts_of", "get_waivers", "get_waiver"),
    *("get_attestations", "get_attestation", "get_attestation_form", "get_deadlines"),
}
"""Read by `evaluation:read`, or by `registry:read` of one's own station."""

UNSAID = {"traceparent", "content-length", "date"}


def heard(answer):
    """Return what of an answer may tell something: all but the trace."""
    headers = {n: v for n, v in answer.headers.items() if n not in UNSAID}
    try:
        body = answer.json()
    except ValueError:
        body = answer.text
    if isinstance(body, dict):
        body.pop("trace_id", None)
    return answer.status_code, headers, body


def absent(place, value):
    """Return a value of the same form that names nothing."""
    if AN_ID.search(value):
        return AN_ID.sub(str(uuid4()), value)
    if A_CLIENT.match(value):
        return f"{value[:6]}.nobody-{uuid4().hex[:8]}"
    return {"version": "f" * len(value), "code": f"{value[:2]}9999999"[: len(value)]}[place[-1]]


def elsewhere(house, town):
    """Return every place of every deed of a town, with what stands there in the other's."""
    (there,) = (each for each in house.towns if each is not town)
    for name, deed in town.deeds.items():
        if deed.actor.city != PLATFORM:
            for place, theirs in there.deeds[name].places().items():
                yield deed, place, theirs, there


async def version_of(house, deed):
    """Return the version a change must name, so that it is refused for nothing else."""
    if deed.operation.method not in ("PUT", "PATCH"):
        return None
    name = deed.operation.path.split("/")[3].removesuffix("s").replace("ie", "y")
    one = operations()[f"get_{name}"]
    path = {n: v for n, v in deed.path.items() if n in ("city", f"{name}_id")}
    bureau = next(t for t in house.towns if t.code == deed.path["city"]).own["city_bureau"]
    answer = await house.ask(bureau, Deed(one, bureau, path))
    return int(answer.headers["etag"].strip('"')) if answer.is_success else None


async def test_every_operation_of_every_part_is_asked(house):
    told = operations().keys()
    for town in house.towns:
        assert told - {name for name, _ in town.deeds} == NOT_OF_A_CITY.keys()
    assert len(told) >= 55


async def test_every_id_a_caller_may_send_is_exchanged(house):
    """What the OpenAPI calls a uuid, or names `_id`, stands in a request that was answered well."""
    tried = {
        (deed.operation.name, *(step for step in place if not step.isdecimal()))
        for town in house.towns
        for deed in town.deeds.values()
        for place in deed.places()
    }
    wanted = set(sent_ids())
    assert len(wanted) > 45
    assert wanted - tried == set()


def sent_ids():
    """Yield operation, kind of place and name of every id in path, query and body."""
    for part in SERVICES:
        document = described(part)
        schemas = document.get("components", {}).get("schemas", {})
        for item in document["paths"].values():
            for said in item.values():
                name = said["operationId"]
                if name in NOT_OF_A_CITY:
                    continue
                for one in said.get("parameters", []):
                    if one["in"] in ("path", "query") and _is_id(one["name"], one["schema"]):
                        yield name, one["in"], one["name"]
                for content in said.get("requestBody", {}).get("content", {}).values():
                    for at in _ids_of(content["schema"], schemas):
                        yield name, "body", *at


def _ids_of(schema, schemas, at=()):
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference:
        yield from _ids_of(schemas[reference], schemas, at)
    for each in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from _ids_of(each, schemas, at)
    for name, each in schema.get("properties", {}).items():
        if _is_id(name, each):
            yield (*at, name)
        else:
            yield from _ids_of(each, schemas, (*at, name))


def _is_id(name, schema):
    kinds = [schema, *schema.get("anyOf", ())]
    return any(each.get("format") == "uuid" for each in kinds) or name.endswith("_id")


async def test_another_citys_token_hears_the_same_whatever_the_path(house):
    for town in house.towns:
        (there,) = (each for each in house.towns if each is not town)
        for actor in (*there.own.values(), house.admin):
            nothing = {
                part: heard(await house.raw(part, actor, f"/v1/{town.code}/nothing"))
                for part in SERVICES
            }
            for deed in town.deeds.values():
                if deed.operation.name == "get_cities" or deed.actor.city == actor.city:
                    continue
                answer = await house.ask(actor, deed)
                assert answer.status_code == 403, deed.operation
                assert heard(answer) == nothing[deed.operation.part], deed.operation
                assert answer.text not in town


async def test_without_a_token_nothing_is_told(house):
    answers = set()
    for deed in house.towns[0].deeds.values():
        answer = await house.ask(None, deed)
        assert answer.status_code == 401, deed.operation
        answers.add(str(heard(answer)))
    assert len(answers) == 1


async def test_another_citys_id_is_as_one_that_nobody_has(house):
    """For everybody in a city, in every place of every request; asked as themselves."""
    compared, first = 0, house.towns[0]
    for town in house.towns:
        for deed, place, foreign, there in elsewhere(house, town):
            if deed.operation.name in KEPT_UNSEEN:
                continue
            match = await version_of(house, deed)
            everybody = {*town.own.values(), *town.other.values()} if town is first else set()
            if deed.operation.name.endswith(PAST):
                everybody = set()  # it is reached by the line its record is reached by
            for actor in {deed.actor, *everybody}:
                asked = [
                    await house.ask(actor, deed.with_(place, each), match=match)
                    for each in (foreign, absent(place, foreign))
                ]
                one, other = map(heard, asked)
                case = f"{deed.operation.name} {place} as {actor.role}"
                assert one == other, case
                text = asked[0].text.replace(foreign.rpartition(":")[2], "")  # what was sent
                assert text not in there, case
                if actor == deed.actor:
                    # Refused for that value, and for nothing else.
                    empty = asked[0].is_success and asked[0].json().get("items") == []
                    assert asked[0].status_code in (404, 422) or empty, case + asked[0].text
                compared += 1
    assert compared > 900


async def test_a_role_without_the_scope_hears_the_same_whatever_it_asks(house):
    refused = 0
    for town in house.towns[:1]:
        for deed in town.deeds.values():
            scope = deed.operation.scope
            if scope is None or deed.actor.city == PLATFORM:
                continue
            for actor in (*town.own.values(), town.actor("platform_admin")):
                if scope in actor.scopes or _reads_own(deed, actor):
                    continue
                answer = await house.ask(actor, deed)
                assert answer.status_code == 403, f"{deed.operation.name} as {actor.role}"
                assert answer.text not in town
                refused += 1
                for place, value in deed.places().items():
                    nobody = deed.with_(place, absent(place, value))
                    assert heard(await house.ask(actor, nobody)) == heard(answer)
    assert refused > 500


def _reads_own(deed, actor):
    return deed.operation.name in VERDICTS and "registry:read" in actor.scopes


async def test_the_platforms_routes_are_closed_in_a_city(house):
    for town in house.towns:
        for deed in town.deeds.values():
            if deed.actor.city == PLATFORM:
                here = deed.with_(("path", "city"), town.code)
                for actor in (*town.own.values(), town.actor("platform_admin")):
                    assert (await house.ask(actor, here)).status_code == 403, deed.operation


async def test_what_is_out_of_reach_in_ones_own_city_is_as_absent(house):
    """Another station's worker and head, another partner, another agency, another division."""
    compared = set()
    for town in house.towns[:1]:
        for deed in town.deeds.values():
            if deed.actor.city == PLATFORM or deed.operation.name in ANYWHERE:
                continue
            for place, value in deed.places().items():
                if place[0] == "body" and place[-1] not in ("subject", "station_id"):
                    continue
                match = await version_of(house, deed)
                for actor in town.other.values():
                    nobody = deed.with_(place, absent(place, value))
                    one = await house.ask(actor, deed, match=match)
                    other = await house.ask(actor, nobody, match=match)
                    case = f"{deed.operation.name} {place} as {actor.role}: {one.text}"
                    assert heard(one) == heard(other), case
                    if one.status_code == 404:
                        compared.add((deed.operation.name, actor.role))
    assert {role for _, role in compared} == set(house.towns[0].other)
    assert len(compared) > 45


async def test_a_body_names_nothing_out_of_reach(house):
    """A district signs for its own station, and learns nothing of another's contract by naming it."""
    town = house.towns[0]
    deed, district = town.deeds["post_contract", ""], town.other["district_bureau"]
    here = deed.with_(("body", "station_id"), str(town.other["worker"].station_id))
    nobody = here.with_(("body", "renewal_of"), str(uuid4()))

    one, other = await house.ask(district, here), await house.ask(district, nobody)

    assert one.json()["type"] == "/problems/unknown-reference"
    assert heard(one) == heard(other)


async def test_a_list_shows_what_is_in_reach_and_nothing_else(house):
    for town in house.towns[:1]:
        (there,) = (each for each in house.towns if each is not town)
        for deed in town.deeds.values():
            if deed.operation.method != "GET" or deed.path.keys() != {"city"}:
                continue
            whole = Deed(deed.operation, deed.actor, deed.path)
            mine = await house.ask(deed.actor, whole)
            for actor in (*town.own.values(), *town.other.values()):
                answer = await house.ask(actor, whole)
                if deed.operation.name != "get_cities":
                    assert answer.text not in there
                if actor in town.other.values() and answer.is_success:
                    seen = town.private & set(AN_ID.findall(answer.text))
                    assert seen == set(), f"{deed.operation.name} as {actor.role}"
            if deed.operation.name in ("get_stations", "get_workers", "get_contracts"):
                assert town.private & set(AN_ID.findall(mine.text)), "the bureau sees them"


async def test_another_citys_cursor_leads_nowhere_else(house):
    for town in house.towns:
        (there,) = (each for each in house.towns if each is not town)
        for name, deed in town.deeds.items():
            if deed.operation.method != "GET" or deed.path.keys() != {"city"}:
                continue
            theirs = there.deeds[name]
            page = await house.ask(
                theirs.actor, Deed(theirs.operation, theirs.actor, theirs.path, {"limit": "1"})
            )
            after = page.json().get("next") if page.is_success else None
            if after is None:
                continue
            answer = await house.ask(
                deed.actor, Deed(deed.operation, deed.actor, deed.path, {"after": after})
            )
            assert answer.status_code == 200, deed.operation
            assert answer.text not in there, deed.operation


async def test_a_key_another_client_has_used_answers_nobody_else(house):
    """The same request under the same Idempotency-Key is a retry of its own client's alone."""
    asked = 0
    for town in house.towns:
        for deed in town.deeds.values():
            if deed.operation.method != "POST" or deed.operation.name.startswith(
                ("post_what", "post_worker_search")
            ):
                continue
            again = await house.ask(deed.actor, deed, key=deed.key)
            assert again.headers.get("idempotent-replay") == "true", deed.operation
            twin = next(t for t in house.towns if t is not town)
            name = next(n for n, each in town.deeds.items() if each is deed)
            for actor, same in (
                *((actor, deed) for actor in (*town.own.values(), *town.other.values())),
                (twin.deeds[name].actor, twin.deeds[name]),
            ):
                if actor == deed.actor or (same is not deed and actor.city == PLATFORM):
                    continue
                answer = await house.ask(actor, same, key=deed.key)
                assert "idempotent-replay" not in answer.headers, deed.operation
                assert answer.content != again.content
                asked += 1
    assert asked > 200


async def test_a_receipt_holds_no_personal_field(house):
    """Receipts stay thirty days, so what a write answers never names a person."""
    for town in house.towns:
        for part, database in house.databases.items():
            rows = await _receipts(database, town.code)
            for row in rows:
                for name in ("人", "工", "民初", "的事", "因", "？", "。"):
                    assert f"{town.marker}{name}" not in row.body.decode(), f"{part} {row.route}"
                for number in (b"13800138000", b"11010519491231002X", b"440524198001010013"):
                    assert number not in row.body, f"{part} {row.route}"


async def test_an_id_that_cannot_be_looked_up_is_taken_without_a_difference(house):
    """Last, since it leaves clients that name the other city's ids."""
    town = house.towns[0]
    for deed, place, foreign, _ in [*elsewhere(house, town)]:
        if deed.operation.name in KEPT_UNSEEN:
            answers = [
                await house.ask(
                    deed.actor,
                    deed.with_(("body", "name"), f"x{uuid4().hex[:12]}").with_(place, each),
                )
                for each in (foreign, absent(place, foreign))
            ]
            assert [each.status_code for each in answers] == [201, 201]
            assert answers[0].json().keys() == answers[1].json().keys()


async def _receipts(database, city):
    async with database.begin(Who(city, "test", "look")) as tx:
        return await tx.find(Receipt)


@pytest.fixture(scope="module", autouse=True)
async def counted(house):
    yield
    print(f"\n{house.asked} requests over {len(operations())} operations: no leak")  # noqa: T201 - the figure
