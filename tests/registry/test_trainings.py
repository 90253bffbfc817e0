"""Trainings: who took part, replaced whole, told without a name."""

import orjson
import pytest

from chassis.tables import EventLog
from services.registry.app import service
from tests.conftest import WUHAN, who
from tests.http import actor, client
from tests.registry.conftest import a_station, added

PATH = f"/v1/{WUHAN}/trainings"


def a_training(*worker_ids, **more):
    said = {
        "kind": "practice",
        "mode": "classroom",
        "hours": 16,
        "provider": "市社会工作协会",
        "topic": "个案工作实务",
        "starts_on": "2026-03-02",
        "ends_on": "2026-03-03",
        "worker_ids": [str(each) for each in worker_ids],
    }
    return said | more


async def somebody(bureau, **more):
    return await added(bureau, "workers", {"name": "某社工"} | more)


async def test_a_training_is_found_by_whom_it_was_attended_and_by_its_year(bureau):
    one, other = await somebody(bureau), await somebody(bureau)
    first = await added(bureau, "trainings", a_training(one, other))
    await added(
        bureau, "trainings", a_training(other, starts_on="2025-01-01", ends_on="2025-01-01")
    )

    mine = (await bureau.get(PATH, params={"worker_id": str(one)})).json()["items"]
    this_year = (await bureau.get(PATH, params={"year": 2026})).json()["items"]

    assert [each["id"] for each in mine] == [each["id"] for each in this_year] == [str(first)]
    assert mine[0]["worker_ids"] == sorted([str(one), str(other)])
    assert mine == this_year
    assert mine[0] == (await bureau.get(f"{PATH}/{first}")).json()


async def test_what_is_told_of_a_training_has_ids_and_no_words_of_its_own(served, bureau):
    one, other = await somebody(bureau), await somebody(bureau)
    training = await added(bureau, "trainings", a_training(one))
    replaced = await bureau.put(
        f"{PATH}/{training}",
        json=a_training(other, status="cancelled"),
        headers={"if-match": '"1"'},
    )

    assert replaced.status_code == 200, replaced.text
    async with served.begin(who()) as tx:
        rows = await tx.find(
            EventLog, EventLog.agg_type == "training", order_by=(EventLog.version,)
        )
    told = [orjson.loads(row.body)["data"] for row in rows]
    assert [each["worker_ids"] for each in told] == [[str(one)], [str(other)]]
    assert [each["status"] for each in told] == ["held", "cancelled"]
    assert not any(word in rows[0].body.decode() for word in ("协会", "个案"))
    shown = (await bureau.get(f"{PATH}/{training}")).json()
    assert shown["worker_ids"] == [str(other)]


async def test_a_training_that_is_not_over_and_a_person_named_twice_are_refused(bureau):
    one = await somebody(bureau)

    answer = await bureau.post(PATH, json=a_training(one, one, ends_on="2027-01-01"))

    assert answer.status_code == 422
    assert [(e["at"], e["code"]) for e in answer.json()["errors"]] == [
        ("/ends_on", "in-future"),
        ("/worker_ids", "doubled"),
    ]


@pytest.mark.usefixtures("wuhan")
async def test_words_of_a_training_are_the_packs(bureau):
    answer = await bureau.post(PATH, json=a_training(kind="dancing", mode="dream"))

    assert [e["at"] for e in answer.json()["errors"]] == ["/kind", "/mode"]


async def test_a_head_says_nothing_of_the_trainings_of_people_of_another_station(served, bureau):
    here = await added(bureau, "stations", a_station())
    post = {
        "station_id": str(here),
        "starts_on": "2024-01-01",
        "full_time": True,
        "on_station": True,
        "dispatched": True,
    }
    own = await somebody(bureau, postings=[post])
    stranger = await somebody(bureau)
    training = await added(bureau, "trainings", a_training(own, stranger))

    async with client(service, served, actor("station_head", station_id=here)) as head:
        adds = await head.post(PATH, json=a_training(own, stranger))
        path, version = f"{PATH}/{training}", {"if-match": '"1"'}
        takes = await head.put(path, json=a_training(own), headers=version)
        again = await head.put(path, json=a_training(own, stranger), headers=version)
        spoilt = [
            await head.put(
                path, json=a_training(own, stranger, **more), headers={"if-match": '"2"'}
            )
            for more in ({"hours": 12}, {"status": "cancelled"})
        ]

    assert (adds.status_code, adds.json()["errors"][0]["at"]) == (422, "/worker_ids/1")
    assert (takes.status_code, again.status_code) == (422, 200)
    assert [each.status_code for each in spoilt] == [422, 422]
