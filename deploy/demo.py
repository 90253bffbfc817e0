"""The product's story told in a terminal against the running system: `make demo`.

What-if under five documents, three referrals and what became of them, a contract, a station's
overview with one service stopped, what a city's document finds broken in its own network, and how
deep what is known goes (`deploy.demo_depth`).
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import httpx
import orjson

from chassis.clock import day_of, system_clock
from deploy.calls import Caller, door
from deploy.demo_data import CITIES, WHAT_IF
from deploy.demo_depth import by_spreadsheet, one_station, what_is_judged, who_is_bound
from deploy.trouble import Trouble

HEARD_WITHIN = 30.0
LINES, SHOWN = 4, 60

Client = dict[str, Any]


def tell(data: Path, base_url: str | None = None) -> None:
    """Tell the story against the system that runs over this folder."""
    try:
        demo = orjson.loads((data / "demo.json").read_bytes())
    except FileNotFoundError:
        raise Trouble(
            f"{data} 中没有演示数据：请先运行 make up（不带 --no-demo）",
            f"there is no demo data in {data}: run make up first (without --no-demo)",
        ) from None
    asyncio.run(Story(data, demo).tell(base_url or _running(data) or demo["base_url"]))


def _running(data: Path) -> str | None:
    try:
        found: str = orjson.loads((data / "run.json").read_bytes())["base_url"]
    except FileNotFoundError:
        return None
    return found


class Story:
    """The story, and who tells it."""

    def __init__(self, data: Path, demo: dict[str, Any]) -> None:
        self.data = data
        self.clients: list[Client] = demo["clients"]

    async def tell(self, base_url: str) -> None:
        """Tell all parts."""
        try:
            async with door(base_url) as self.http:
                await self.five_documents()
                await self.three_referrals()
                station = await self.one_contract()
                await self.one_answer(station)
                await self.what_is_broken()
                await self.how_deep_it_goes()
        except httpx.ConnectError:
            raise Trouble(
                f"{base_url} 没有答复：系统是否在运行？请先 make up",
                f"{base_url} does not answer: is the system running? make up first",
            ) from None

    def caller(self, city: str, name: str) -> Caller:
        """Return one of the demo's clients."""
        client = self.client(city, name)
        return Caller(self.http, client["client_id"], client["client_secret"])

    def client(self, city: str, name: str) -> Client:
        """Return what is known of one of the demo's clients."""
        return next(c for c in self.clients if c["client_id"] == f"{city}.{name}")

    async def five_documents(self) -> None:
        """(a) One and the same station under five documents: five verdict sheets."""
        title("一", "同一个站，五份文件", "one station, five documents")
        click.echo("   3 名专职社工（2 名持证）、25 平方米、个案室与小组室；只判断，不写入\n")
        marks = {"broken": "✗", "met": "✓", "undecided": "?"}
        for city in CITIES:
            bureau = self.caller(city.code, "city-bureau-1")
            sheet = await bureau.post("/what-if", {"subject": WHAT_IF})
            counts = sheet["counts"]
            click.secho(
                f"   {city.name} {city.code}  合规 {counts['met']}  不合规 {counts['broken']}"
                f"  缺事实 {counts['undecided']}  不适用 {counts['not_applicable']}",
                bold=True,
            )
            lines = [v for v in sheet["verdicts"] if v["verdict"] in marks]
            lines.sort(key=lambda v: list(marks).index(v["verdict"]))
            for line in lines[:LINES]:
                _line(marks[line["verdict"]], line)
            if len(lines) > LINES:
                click.echo(
                    f"     … 另 {len(lines) - LINES} 条（完整判定见 POST /v1/{city.code}/what-if）"
                )
            click.echo()

    async def three_referrals(self) -> None:
        """(b) Three partners refer; a worker accepts one and declines one; each reads its own."""
        title("二", "三个合作单位转介", "three partners refer a person")
        pushed = (
            ("420100", "court-1", "family_violence", "immediate", "accept"),
            ("450200", "womens-federation-1", "family_violence", "hours_24", "decline"),
            ("330100", "disabled-federation-1", "disability", "working_days", None),
        )
        for code, name, domain, urgency, answer in pushed:
            city = next(c for c in CITIES if c.code == code)
            partner = self.caller(code, name)
            body = _referral(domain, urgency, city.grounds[0][0])
            sent = await partner.post("/referrals", body)
            click.secho(f"   {city.name} {name} → {sent['tracking_no']}", bold=True)
            click.echo(
                f"     {sent['status']}  {(sent['station'] or {}).get('name')}  答复期限 {sent['reply_by']}"
            )
            for because in sent["routed_because"]:
                click.echo(f"     · {because['code']}: {because['say']}")
            worker = self.caller(code, "worker-1")
            path = f"/referrals/{sent['id']}"
            if answer == "accept":
                await worker.post(f"{path}/accept", {})
            elif answer == "decline":
                await worker.post(
                    f"{path}/decline", {"reason_code": "no_capacity", "reason": "演示：本周已满"}
                )
            click.echo("     合作单位所见（本单位、按序、无缺号）：")
            for change in await _feed(partner, sent["id"]):
                reason = f"（{change['reason_code']}）" if change["reason_code"] else ""
                click.echo(f"       #{change['position']} {change['status']}{reason}")
            click.echo()

    async def one_contract(self) -> str:
        """(c) A provider gets a contract for a station and becomes its operator everywhere."""
        title("三", "一份合同，处处生效", "one contract, an operator everywhere")
        code = CITIES[0].code
        bureau = self.caller(code, "city-bureau-1")
        station = str(self.client(code, "worker-1")["station_id"])
        agency = str(self.client(code, "agency-1")["agency_id"])
        today = day_of(system_clock())
        held = await bureau.get(f"/contracts?station_id={station}&on={today}")
        if held["items"]:
            click.echo(f"   已有在期合同 {held['items'][0]['id']}（上次演示签订）")
        else:
            refused = await bureau.ask(
                "POST", "/contracts", _contract(station, agency, today.year, years=5)
            )
            problem = refused.json()
            click.echo(f"   先试签五年：{refused.status_code} {problem['title']}")
            for rule in problem["rules"][:2]:
                click.echo(
                    f"     ✗ {rule['cite']['document']} {rule['cite']['clause']}：{rule['say']}"
                )
            signed = await bureau.post(
                "/contracts", _contract(station, agency, today.year, years=1)
            )
            click.echo(f"   再签一年：{signed['id']}，提示 {len(signed['warnings'])} 条")
        async for shown in _until(lambda: bureau.get(f"/stations/{station}")):
            if shown.get("operator_id") == agency:
                break
        click.echo(f"   登记：{shown['name']} 的承接机构已是 {agency}\n")
        return station

    async def one_answer(self, station: str) -> None:
        """(d) A station's overview in one answer, and again with one service stopped."""
        title("四", "一次问到全部，缺一也能答", "one answer, and still one with a service stopped")
        bureau = self.caller(CITIES[0].code, "city-bureau-1")
        _overview(await bureau.get(f"/stations/{station}/overview"))
        try:
            pid = orjson.loads((self.data / "run.json").read_bytes())["pids"]["casework"]
        except (FileNotFoundError, KeyError):
            click.echo("   （系统不在本机运行，略去停机一步）")
            return
        click.echo("   —— 停住 casework ——")
        os.kill(pid, signal.SIGSTOP)
        try:
            _overview(await bureau.get(f"/stations/{station}/overview"))
        finally:
            os.kill(pid, signal.SIGCONT)
        click.echo("   —— casework 继续 ——\n")

    async def what_is_broken(self) -> None:
        """(e) What a document finds broken today, by clause, before anybody asks."""
        city = CITIES[2]
        title("五", f"{city.name}今日不合规的", "what is broken there today, by clause")
        bureau = self.caller(city.code, "city-bureau-1")
        page = await bureau.get("/verdicts?verdict=broken&modality=must&limit=200")
        by_rule: dict[str, list[dict[str, Any]]] = {}
        for each in page["items"]:
            by_rule.setdefault(each["rule"], []).append(each)
        for rule, lines in sorted(by_rule.items(), key=lambda one: -len(one[1]))[:LINES]:
            cite = lines[0]["cite"]
            names = "、".join(dict.fromkeys(x["name"] or x["subject"]["kind"] for x in lines))
            click.echo(f"   ✗ {cite['clause']} {rule}：{len(lines)}（{_short(names)}）")
        click.echo(f"   逐条展开事实与来源：GET /v1/{city.code}/compliance?subject=…\n")

    async def how_deep_it_goes(self) -> None:
        """(f–i) A station whole, who is bound to whom, what is judged and due, spreadsheets."""
        code = CITIES[0].code
        bureau = self.caller(code, "city-bureau-1")
        title("六", "一个站的来历与全貌", "a station whole, its past, and how it stood on a day")
        station = await one_station(bureau)
        title("七", "人员、网络与查找", "officers, links, supervision, search by initials")
        guided = str(self.client(code, "worker-1")["station_id"])
        agency = str(self.client(code, "agency-1")["agency_id"])
        await who_is_bound(bureau, station, guided, agency)
        title("八", "判定、豁免、覆盖与期限", "verdicts, a waiver, coverage, what is due")
        await what_is_judged(bureau, station)
        if (self.data / "run.json").exists():
            title(
                "九", "电子表格", "spreadsheets: a template, an import that only looks, its report"
            )
            await by_spreadsheet(self.data, code)


def title(number: str, zh: str, en: str) -> None:
    """Print a heading."""
    click.secho(f"\n{number}、{zh}  {en}", fg="green", bold=True)


def _line(mark: str, line: dict[str, Any]) -> None:
    cite = line["cite"]
    say = line["say"] or line.get("why") or ""
    if line["missing"]:
        ground = f"缺：{'、'.join(line['missing'][:3])}"
    else:
        facts = line["let"] or line["facts"]
        ground = "；".join(f"{name}={_short(value)}" for name, value in facts.items())
    click.echo(f"     {mark} {cite['clause']} {','.join(cite['ids'])}  {say}")
    click.secho(f"         {ground}", dim=True)


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _overview(shown: dict[str, Any]) -> None:
    load, contract, verdicts = shown["load"], shown["contract"], shown["verdicts"]
    click.echo(f"   {shown['station']['name']}（{shown['as_of']}）")
    click.echo(f"     在办 {load['routed'] + load['accepted'] + load['started'] if load else '—'}")
    click.echo(f"     合同 {contract['ends_on'] + ' 止' if contract else '—'}")
    click.echo(f"     判定 {verdicts['counts'] if verdicts else '—'}")
    if shown["partial"]:
        click.secho(f"     缺：{'、'.join(shown['partial'])}（partial）", fg="yellow")


def _referral(domain: str, urgency: str, division: str) -> dict[str, Any]:
    return {
        "partner_ref": f"演示-{uuid4()}",
        "domain": domain,
        "urgency": urgency,
        "legal_basis": {"kind": "statute", "cite": "反家庭暴力法 第十四条"},
        "division": division,
        "subject": {
            "name": "演示甲",
            "id_type": "none",
            "phone": "13800000000",
        },
        "narrative": "演示数据，非真实个案。",
        "attachments": [],
    }


def _contract(station: str, agency: str, year: int, *, years: int) -> dict[str, Any]:
    return {
        "station_id": station,
        "agency_id": agency,
        "purchaser": {"name": "演示街道办事处", "kind": "township"},
        "signed_on": f"{year}-01-04",
        "starts_on": f"{year}-01-05",
        "ends_on": f"{year + years - 1}-12-31",
        "price": {"amount": 45_000_000, "currency": "CNY"},
        "staffing": 3,
        "renewal_of": None,
        "budget_secured": True,
        "terms": ["staff", "content", "goals", "funds", "supervision", "evaluation"],
        "payer_is_purchaser": True,
        "supervision_funded": True,
        "supervision_plan_on": f"{year}-01-04",
        "takeover_plan_on": f"{year}-01-04",
        "evaluator_provides_service": False,
    }


async def _feed(partner: Caller, referral_id: str) -> list[dict[str, Any]]:
    """Walk a partner's whole feed and return what it says of one referral."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = await partner.get(f"/referrals/changes?limit=200{after}")
        found += [c for c in page["items"] if c["referral_id"] == referral_id]
        if not page["items"]:
            return found
        after = f"&after={page['next']}"


async def _until(ask: Any) -> AsyncIterator[Any]:
    until = time.monotonic() + HEARD_WITHIN
    while time.monotonic() < until:
        yield await ask()
        await asyncio.sleep(0.05)
    raise Trouble("等待事件超时", "an event did not arrive in time")
