"""The product's story: five documents, three referrals, one contract, one answer."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from chassis.clock import day_of, system_clock
from chassis.config import surroundings
from deploy.demo_data import CITIES, WHAT_IF
from deploy.embedded.run import SOURCE
from tests.e2e.house import eventually
from tests.e2e.sent import HANGZHOU, LIUZHOU, WUHAN, contract, referral


async def feed(partner):
    """Walk a partner's whole feed."""
    items, after = [], ""
    while True:
        page = await partner.get(f"/referrals/changes?limit=200{after}")
        if not page["items"]:
            return items
        items += page["items"]
        after = f"&after={page['next']}"


async def test_one_station_under_five_documents_has_five_verdict_sheets(house, guest):
    before = await house.count()
    sheets = {}
    for city in CITIES:
        sheet = await guest.of(city.code, "city-bureau-1").post("/what-if", {"subject": WHAT_IF})
        assert sheet["city"] == sheet["pack"]["id"] == city.code
        assert sum(sheet["counts"].values()) == len(sheet["verdicts"]) > 0
        for line in sheet["verdicts"]:
            assert line["cite"]["clause"]
            assert line["cite"]["ids"]
            assert line["say"] or line["verdict"] == "not_applicable" or line["missing"]
        judged = (line for line in sheet["verdicts"] if line["verdict"] in ("met", "broken"))
        assert any(line["facts"] for line in judged)
        sheets[city.code] = {(v["rule"], v["verdict"], v["say"]) for v in sheet["verdicts"]}

    assert len({frozenset(sheet) for sheet in sheets.values()}) == 5
    assert await house.count() == before


async def test_the_same_25_square_metres_and_two_certificates_are_judged_by_each_document(guest):
    """Hangzhou asks for three certified; Liuzhou for two people sent: the one breaks, one holds."""
    said = {}
    for city, verdict in ((HANGZHOU, "broken"), (LIUZHOU, "met")):
        sheet = await guest.of(city, "city-bureau-1").post("/what-if", {"subject": WHAT_IF})
        said[city] = [v["say"] for v in sheet["verdicts"] if v["verdict"] == verdict]
    assert any("2人" in say and "3人" in say for say in said[HANGZHOU])
    assert any("3人" in say and "2人" in say for say in said[LIUZHOU])


@pytest.mark.parametrize(
    ("city", "name", "domain", "urgency", "answer"),
    [
        (WUHAN, "court-1", "family_violence", "immediate", "accept"),
        (LIUZHOU, "womens-federation-1", "family_violence", "hours_24", "decline"),
        (HANGZHOU, "disabled-federation-1", "disability", "working_days", None),
    ],
)
async def test_a_referral_is_routed_with_reasons_and_its_partner_reads_what_became_of_it(
    house, guest, city, name, domain, urgency, answer
):
    partner, worker = guest.of(city, name), guest.of(city, "worker-1")
    sent = await partner.post("/referrals", referral(city, domain=domain, urgency=urgency))

    assert sent["status"] == "routed"
    assert sent["station"]["id"] == house.client(city, "worker-1")["station_id"]
    assert sent["routed_because"][0]["code"] == "jurisdiction"
    assert all(because["say"] for because in sent["routed_because"])
    assert sent["reply_by"] > str(system_clock())[:10]
    assert sent["tracking_no"].startswith(f"{city}-")

    path = f"/referrals/{sent['id']}"
    if answer == "accept":
        moved = await worker.post(f"{path}/accept", {})
        assert (moved["status"], moved["version"]) == ("accepted", 2)
    elif answer == "decline":
        said = {"reason_code": "no_capacity", "reason": "本周已满"}
        moved = await worker.post(f"{path}/decline", said)
        assert (moved["status"], moved["version"]) == ("declined", 2)

    read = await feed(partner)
    assert [change["position"] for change in read] == list(range(1, len(read) + 1))
    steps = {"accept": ["routed", "accepted"], "decline": ["routed", "declined"], None: ["routed"]}
    mine = [change for change in read if change["referral_id"] == sent["id"]]
    assert [change["status"] for change in mine] == steps[answer]
    assert [change["sequence"] for change in mine] == list(range(1, len(mine) + 1))
    assert mine[-1]["reason_code"] == ("no_capacity" if answer == "decline" else None)

    others = ["court-1", "womens-federation-1", "disabled-federation-1"]
    others.remove(name)
    for other in others:
        assert sent["id"] not in {c["referral_id"] for c in await feed(guest.of(city, other))}
        unseen = await guest.of(city, other).ask("GET", path)
        assert unseen.status_code == 404


async def test_a_contract_makes_an_agency_the_operator_everywhere(house, guest):
    bureau = guest.of(WUHAN, "city-bureau-1")
    station = house.client(WUHAN, "worker-2")["station_id"]
    agency = house.client(WUHAN, "agency-1")["agency_id"]
    year = day_of(system_clock()).year

    long = contract(station, agency, year) | {"ends_on": f"{year + 4}-12-31"}
    refused = await bureau.ask("POST", "/contracts", long)
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/refused-by-policy"
    assert all(rule["cite"]["clause"] and rule["say"] for rule in refused.json()["rules"])

    signed = await bureau.post("/contracts", contract(station, agency, year))

    async def operated():
        shown = await bureau.get(f"/stations/{station}")
        return shown if shown["operator_id"] == agency else None

    assert await eventually(operated)

    async def kept():
        async with house.rows("casework") as one:
            return await one.fetchval(
                "SELECT operator_id::text = $2 FROM station_kept WHERE id::text = $1",
                *(station, agency),
            )

    assert await eventually(kept)

    async def known():
        async with house.rows("evaluation") as one:
            return await one.fetchval(
                "SELECT count(DISTINCT kind) = 2 FROM fact WHERE (kind = 'contract' AND"
                " subject_id::text = $1) OR (kind = 'station' AND subject_id::text = $2"
                " AND state ->> 'operator_id' = $3)",
                *(signed["id"], station, agency),
            )

    assert await eventually(known)
    overview = await bureau.get(f"/stations/{station}/overview")
    assert overview["station"]["operator_id"] == agency
    assert overview["contract"]["id"] == signed["id"]


async def test_a_station_is_shown_in_one_answer_and_still_with_one_part_stopped(house, guest):
    bureau = guest.of(WUHAN, "city-bureau-1")
    path = f"/stations/{house.client(WUHAN, 'worker-1')['station_id']}/overview"

    whole = await bureau.get(path)
    assert whole["partial"] == []
    assert whole["load"].keys() >= {"routed", "accepted", "started"}
    assert whole["verdicts"]["counts"]["met"] > 0

    pid = house.pids["casework"]
    os.kill(pid, signal.SIGSTOP)
    try:
        partly = await bureau.get(path)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert partly["partial"] == ["casework"]
    assert partly["load"] is None
    assert partly["station"] == whole["station"]
    assert partly["verdicts"]["counts"] == whole["verdicts"]["counts"]

    async def whole_again():
        return not (await bureau.get(path))["partial"]

    assert await eventually(whole_again)


async def test_the_demo_tells_all_parts_twice_and_ends_well(house):
    for _ in range(2):
        told = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "deploy.cli", "demo", "--data", str(house.data)],
            capture_output=True,
            text=True,
            cwd=SOURCE,
            env=surroundings(),
            check=False,
            timeout=150,
        )
        assert told.returncode == 0, told.stdout + told.stderr
        for said in (
            *("one station, five documents", "three partners refer a person"),
            *("one contract, an operator everywhere", "缺：casework（partial）"),
            *(city.name for city in CITIES),
            *(" routed", " accepted", " declined（no_capacity）", "· jurisdiction:"),
            *("→ building 2025-06-01 → open 2026-01-10", "2026-03-01 时：办公 25 平方米"),
            *("吴* legal_representative", "agency —dispatches→ station", "找“cys” 陈演示1"),
            *("broken → waived", "撤回豁免：broken", "覆盖（township）", "期限 {"),
            "演示新站  有误 · wrong  层级：可用：",
            "Tier: is none of: city, county, township, community",
        ):
            assert said in told.stdout
        assert not told.stderr
