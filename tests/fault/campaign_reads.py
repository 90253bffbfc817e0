"""The final reads over HTTP, through the gateway, as those who were promised something would.

Every write that was acknowledged is sent once more with its key and must be answered with the same
bytes; everything it made must be found, at the version that was acknowledged last.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable
from typing import Any
from urllib.parse import quote

import orjson

from tests.fault.campaign_ledger import Ledger, Who, Wish
from tests.fault.campaign_lives import Cast
from tests.fault.campaign_rows import Wrong

AT_ONCE = 16
LISTS = ("/referrals", "/workers", "/stations", "/contracts", "/api-clients")
NOT_READ = 5
"""How often a read is tried before it counts as a loss."""


async def reads(ledger: Ledger, cast: Cast) -> Wrong:
    """Read everything that was promised."""
    wrong = Wrong()
    for found in await _side_by_side(_replayed(ledger, w) for w in ledger.wishes if w.key):
        wrong.doubled += found
    made = promised(ledger.wishes)
    listed: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for who in cast.who.values():
        for path in LISTS:
            if _reads(who, path):
                listed[who.client["client_id"], path] = await _list(ledger, who, path)
    for (client, path), wanted in made.items():
        wrong.add(found_as_promised(f"{client} {path}", wanted, listed[client, path]))
    for who in cast.who.values():
        if who.client["role"] == "partner":
            wrong.add(await _feed(ledger, who, listed[who.client["client_id"], "/referrals"]))
    wrong.add(await _overviews(ledger, cast, listed))
    return wrong


def promised(wishes: Iterable[Wish]) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """Return what was acknowledged last of everything that was made, by its maker and list."""
    made: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    makers: dict[str, tuple[str, str]] = {}
    for wish in wishes:
        if not wish.acknowledged:
            continue
        answer = orjson.loads(wish.answer)
        if wish.path in LISTS:
            makers[answer["id"]] = (wish.who.client["client_id"], wish.path)
        known = made[makers[answer["id"]]].setdefault(answer["id"], {})
        if answer.get("version", 0) >= known.get("version", 0):
            known |= {n: answer[n] for n in ("version", "status", "active") if n in answer}
    return dict(made)


def found_as_promised(
    what: str, wanted: dict[str, dict[str, Any]], listed: dict[str, dict[str, Any]]
) -> Wrong:
    """Everything promised is listed, at least as far as it was acknowledged."""
    wrong = Wrong()
    for one, promise in wanted.items():
        found = listed.get(one)
        if found is None:
            wrong.lost.append(f"{what}: {one} is not there")
        elif found.get("version", 0) < promise.get("version", 0):
            wrong.lost.append(f"{what}: {one} at {found['version']} of {promise['version']}")
        elif found.get("version", 0) == promise.get("version", 0) and any(
            found[name] != value for name, value in promise.items()
        ):
            wrong.lost.append(f"{what}: {one} is not {promise}")
    return wrong


async def _replayed(ledger: Ledger, wish: Wish) -> list[str]:
    """Send an acknowledged write again: the same bytes, or it was done twice."""
    if not wish.acknowledged:
        return []
    again = Wish(wish.who, wish.method, wish.path, wish.body, wish.key)
    status, content = await ledger.answered(again)
    if (status, content) == (wish.status, wish.answer):
        return []
    return [f"{wish.method} {wish.path} under its own key: {status} {content[:200]!r}"]


async def _list(ledger: Ledger, who: Who, path: str) -> dict[str, dict[str, Any]]:
    """Walk a whole list."""
    found: dict[str, dict[str, Any]] = {}
    after = ""
    while True:
        page = await _read(ledger, who, f"{path}?limit=200{after}")
        found |= {item["id"]: item for item in page["items"]}
        if page["next"] is None:
            return found
        after = f"&after={quote(page['next'])}"


async def _feed(ledger: Ledger, who: Who, referrals: dict[str, dict[str, Any]]) -> Wrong:
    """Walk a partner's feed: no gap, and it ends where the referrals are."""
    wrong, last = Wrong(), Counter[str]()
    after, position = "", 0
    while True:
        page = await _read(ledger, who, f"/referrals/changes?limit=200{after}")
        if not page["items"]:
            break
        for entry in page["items"]:
            position += 1
            if entry["position"] != position:
                wrong.lost.append(f"{who.client['client_id']}: position {position} is missing")
                position = entry["position"]
            if entry["sequence"] <= last[entry["referral_id"]]:
                wrong.order.append(f"{entry['referral_id']}: {entry['sequence']} told late")
            last[entry["referral_id"]] = entry["sequence"]
        after = f"&after={quote(page['next'])}"
    wrong.lost += [
        f"{who.client['client_id']}'s feed ends at {last[one]} of {one} {seen['version']}"
        for one, seen in referrals.items()
        if seen["version"] != last[one]
    ]
    return wrong


async def _overviews(
    ledger: Ledger, cast: Cast, listed: dict[tuple[str, str], dict[str, dict[str, Any]]]
) -> Wrong:
    """The gateway's composed answer: whole, with the operator the contract names."""
    wrong = Wrong()
    for who in cast.who.values():
        if who.client["role"] != "city_bureau" or not who.client["client_id"].endswith("-1"):
            continue
        held = {
            contract["station_id"]: contract["agency_id"]
            for contract in listed[who.client["client_id"], "/contracts"].values()
            if contract["ended_on"] is None
        }
        for station in listed[who.client["client_id"], "/stations"]:
            shown = await _read(ledger, who, f"/stations/{station}/overview")
            wrong.lost += [f"overview of {station} lacks {part}" for part in shown["partial"]]
            if shown["station"]["operator_id"] != held.get(station):
                wrong.lost.append(f"overview of {station}: another operator")
    return wrong


def _reads(who: Who, path: str) -> bool:
    """Whether somebody may read a list, and has made something in it."""
    if path == "/referrals":
        return who.client["role"] == "partner"
    return who.client["role"] == "city_bureau"


async def _read(ledger: Ledger, who: Who, path: str) -> Any:
    for _ in range(NOT_READ):
        found = await ledger.read(who, path)
        if found is not None:
            return found
        await asyncio.sleep(0.2)
    raise AssertionError(f"{who.client['client_id']} could not read {path}")


async def _side_by_side(each: Iterable[Coroutine[Any, Any, list[str]]]) -> list[list[str]]:
    """Run many, a few at once."""
    few = asyncio.Semaphore(AT_ONCE)

    async def one(work: Coroutine[Any, Any, list[str]]) -> list[str]:
        async with few:
            return await work

    return list(await asyncio.gather(*(one(work) for work in each)))
