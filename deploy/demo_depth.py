"""How deep registry and evaluation go, told by real calls.

What is known of a station, who is bound to whom, what is found again, what is judged, waived and
due, and what comes in by spreadsheet. Told twice, it says the same: what it enters once is there the second time.
"""

import asyncio
import csv
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from chassis.config import surroundings
from deploy.calls import Caller
from deploy.trouble import Trouble

HEARD_WITHIN = 30.0
FEW = 3
GROUND = "420103006"
NAME = "演示江汉社会工作服务站"
STATION: dict[str, Any] = {
    "name": NAME,
    "tier": "township",
    "mode": "procured",
    "status": "open",
    "division": GROUND,
    "effective_on": "2026-01-10",
    "stages": [
        {"status": "planned", "on": "2025-03-01"},
        {"status": "building", "on": "2025-06-01"},
        {"status": "open", "on": "2026-01-10"},
    ],
    "facts": {"rooms": ["case", "group"], "office_m2": 25.0},
    "profile": {
        "rooms": [{"kind": "case", "area_m2": 12}, {"kind": "group", "shared": True}],
        "signs": [{"kind": "plaque", "text": NAME, "place": "outdoor"}],
        "systems": [{"kind": "archives", "adopted_on": "2026-01-10"}],
    },
}


async def one_station(bureau: Caller) -> str:
    """Tell a station's stages and profile, its history, and how it stood on a day."""
    station = str((await bureau.post("/stations", STATION))["id"])
    path = f"/stations/{station}"
    shown = await bureau.get(path)
    await bureau.patch(
        path, {"facts": {"office_m2": 40.0}, "effective_on": "2026-06-01"}, shown["version"]
    )
    shown = await bureau.get(path)
    click.secho(f"   {shown['name']}  {shown['division_name']}", bold=True)
    stages = [f"{each['status']} {each['on']}" for each in shown["stages"]]
    click.echo(f"     阶段  {' → '.join(stages)}")
    profile = shown["profile"]
    click.echo(
        f"     功能室 {_kinds(profile['rooms'])}；标牌 {profile['signs'][0]['text']}"
        f"；制度 {_kinds(profile['systems'])}"
    )
    history = await bureau.get(f"{path}/history?limit=50")
    for each in history["items"][:2]:
        told = [f"{c['field']} {c['was']} → {c['now']}" for c in each["changes"][:FEW]]
        click.echo(f"     第 {each['version']} 版 {each['as_of']}  {'；'.join(told) or '同前'}")
    then = await bureau.get(f"{path}/state?as_of=2026-03-01")
    click.echo(f"     2026-03-01 时：办公 {then['state']['facts']['office_m2']:g} 平方米\n")
    return station


async def who_is_bound(bureau: Caller, station: str, guided: str, agency: str) -> None:
    """Tell officers, links, supervisors with their sessions, and from when registers are whole."""
    officer = {
        "role": "legal_representative",
        "name": "吴演示",
        "id_type": "none",
        "starts_on": "2024-01-01",
    }
    await bureau.post(f"/agencies/{agency}/officers", officer)
    for each in (await bureau.get(f"/agencies/{agency}/officers"))["items"]:
        click.echo(f"     机构人员  {each['name']} {each['role']}，自 {each['starts_on']}")
    link = {
        "kind": "dispatches",
        "from_kind": "agency",
        "from_id": agency,
        "to_kind": "station",
        "to_id": station,
        "starts_on": "2026-02-01",
    }
    await bureau.post("/links", link)
    for each in (await bureau.get(f"/links?of={station}"))["items"]:
        click.echo(
            f"     网络      {each['from_kind']} —{each['kind']}→ {each['to_kind']}，自 {each['starts_on']}"
        )
    for each in (await bureau.get(f"/supervisors?station_id={guided}"))["items"]:
        held = await bureau.get(f"/supervisions?supervisor_id={each['id']}&limit=200")
        hours = sum(day["hours"] for visit in held["items"] for day in visit["days"])
        click.echo(
            f"     督导      自 {each['starts_on']}，已到站 {len(held['items'])} 次、{hours:g} 小时"
        )
    registers = (await bureau.get("/registers"))["items"]
    told = "、".join(f"{each['name']} 自 {each['complete_from']}" for each in registers)
    click.echo(f"     登记齐全  {told}")
    for words in ("cys", "演示"):
        found = await bureau.post("/workers/search", {"q": words})
        click.echo(f"     找“{words}” {'、'.join(each['name'] for each in found['items'][:3])}")
    found = await bureau.get("/stations?q=ysjh")
    click.echo(f"     找“ysjh” {'、'.join(each['name'] for each in found['items'])}\n")


async def what_is_judged(bureau: Caller, station: str) -> None:
    """Tell the list of verdicts, a waiver and what it changes, coverage, and what is due."""
    judged = f"/compliance?subject=station:{station}"
    sheet = await _once(lambda: bureau.ask("GET", judged))
    listed = await bureau.get(
        f"/verdicts?verdict=broken&kind=station&district={GROUND[:6]}&sort=rule&limit=3"
    )
    for each in listed["items"]:
        click.echo(f"     ✗ {each['cite']['clause']} {each['rule']}  {each['name']}")
    broken = next(each for each in sheet["verdicts"] if each["verdict"] == "broken")
    waiver = {
        "subject": f"station:{station}",
        "rule": broken["rule"],
        "starts_on": sheet["as_of"],
        "until": sheet["as_of"],
        "reason_code": "transition",
        "why": f"演示 {uuid4()}",
    }
    granted = await bureau.post("/waivers", waiver)
    after = await bureau.get(judged)
    now = next(each for each in after["verdicts"] if each["rule"] == broken["rule"])
    click.echo(f"     豁免至今日：{broken['rule']} {broken['verdict']} → {now['verdict']}")
    await bureau.post(f"/waivers/{granted['id']}/revoke", {})
    again = next(
        each for each in (await bureau.get(judged))["verdicts"] if each["rule"] == broken["rule"]
    )
    click.echo(f"     撤回豁免：{again['verdict']}")
    for tier in ("township", "county"):
        seen = await bureau.get(f"/coverage?tier={tier}&by_year=true")
        of = seen["denominator"]
        years = "、".join(f"{y['year']} 年 {y['covered']}" for y in seen["years"][-3:])
        click.echo(
            f"     覆盖（{tier}）{seen['covered']}/{of['count']}（{of['source']} {of['vintage']}）{years}"
        )
    due = await bureau.get("/deadlines?status=late&limit=2")
    for each in due["items"]:
        click.echo(f"     逾期 {each['late_days']} 天  {each['what']}（{each['cite']}）")
    click.echo(f"     期限 {due['counts']}\n")


async def by_spreadsheet(data: Path, city: str) -> None:
    """Tell a template, a sheet with one wrong cell, and the report that says so."""
    folder = data / "demo-sheets"
    folder.mkdir(exist_ok=True)
    template, filled = folder / "stations.xlsx", folder / "filled.csv"
    await _command(data, "template", "stations", str(template), "--city", city)
    click.echo(f"     模板（含本市词汇的下拉项）{template}")
    rows = [
        ("名称", "区划代码", "层级", "配备方式", "状态"),
        (NAME, GROUND, "township", "procured", "运行"),
        ("演示新站", "420103007", "第九层", "procured", "筹备"),
    ]
    with filled.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    said = await _command(data, "sheet", "stations", str(filled), "--city", city, "--mode", "look")
    for line in said.splitlines():
        if "·" in line:
            click.echo(f"     {line}")
    with filled.with_name("filled-report.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            click.echo(f"       {row['名称*']}  {row['结果 · Result']}  {row['说明 · Notes']}")
    click.echo()


def _kinds(parts: list[dict[str, Any]]) -> str:
    return "、".join(part["kind"] for part in parts)


async def _once(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Return an answer once evaluation has heard of what is asked for."""
    until = time.monotonic() + HEARD_WITHIN
    while (answer := await ask()).is_error:
        if time.monotonic() > until:
            raise Trouble("等待事件超时", "an event did not arrive in time")
        await asyncio.sleep(0.05)
    return answer.json()


async def _command(data: Path, *words: str) -> str:
    """Run `shegong import …` beside the platform, and return what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.cli", "import", *words),
        env=surroundings() | {"SHEGONG_DATA": str(data)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return said.decode()
