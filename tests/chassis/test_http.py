"""A request's bad days: what breaks is told truly, as a problem, and nothing it breaks on leaks."""

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated
from uuid import UUID

import asyncpg
import pytest
from fastapi import Depends, Query
from pydantic import BaseModel

from chassis import db
from chassis.asked import Asked, Listed, Paged
from chassis.http import IfMatch, MustMatch, Router, Tx, match
from chassis.identity import Actor, allow
from chassis.ids import uuid7
from chassis.service import Door, Service, api
from tests.chassis.trial import Entry, Thing, ThingDone
from tests.conftest import who
from tests.http import actor, client

THINGS = "/v1/420100/things"
May = Annotated[Actor, Depends(allow("registry:write"))]


class Wish(Asked):
    """A thing somebody wants."""

    name: str


class View(BaseModel):
    """A thing."""

    id: UUID
    version: int


class Views(Listed):
    """A page of things."""

    items: list[View]


async def post_thing(ask: Wish, tx: Tx, _actor: May) -> View:
    """Make a thing, and tell a feed of it."""
    thing = tx.record(Thing(id=uuid7(), name=ask.name), ThingDone(count=0))
    tx.keep(Entry(partner="a", what=ask.name))
    return View(id=thing.id, version=thing.version)


async def post_more(thing_id: UUID, tx: Tx, _actor: May, version: IfMatch) -> View:
    """Count one more."""
    thing = await tx.get(Thing, thing_id)
    match(thing, version)
    thing.count += 1
    tx.record(thing, ThingDone(count=thing.count))
    return View(id=thing.id, version=thing.version)


async def put_thing(thing_id: UUID, ask: Wish, tx: Tx, _actor: May, version: MustMatch) -> View:
    """Name it anew."""
    thing = await tx.get(Thing, thing_id)
    match(thing, version)
    thing.name = ask.name
    tx.record(thing, ThingDone(count=thing.count))
    return View(id=thing.id, version=thing.version)


async def get_things(query: Annotated[Paged, Query()], tx: Tx, _actor: May) -> Views:
    """List things."""
    page = await tx.page(Thing, after=query.after, limit=query.limit)
    return Views(items=[View(id=t.id, version=t.version) for t in page.items], next=page.next)


class Trouble:
    """What goes wrong the next time somebody asks for it."""

    raises: Exception | None = None


async def get_trouble(tx: Tx, _actor: May) -> None:
    """Fail as told."""
    if Trouble.raises is not None:
        raise Trouble.raises
    await tx.fetch("SELECT pg_sleep(20)")


def _service() -> Service:
    router = Router()
    router.post("/things", status_code=201)(post_thing)
    router.post("/things/{thing_id}/more")(post_more)
    router.put("/things/{thing_id}")(put_thing)
    router.get("/things")(get_things)
    router.get("/trouble")(get_trouble)
    return Service("trial", "Trial", [router])


async def test_who_hangs_up_within_a_body_is_no_failure_of_ours(trial):
    """A gateway that is killed leaves halves of requests behind; they are no alarm."""
    app = api(_service())
    app.state.database, app.state.draining = trial, False
    headers = {
        "authorization": "Bearer a",
        "idempotency-key": "a",
        "content-type": "application/json",
        "content-length": "99",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": THINGS,
        "raw_path": THINGS.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    came = iter(
        [
            {"type": "http.request", "body": b'{"name"', "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent = []

    async def receive():
        return next(came)

    async def send(message):
        sent.append(message)

    await Door(app, lambda _token: actor("city_bureau"))(scope, receive, send)

    assert sent == []


@pytest.fixture
async def clerk(trial):
    async with client(_service(), trial, actor("city_bureau")) as made:
        yield made


def told(answer):
    """Return what a problem says, once it proved to be one."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.json()["trace_id"]
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


@pytest.mark.parametrize(
    ("raises", "says"),
    [
        (ValueError("王小明"), (500, "internal")),
        (FileNotFoundError("/somewhere"), (500, "internal")),
        (ConnectionResetError("gone"), (503, "dependency-down")),
        (asyncpg.InterfaceError("gone"), (503, "dependency-down")),
        (asyncpg.ConnectionDoesNotExistError("gone"), (503, "dependency-down")),
        (asyncpg.AdminShutdownError("gone"), (503, "dependency-down")),
        (asyncpg.UndefinedTableError("no such thing"), (500, "internal")),
        (TimeoutError(), (503, "busy")),
    ],
)
async def test_whatever_breaks_is_a_problem_and_the_true_one(clerk, monkeypatch, raises, says):
    monkeypatch.setattr(Trouble, "raises", raises)

    answer = await clerk.get("/v1/420100/trouble")

    assert told(answer) == says
    assert "王小明" not in answer.text
    assert ("retry-after" in answer.headers) == (says[0] == 503)


async def test_a_statement_that_takes_too_long_is_busy(clerk, monkeypatch):
    monkeypatch.setattr(Trouble, "raises", None)
    assert told(await clerk.get("/v1/420100/trouble")) == (503, "busy")


class Away:
    """A pool whose server's socket is gone."""

    def get_size(self):
        return 0

    def get_max_size(self):
        return 8

    async def acquire(self, **_):
        raise FileNotFoundError("no socket")


async def test_a_database_that_is_not_there_is_a_dependency_that_is_down():
    async with client(_service(), db.Database(Away(), "trial"), actor("city_bureau")) as clerk:
        assert told(await clerk.get(THINGS)) == (503, "dependency-down")


async def test_no_free_connection_is_busy(clerk, trial, monkeypatch):
    async with AsyncExitStack() as all_of_them:
        for _ in range(8):
            await all_of_them.enter_async_context(trial.begin(who()))
        monkeypatch.setattr(trial, "wait", 0.05)
        async with asyncio.timeout(5):
            assert told(await clerk.get(THINGS)) == (503, "busy")
        monkeypatch.undo()
    assert (await clerk.get(THINGS)).status_code == 200


async def test_a_database_without_room_is_down_and_says_when_to_come_again(clerk, monkeypatch):
    async def full(tx):
        await tx.execute("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$")

    monkeypatch.setattr(db.Transaction, "_flush", full)
    answer = await clerk.post(THINGS, json={"name": "a"})

    assert told(answer) == (503, "dependency-down")
    assert answer.headers["retry-after"] == "1"


async def test_a_connection_lost_before_the_commit_loses_nothing_and_doubles_nothing(
    clerk, trial, postgres, monkeypatch
):
    flush = db.Transaction._flush

    async def cut(tx):
        monkeypatch.setattr(db.Transaction, "_flush", flush)
        await tx.execute("SELECT 1")
        admin = await asyncpg.connect(postgres.url())
        await admin.execute("SELECT pg_terminate_backend($1)", tx._db.get_server_pid())
        await admin.close()
        await flush(tx)

    monkeypatch.setattr(db.Transaction, "_flush", cut)
    key = {"idempotency-key": "once"}
    lost = await clerk.post(THINGS, json={"name": "a"}, headers=key)
    again = await clerk.post(THINGS, json={"name": "a"}, headers=key)

    assert told(lost) == (503, "dependency-down")
    assert again.status_code == 201
    async with trial.begin(who()) as tx:
        assert await tx.count(Thing) == await tx.count(Entry) == 1


async def test_a_mistake_of_ours_is_not_kept_under_the_key(clerk, trial, monkeypatch):
    record = db.Transaction.record

    def breaks(tx, *given):
        monkeypatch.setattr(db.Transaction, "record", record)
        record(tx, *given)
        raise ZeroDivisionError

    monkeypatch.setattr(db.Transaction, "record", breaks)
    key = {"idempotency-key": "once"}
    broken = await clerk.post(THINGS, json={"name": "a"}, headers=key)
    again = await clerk.post(THINGS, json={"name": "a"}, headers=key)

    assert told(broken) == (500, "internal")
    assert again.status_code == 201
    async with trial.begin(who()) as tx:
        assert await tx.count(Thing) == 1


@pytest.fixture
def held(monkeypatch):
    """Let the next request write all it has and then wait: `begun` is set, `go` lets it commit.

    What comes third lets another one be held.
    """
    flush, begun, go = db.Transaction._flush, asyncio.Event(), asyncio.Event()

    async def hold(tx):
        monkeypatch.setattr(db.Transaction, "_flush", flush)
        await tx.execute("SELECT 1")
        await flush(tx)
        begun.set()
        await go.wait()

    def again():
        begun.clear()
        go.clear()
        monkeypatch.setattr(db.Transaction, "_flush", hold)

    again()
    return begun, go, again


async def test_only_the_same_request_is_in_progress(clerk, held):
    begun, go, _ = held
    key = {"idempotency-key": "same"}
    first = asyncio.create_task(clerk.post(THINGS, json={"name": "a"}, headers=key))
    await begun.wait()

    twin, other = await asyncio.gather(
        clerk.post(THINGS, json={"name": "a"}, headers=key),
        clerk.post(THINGS, json={"name": "b"}),  # waits for the feed's number alone
    )
    go.set()

    assert told(twin) == (409, "in-progress")
    assert told(other) == (503, "busy"), "nobody runs the same request"
    assert twin.headers["retry-after"] == other.headers["retry-after"] == "1"
    done = await first
    assert (await clerk.post(THINGS, json={"name": "a"}, headers=key)).content == done.content


async def test_a_twin_that_waits_for_the_row_is_in_progress_and_a_stranger_is_not(clerk, held):
    begun, go, hold = held
    go.set()
    at = f"{THINGS}/{(await clerk.post(THINGS, json={'name': 'a'})).json()['id']}/more"
    hold()
    key = {"idempotency-key": "same"}
    first = asyncio.create_task(clerk.post(at, headers=key))
    await begun.wait()

    twin, other = await asyncio.gather(clerk.post(at, headers=key), clerk.post(at))
    go.set()

    assert told(twin) == (409, "in-progress")
    assert told(other) == (503, "busy")
    assert (await clerk.post(at, headers=key)).content == (await first).content


async def test_a_row_somebody_else_holds_is_busy(clerk, trial):
    made = (await clerk.post(THINGS, json={"name": "a"})).json()
    async with trial.begin(who()) as tx:
        await tx.get(Thing, UUID(made["id"]), lock=True)
        waited = await clerk.post(f"{THINGS}/{made['id']}/more")

    assert told(waited) == (503, "busy")
    assert (await clerk.post(f"{THINGS}/{made['id']}/more")).json()["version"] == 2


async def test_an_etag_no_version_ever_had_is_malformed(clerk):
    made = (await clerk.post(THINGS, json={"name": "a"})).json()
    more = f"{THINGS}/{made['id']}/more"
    for said in ("1" * 5_000, "x", '"'):
        answer = await clerk.post(more, headers={"if-match": said})
        assert told(answer) == (400, "malformed")


async def test_any_version_will_do_for_a_transition_and_not_for_a_replacement(clerk):
    made = (await clerk.post(THINGS, json={"name": "a"})).json()
    at, anything = f"{THINGS}/{made['id']}", {"if-match": "*"}

    assert (await clerk.post(f"{at}/more", headers=anything)).json()["version"] == 2
    assert told(await clerk.put(at, json={"name": "b"}, headers=anything)) == (
        428,
        "if-match-missing",
    )


async def test_a_list_links_to_its_next_page(clerk):
    for name in "abc":
        await clerk.post(THINGS, json={"name": name})

    first = await clerk.get(f"{THINGS}?limit=2")
    address = first.links["next"]["url"]
    second = await clerk.get(address)

    assert address == f"{THINGS}?limit=2&after={first.json()['next']}"
    assert len(second.json()["items"]) == 1
    assert "link" not in second.headers


async def test_every_answer_names_its_trace(clerk, monkeypatch):
    monkeypatch.setattr(Trouble, "raises", ValueError())
    mine = f"00-{'a' * 32}-{'b' * 16}-01"

    for path in (THINGS, "/v1/420100/trouble", "/v1/330100/things", "/nowhere", "/health/live"):
        answer = await clerk.get(path, headers={"traceparent": mine})
        assert answer.headers["traceparent"].startswith(f"00-{'a' * 32}-"), path
