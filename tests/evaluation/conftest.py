"""Evaluation's database, hearing events; divisions are loaded where a test needs them."""

import asyncpg
import pytest

from chassis.divisions import TOWNSHIP, load, read_extract
from chassis.shelf import Shelf
from deploy.imports import SHIPPED
from services.evaluation.app import service
from services.evaluation.judging import catch_up
from services.evaluation.reactions import reactions
from services.evaluation.rules import SHEETS
from tests import told
from tests.conftest import NOW, opened
from tests.http import actor, client


@pytest.fixture
async def name(fresh):
    return await fresh("evaluation")


@pytest.fixture
async def database(postgres, name):
    async with opened(postgres, name, "evaluation", None, clock=lambda: NOW) as made:
        made.shelf = Shelf(SHEETS)
        yield made


@pytest.fixture
async def divided(postgres, name):
    """Load the real divisions of an area."""

    async def divide(prefix: str) -> None:
        owner = await asyncpg.connect(
            postgres.url(name, "evaluation_migrator"),
            server_settings={"role": "evaluation_owner"},
        )
        try:
            rows = (r for r in read_extract(SHIPPED) if r.code.startswith(prefix) or r.level <= 2)
            await load(owner, rows)
        finally:
            await owner.close()

    return divide


@pytest.fixture
def shipped_townships():
    """Return the statistical codes of an area's townships."""

    def codes(prefix: str) -> list[str]:
        rows = read_extract(SHIPPED)
        return [
            r.code
            for r in rows
            if r.system == "nbs" and r.level == TOWNSHIP and r.code.startswith(prefix)
        ]

    return codes


class Heard:
    """An evaluation that is told things, and asked."""

    def __init__(self, database) -> None:
        self.database = database
        self.tell = told.Teller()

    async def hear(self, event, about, city="420100", at=told.TOLD):
        """Deliver one event."""
        return await reactions.deliver([self.tell(event, about, city, at)], self.database)

    async def ask(self, who, path, **params):
        """Ask as somebody."""
        async with client(service, self.database, who) as http:
            return await http.get(f"/v1/{who.city}/{path}", params=params)

    async def judge(self, city="420100"):
        """Judge whatever is due."""
        await catch_up(self.database, city)

    async def listed(self, who=None, **params):
        """Return a page of verdicts."""
        answer = await self.ask(who or actor("city_bureau"), "verdicts", **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def verdicts(self, subject, who=None, **params):
        """Return words by rule."""
        who = who or actor("city_bureau")
        answer = await self.ask(who, "compliance", subject=subject, **params)
        assert answer.status_code == 200, answer.text
        return {line["rule"]: line for line in answer.json()["verdicts"]}


@pytest.fixture
def heard(database):
    return Heard(database)


@pytest.fixture
async def wuhan(heard):
    await heard.hear(told.pack("420100"), told.some_id())
    return heard
