"""The one OpenAPI document: valid, fresh, and complete enough to write a client from."""

import json
import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from chassis.identity import ROLE_SCOPES
from chassis.problems import TITLES
from contracts import examples
from deploy.generate import GENERATED, HOUSE, files, generate
from gateway import openapi as served

PUBLISHED = json.loads((HOUSE / GENERATED / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, item in PUBLISHED["paths"].items()
    for method, operation in item.items()
}
WRITES_NOTHING = {"post_what_if", "post_worker_search", "post_token"}


def headers(operation):
    return {one["name"]: one for one in operation["parameters"] if one["in"] == "header"}


def test_what_is_generated_is_what_is_checked_in():
    assert generate(check=True) == []


def test_check_names_what_is_stale_and_touches_nothing(tmp_path, monkeypatch):
    made = dict(files())
    monkeypatch.setattr("deploy.generate.files", made.items)
    generate(house=tmp_path)
    asyncapi = tmp_path / GENERATED / "asyncapi.yaml"
    asyncapi.write_text("old", encoding="utf-8")
    gone = tmp_path / GENERATED / "schemas" / "registry.gone.changed.v1.json"
    gone.write_text("{}", encoding="utf-8")

    stale = generate(check=True, house=tmp_path)

    assert {path.name for path in stale} == {"asyncapi.yaml", gone.name}
    assert asyncapi.read_text(encoding="utf-8") == "old"
    generate(house=tmp_path)
    assert not gone.exists()
    assert generate(check=True, house=tmp_path) == []


def test_the_gateway_serves_the_file():
    assert served.GENERATED == HOUSE / GENERATED / "openapi.json"


def test_it_is_valid():
    validate(PUBLISHED)


def test_every_shape_is_used_and_has_a_name_of_its_own():
    """Two of one name are told apart by their modules, which no client should have to read."""
    shapes = PUBLISHED["components"]["schemas"].keys()
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(PUBLISHED)))

    assert used == set(shapes)
    assert [name for name in shapes if "__" in name] == []


def test_every_operation_has_one_name_one_tag_and_a_summary():
    assert len(OPERATIONS) == sum(len(item) for item in PUBLISHED["paths"].values())
    for name, (_, _, operation) in OPERATIONS.items():
        assert len(operation["tags"]) == 1, name
        assert operation["summary"], name
        assert "Validation Error" not in json.dumps(operation), name


def test_every_operation_in_a_city_says_which_scope_it_asks_for():
    known = set().union(*ROLE_SCOPES.values())
    for name, (_, path, operation) in OPERATIONS.items():
        if path.startswith("/v1/{city}"):
            [[scopes]] = [each.values() for each in operation["security"]]
            assert set(scopes) <= known, name
        else:
            assert operation["security"] == [], name
    assert OPERATIONS["post_referral"][2]["security"] == [{"token": ["referrals:submit"]}]


def test_a_post_that_writes_asks_for_a_key_and_nothing_else_does():
    for name, (method, _, operation) in OPERATIONS.items():
        asked = headers(operation).get("Idempotency-Key", {}).get("required", False)
        assert asked == (method == "post" and name not in WRITES_NOTHING), name


def test_a_put_or_patch_asks_for_the_version_it_changes():
    for name, (method, _, operation) in OPERATIONS.items():
        if method in ("put", "patch"):
            assert headers(operation)["If-Match"]["required"], name
            assert {"412", "428"} <= operation["responses"].keys(), name


def test_what_is_made_says_where_it_is_and_which_version():
    for name in ("post_referral", "post_station", "post_contract"):
        assert {"Location", "ETag"} <= OPERATIONS[name][2]["responses"]["201"]["headers"].keys()


def test_every_no_is_a_problem():
    responses = PUBLISHED["components"]["responses"]
    for name, (_, _, operation) in OPERATIONS.items():
        for status, answer in operation["responses"].items():
            if status not in ("200", "201", "204"):
                kind = answer["$ref"].rpartition("/")[2]
                assert list(responses[kind]["content"]) == ["application/problem+json"], name
                assert kind in ("Problem", f"Problem{status}"), name
    shown = {slug for each in responses.values() for slug in _examples(each)}
    assert shown == TITLES.keys()


def test_an_operation_with_a_body_may_refuse_it():
    for name, (_, _, operation) in OPERATIONS.items():
        if "requestBody" in operation and name != "post_token":
            assert {"413", "415", "422"} <= operation["responses"].keys(), name


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_request_and_every_good_answer_has_an_example_that_fits_its_schema(name):
    operation = OPERATIONS[name][2]
    good = [answer for status, answer in operation["responses"].items() if status[0] == "2"]
    contents = [c for each in (operation.get("requestBody", {}), *good) for c in _contents(each)]

    assert contents or "204" in operation["responses"]
    for content in contents:
        _fits(content["schema"], content["example"])


@pytest.mark.parametrize("name", sorted(examples.BODIES))
def test_an_example_that_somebody_wrote_is_the_one_shown(name):
    content = OPERATIONS[name][2]["requestBody"]["content"]["application/json"]

    assert content["example"] == examples.BODIES[name]


def _contents(holder):
    return holder.get("content", {}).values()


def test_every_reference_leads_somewhere():
    for found in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(PUBLISHED))):
        here = PUBLISHED
        for step in found.split("/"):
            here = here[step]


def _examples(response):
    return response["content"]["application/problem+json"].get("examples", {})


_WHOLE = Resource.from_contents(PUBLISHED, default_specification=DRAFT202012)
_KNOWN = Registry().with_resource("urn:house", _WHOLE).crawl()


def _fits(schema, value):
    pointed = json.loads(json.dumps(schema).replace("#/", "urn:house#/"))
    Draft202012Validator(pointed, registry=_KNOWN).validate(value)
