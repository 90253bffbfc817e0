"""Packs: a draft by one person, activated by another, shown as it is in force."""

import json
import re
from pathlib import Path

import pytest

from chassis.packs.sources import Layer, Sources
from chassis.tables import EventLog, PackKept
from services.registry.app import service
from services.registry.models import PackVersion
from tests import told
from tests.conftest import HANGZHOU, WUHAN, who
from tests.http import actor, client

PATH = f"/v1/{WUHAN}/packs"


def changed(text: str, old: str, new: str) -> str:
    """Return a merged text with something changed in its last layer."""
    sources = Sources.read(text)
    last = sources.layers[-1]
    assert old in last.text
    other = Layer(last.pack, last.text.replace(old, new, 1), last.file)
    return Sources(sources.code, (*sources.layers[:-1], other)).merged()


async def approve(caller, version, day):
    return await caller.post(f"{PATH}/{version}/approve", json={"in_force": day})


async def test_a_draft_is_in_force_for_nobody(author, served):
    version, text = told.shipped(WUHAN)

    answer = await author.post(PATH, json={"layers": text, "note": "初稿"})

    assert answer.status_code == 201, answer.text
    drafted = answer.json()
    assert (drafted["version"], drafted["status"], drafted["author"], drafted["note"]) == (
        version,
        "draft",
        "420100.author",
        "初稿",
    )
    assert (await author.get(f"/v1/{WUHAN}/policy")).status_code == 503
    async with served.begin(who()) as tx:
        assert await tx.count(EventLog) == await tx.count(PackKept) == 0


async def test_the_author_does_not_approve(author, approver):
    version, text = told.shipped(WUHAN)
    await author.post(PATH, json={"layers": text})

    alone = await approve(author, version, "2021-01-01")
    together = await approve(approver, version, "2021-01-01")

    assert (alone.status_code, together.status_code) == (403, 200)
    assert "编制人" in alone.json()["detail"]
    assert together.json()["approver"] == "420100.approver"


async def test_the_same_texts_are_the_same_version_and_approved_once(wuhan, author, approver):
    version, text = told.shipped(WUHAN)

    again = await author.post(PATH, json={"layers": text})
    twice = await approve(approver, version, "2021-01-01")
    other_day = await approve(approver, version, "2022-01-01")

    assert (again.json()["status"], again.json()["version"]) == ("active", version)
    assert (twice.status_code, other_day.status_code) == (200, 409)
    async with wuhan.begin(who()) as tx:
        told_of_packs = EventLog.agg_type == "pack"
        assert await tx.count(PackVersion) == await tx.count(EventLog, told_of_packs) == 1


async def test_a_pack_that_does_not_load_is_refused_by_file_line_and_column(author):
    _, text = told.shipped(WUHAN)
    broken = changed(text, "subject: station", "subject: statoin")

    answer = await author.post(PATH, json={"layers": broken})
    shapeless = await author.post(PATH, json={"layers": "{}"})

    assert answer.status_code == 422, answer.text
    said = answer.json()["errors"]
    assert said
    assert all(each["at"] == "/layers" for each in said)
    file, line, column = said[0]["code"].split(":")
    assert file == f"{WUHAN}/pack.yaml"
    assert "statoin" in json.loads(broken)["layers"][-1]["text"].splitlines()[int(line) - 1]
    assert column.isdecimal()
    assert [each["code"] for each in shapeless.json()["errors"]] == ["not-merged"]


async def test_another_citys_pack_is_refused(served):
    _, text = told.shipped(WUHAN)

    async with client(service, served, actor("city_bureau", HANGZHOU)) as neighbour:
        answer = await neighbour.post(f"/v1/{HANGZHOU}/packs", json={"layers": text})

    assert [each["code"] for each in answer.json()["errors"]] == ["other-city"]


@pytest.mark.usefixtures("wuhan")
async def test_a_later_version_leaves_the_days_before_as_they_were(author, approver):
    first, text = told.shipped(WUHAN)
    later = changed(text, "name: {zh: 武汉市", "name: {zh: 大武汉")
    second = (await author.post(PATH, json={"layers": later})).json()["version"]

    assert (await approve(approver, second, "2020-12-31")).status_code == 422
    assert (await approve(approver, second, "2026-12-01")).status_code == 200

    async def in_force(**query):
        answer = await author.get(f"/v1/{WUHAN}/policy", params=query)
        return answer.json()["version"], answer.json()["name"]["zh"]

    assert await in_force() == (first, "武汉市")
    assert await in_force(as_of="2026-11-30") == (first, "武汉市")
    assert await in_force(as_of="2026-12-01") == (second, "大武汉")
    # Before all versions counts the first: verdicts of such a day are given by it.
    assert await in_force(as_of="2020-01-01") == (first, "武汉市")


async def test_activations_of_a_city_are_versions_of_one_aggregate(wuhan, author, approver):
    _, text = told.shipped(WUHAN)
    later = changed(text, "name: {zh: 武汉市", "name: {zh: 大武汉")
    second = (await author.post(PATH, json={"layers": later})).json()["version"]

    await approve(approver, second, "2021-01-01")

    async with wuhan.begin(who()) as tx:
        rows = await tx.find(EventLog, EventLog.agg_type == "pack", order_by=EventLog.version)
        assert [row.version for row in rows] == [1, 2]
        assert len({row.agg_id for row in rows}) == 1
    assert (await author.get(f"/v1/{WUHAN}/policy")).json()["version"] == second


async def test_the_policy_shows_rules_and_parameters_with_their_clause(wuhan):
    async with client(service, wuhan, actor("partner")) as court:
        shown = (await court.get(f"/v1/{WUHAN}/policy")).json()

    assert (shown["id"], shown["version"]) == (WUHAN, told.shipped(WUHAN)[0])
    assert shown["rules"]
    for rule in shown["rules"]:
        assert rule["id"]
        assert rule["cite"]["document"]
        assert rule["cite"]["clause"]
        assert set(rule["say"]) == {"zh", "en"}
        assert rule["effect"] == "monitor" or rule["effect"]["refuse"]
    assert shown["parameters"]
    for parameter in shown["parameters"].values():
        assert parameter["kind"] in ("policy", "local_default", "operator")
        assert parameter["kind"] != "policy" or parameter["cite"]["clause"]
    assert {each["title"] for each in shown["documents"]}


SPOT = """
rules:
  a-spot:
    id: X-9
    cite: notice 二
    subject: station
    let: {present: station.workers.size()}
    require: present >= param.on_spot
    say: {zh: "到岗{present}人", en: "{present} present"}
"""
ON_SPOT = """
parameters:
  on_spot: {unit: person, values: [{value: 2, cite: notice 二}, {area: "420102", value: 5, cite: notice 二}]}
"""


async def rules(caller, language="zh-CN", **query):
    head = {"accept-language": language}
    return await caller.get(f"/v1/{WUHAN}/policy/rules", params=query, headers=head)


@pytest.mark.usefixtures("wuhan")
async def test_rules_are_listed_with_their_text_in_one_language_as_they_hold_at_a_place(
    author, approver
):
    _, text = told.shipped(WUHAN)
    there = changed(changed(text, "\nrules:\n", SPOT), "\nparameters:\n", ON_SPOT)
    version = (await author.post(PATH, json={"layers": there})).json()["version"]
    await approve(approver, version, "2021-01-01")

    everywhere = (await rules(author, limit=1)).json()
    jiangan = (await rules(author, "en", limit=1, division="420102")).json()

    [rule], [here] = everywhere["items"], jiangan["items"]
    assert (everywhere["version"], everywhere["language"], jiangan["language"]) == (
        version,
        "zh",
        "en",
    )
    assert (rule["id"], rule["say"], here["say"]) == (
        "a-spot",
        "到岗{present}人",
        "{present} present",
    )
    assert (rule["require"], rule["let"]) == (
        "present >= param.on_spot",
        {"present": "station.workers.size()"},
    )
    assert (rule["facts"], rule["cite"]["clause"]) == (["station.workers"], "二")
    assert rule["parameters"]["on_spot"]["value"] == 2
    assert here["parameters"]["on_spot"]["value"] == 5


@pytest.mark.usefixtures("wuhan")
async def test_rules_come_in_pages_by_subject_and_only_those_in_force(author):
    whole = (await rules(author, limit=200)).json()["items"]
    early = (await rules(author, limit=200, as_of="2019-01-01")).json()["items"]

    first = (await rules(author, limit=20)).json()
    rest = (await rules(author, limit=200, after=first["next"])).json()
    contracts = (await rules(author, subject="contract")).json()["items"]

    assert [*first["items"], *rest["items"]] == whole
    assert rest["next"] is None
    assert contracts == [rule for rule in whole if rule["subject"] == "contract"]
    assert len(early) < len(whole)
    shown = (await author.get(f"/v1/{WUHAN}/policy")).json()["rules"]
    assert sorted(rule["id"] for rule in shown) == [rule["id"] for rule in whole]


@pytest.mark.usefixtures("wuhan")
@pytest.mark.parametrize("query", [{"subject": "staton"}, {"division": "330102"}])
async def test_rules_of_what_the_pack_does_not_speak_of_are_an_error(author, query):
    answer = await rules(author, **query)

    assert answer.status_code == 422
    assert [each["at"] for each in answer.json()["errors"]] == [f"?/{next(iter(query))}"]


@pytest.mark.usefixtures("wuhan")
async def test_the_citys_words_are_listed_for_whatever_a_body_takes_words_for(author):
    path = f"/v1/{WUHAN}/policy/vocabulary"
    everything = (await author.get(path)).json()
    rooms = (await author.get(path, params={"name": "room", "as_of": "2022-01-01"})).json()

    words = everything["vocabularies"]
    assert list(rooms["vocabularies"]) == ["room"]
    assert rooms["vocabularies"]["room"] == words["room"]
    assert {"code", "zh", "en", "broader", "also"} == words["room"][0].keys()
    assert [each["zh"] for each in words["tier"] if each["code"] == "township"] == [
        "街道（乡镇）社工站"
    ]
    contract = (Path(__file__).parents[2] / "contracts/generated/openapi.json").read_text()
    asked_for = set(re.findall(r'"x-vocabulary": "([a-z_]+)"', contract))
    assert asked_for
    assert asked_for <= words.keys()


@pytest.mark.usefixtures("wuhan")
async def test_a_vocabulary_nobody_has_is_answered_with_those_there_are(author):
    answer = await author.get(f"/v1/{WUHAN}/policy/vocabulary", params={"name": "zoom"})

    assert answer.status_code == 422
    [wrong] = answer.json()["errors"]
    assert (wrong["at"], wrong["code"]) == ("?/name", "unknown-kind")
    assert "aspect" in wrong["say"]
