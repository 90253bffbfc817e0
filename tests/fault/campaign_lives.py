"""What the writers of a campaign live through: referrals, people employed, stations, clients.

Every service and the gateway is written to, so that every outbox and every consumer has work.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from joserfc.jwk import OKPKey

from chassis.clock import day_of, system_clock
from deploy.demo_data import CITIES, STATION_FACTS
from tests.e2e.sent import contract, referral
from tests.fault.campaign_ledger import Ledger, Who
from tests.fault.campaign_plan import Size

PARTNERS = ("court-1", "womens-federation-1", "disabled-federation-1")
PREPARED_S = 30.0


class Cast:
    """The demo's clients, by city and name."""

    def __init__(self, demo: dict[str, Any]) -> None:
        self.who = {c["client_id"]: Who(c["city"], c) for c in demo["clients"]}

    def of(self, city: str, name: str) -> Who:
        return self.who[f"{city}.{name}"]

    def worker_at(self, city: str, station: str) -> Who:
        """Return the worker who serves at a station."""
        return next(
            who
            for who in self.who.values()
            if who.city == city
            and who.client["role"] == "worker"
            and who.client["station_id"] == station
        )


class Lives:
    """Writers that go on until enough is acknowledged; nobody begins anything after that."""

    def __init__(self, ledger: Ledger, cast: Cast, size: Size, seed: int) -> None:
        self._ledger, self._cast, self._size = ledger, cast, size
        self._seed = seed
        self._slot = time.monotonic()
        self._number = 0
        self._key = OKPKey.generate_key("Ed25519", {"kid": "drill"}).as_dict(private=False)

    async def all(self) -> None:
        """Live so many lives at once, one after another."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._size.lives):
                group.create_task(self._one_after_another(random.Random(self._seed + number)))

    @property
    def _enough(self) -> bool:
        return self._ledger.acknowledged >= self._size.writes

    async def _one_after_another(self, drawn: random.Random) -> None:
        kinds: tuple[Callable[[random.Random], Awaitable[None]], ...]
        kinds = (self._referral, self._worker, self._station, self._client)
        while not self._enough:
            [live] = drawn.choices(kinds, (80, 9, 7, 4))
            await live(drawn)

    async def _turn(self) -> bool:
        """Wait for one's turn to begin a write; False when there is no need for another."""
        self._slot = max(self._slot + 1 / self._size.per_second, time.monotonic())
        await asyncio.sleep(self._slot - time.monotonic())
        return not self._enough

    async def _post(self, who: Who, path: str, body: Any = None) -> dict[str, Any] | None:
        return await self._ledger.post(who, path, body) if await self._turn() else None

    def _next(self) -> int:
        self._number += 1
        return self._number

    # ------------------------------------------------------------------ casework

    async def _referral(self, drawn: random.Random) -> None:
        """A partner refers, a station answers, and most of the time the work is done."""
        city = drawn.choice(CITIES)
        partner = self._cast.of(city.code, drawn.choice(PARTNERS))
        ground = drawn.choice(city.grounds)[0]
        body = referral(city.code, division=ground, division_system="nbs")
        made = await self._post(partner, "/referrals", body)
        if made is None:
            return
        at, reason = f"/referrals/{made['id']}", {"reason": "演习"}
        worker = self._cast.worker_at(city.code, made["station"]["id"])
        way = drawn.random()
        if way < 0.1:
            await self._post(worker, f"{at}/decline", reason | {"reason_code": "no_capacity"})
            return
        if way < 0.2:
            await self._post(partner, f"{at}/withdraw", reason)
            return
        if way < 0.35:
            asked = await self._post(worker, f"{at}/request-information", {"question": "?"})
            if asked is None:
                return
            told = await self._post(partner, f"{at}/supply-information", {"answer": "!"})
            if told is None:
                return
        steps = [("accept", {}), ("start", {}), ("close", {"outcome_code": "improved"})]
        for step, said in steps[: drawn.choice((0, 1, 2, 3, 3, 3))]:
            if await self._post(worker, f"{at}/{step}", said) is None:
                return

    # ------------------------------------------------------------------ registry, procurement

    async def _worker(self, drawn: random.Random) -> None:
        """A person is employed and posted; then what is said of them changes, twice at most."""
        city = drawn.choice(CITIES)
        bureau = self._cast.of(city.code, "city-bureau-1")
        name = f"演习{self._next()}"
        posting = {
            "station_id": self._cast.of(city.code, "worker-1").client["station_id"],
            "starts_on": "2024-01-10",
            "full_time": False,
            "on_station": False,
            "dispatched": False,
        }
        made = await self._post(bureau, "/workers", {"name": name, "postings": [posting]})
        for change in range(drawn.choice((0, 1, 2))):
            if made is None or not await self._turn():
                return
            made = await self._ledger.patch(
                bureau,
                f"/workers/{made['id']}",
                {"name": f"{name}-{change}", "education": drawn.choice(("college", "bachelor"))},
                made["version"],
            )

    async def _station(self, drawn: random.Random) -> None:
        """A station is planned, somebody gets the contract to run it, and some lose it again."""
        city = drawn.choice(CITIES)
        bureau = self._cast.of(city.code, "city-bureau-1")
        body = {
            "name": f"{city.name}演习站{self._next()}",
            "tier": "township",
            "mode": "procured",
            "status": "planned",
            "division": drawn.choice(city.grounds)[0],
            "division_system": "nbs",
            "facts": STATION_FACTS | city.facts,
        }
        station = await self._post(bureau, "/stations", body)
        if station is None:
            return
        agency = self._cast.of(city.code, "agency-1").client["agency_id"]
        today = day_of(system_clock())
        signed = await self._post(bureau, "/contracts", contract(station["id"], agency, today.year))
        if signed is not None and drawn.random() < 0.4:
            said = {"ended_on": f"{today.year}-01-10", "reason_code": "drill"}
            await self._post(bureau, f"/contracts/{signed['id']}/end", said)

    # ------------------------------------------------------------------ gateway

    async def _client(self, drawn: random.Random) -> None:
        """A program is let in, and some are put out again."""
        city = drawn.choice(CITIES)
        bureau = self._cast.of(city.code, "city-bureau-1")
        name = f"drill-{self._seed}-{self._next()}"
        body = {"name": name, "kind": "auditor", "role": "auditor", "keys": [self._key]}
        made = await self._post(bureau, "/api-clients", body)
        if made is not None and drawn.random() < 0.5:
            await self._post(bureau, f"/api-clients/{made['id']}/deactivate")
