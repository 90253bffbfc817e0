"""The same intake as a tutorial would write it: FastAPI's body and answer, a session, flush by row.

It reuses our shapes, rows and decisions, so that only the way of doing it differs. Rows of ours are
cheaper to make than SQLModel's own, which is in this baseline's favour.
"""

import hashlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm.attributes import manager_of_class
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from chassis import tables, tokens
from chassis.calendar import Days, Overlay
from chassis.clock import day_of
from chassis.config import setting
from chassis.divisions import place
from chassis.events import Envelope, part_of
from chassis.ids import uuid7
from chassis.packs import Subjects
from chassis.shelf import Shelf
from chassis.vault import Encrypted, Vault
from contracts.facts import GATES, SUBJECTS
from services.casework import decide, shapes
from services.casework.models import PartnerKept, Referral, StationKept
from services.casework.rules import ReferralPolicy
from services.casework.transitions import OPEN

STAFF_AND_LOAD = """
SELECT s.id,
  (SELECT count(DISTINCT w.id) FROM posting_kept p JOIN worker_kept w
     ON w.city = p.city AND w.id = p.worker_id
   WHERE p.city = $1 AND p.station_id = s.id AND w.status = 'active' AND w.cert <> 'none'
     AND p.starts_on <= $3 AND (p.ends_on IS NULL OR p.ends_on >= $3)) AS certified,
  (SELECT count(*) FROM referral r
   WHERE r.city = $1 AND r.station_id = s.id AND r.status = ANY($4)) AS load
FROM unnest($2::uuid[]) AS s(id)
"""

app = FastAPI()
engine = create_async_engine(setting("BASELINE_DATABASE"), pool_size=8, max_overflow=0)
sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
keys = tokens.KeyFile(Path(setting("SHEGONG_JWKS")))
issuer = setting("SHEGONG_ISSUER")
vault = Vault.open(Path(setting("SHEGONG_VAULT")))
shelf = Shelf(Subjects.of(SUBJECTS, GATES))


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


def claims(authorization: Annotated[str, Header()]) -> dict[str, Any]:
    try:
        return tokens.read(
            authorization.removeprefix("Bearer ").encode(),
            keys,
            typ={tokens.INTERNAL},
            issuer=issuer,
            audience="casework",
            algorithms={tokens.ED25519},
            longest=tokens.INTERNAL_SECONDS,
            now=time.time(),
            needed=("iat", "exp", "sub", "jti"),
        )
    except tokens.Unacceptable:
        raise HTTPException(401) from None


def in_session(row: Any, city: str) -> Any:
    """Give a row of ours what a session keeps beside each of its own."""
    row.city = city
    manager_of_class(type(row)).setup_instance(row)
    return row


class Asks:
    """What the chassis' division lookup asks of a transaction."""

    def __init__(self, db: AsyncSession) -> None:
        self.db = db

    async def fetch(self, query: str, *args: Any) -> Any:
        found = await (await self.db.connection()).exec_driver_sql(query, args)
        return found.mappings().all()


@app.post("/v1/{city}/referrals", status_code=201)
async def post_referral(
    city: str,
    ask: shapes.SendReferral,
    request: Request,
    response: Response,
    who: Annotated[dict[str, Any], Depends(claims)],
    db: Annotated[AsyncSession, Depends(session)],
    idempotency_key: Annotated[str, Header()],
) -> shapes.Received:
    if who["city"] != city or "referrals:submit" not in who["scope"].split():
        raise HTTPException(403)
    now = datetime.now(UTC)  # noqa: TID251 - plain
    said, purpose, route = who["sub"], who["purpose"], "POST /v1/{city}/referrals"
    turned = "SELECT set_config('app.city', :c, true), set_config('app.subject', :s, true), set_config('app.purpose', :p, true)"
    await db.execute(text(turned), {"c": city, "s": said, "p": purpose})
    receipt, partners = tables.Receipt, PartnerKept
    before = await db.exec(
        select(receipt).where(
            receipt.city == city, receipt.client == said, receipt.key == idempotency_key
        )
    )
    if before.first() is not None:
        raise HTTPException(409)
    [partner] = await db.exec(
        select(partners).where(partners.city == city, partners.id == who["partner_id"])
    )
    digest = vault.blind(city, "partner_ref", ask.partner_ref)
    sent = await db.exec(
        select(Referral).where(
            Referral.city == city,
            Referral.partner_id == partner.id,
            Referral.partner_ref_digest == digest,
        )
    )
    if sent.first() is not None:
        raise HTTPException(409)
    pack = tables.PackKept
    kept = (await db.exec(select(pack).where(pack.city == city).order_by(pack.in_force))).first()
    j = shelf.compiled(kept.version, kept.text)
    decide.check_partner(ask, partner, j.vocabulary["domain"])
    ground = await place(Asks(db), "nbs", ask.division, ask.division_name)
    line = [ground.code[:length] for length in (12, 9, 6) if length <= len(ground.code)]
    stations = (
        await db.exec(
            select(StationKept).where(
                StationKept.city == city,
                StationKept.division.in_(line),
                StationKept.division_system == "nbs",
                StationKept.status == "open",
            )
        )
    ).all()
    today: date = day_of(now)
    busy = await Asks(db).fetch(STAFF_AND_LOAD, city, [s.id for s in stations], today, list(OPEN))
    certified = {r["id"]: r["certified"] for r in busy}
    routed = decide.route(
        ask.domain, ground.code, stations, certified, {r["id"]: r["load"] for r in busy}
    )
    person_id = uuid7()
    key = vault.new_key(city, person_id)
    policy, days = ReferralPolicy.of(j, ground.code, today), Days(Overlay(j.holidays, j.workdays))
    taken = decide.receive(
        ask, partner, person_id, digest, ground.code, "nbs", routed, policy, days, city, now
    )
    referral = taken.referral
    for row, table in ((taken.person, "person"), (referral, "referral")):
        plain = {n: v for n, v in row.__dict__.items() if isinstance(v, Encrypted)}
        for name, sealed in vault.seal_row(key, table, row.id, plain).items():
            setattr(row, name, sealed)
    wrap = Envelope.wrap(taken.event, city=city, aggregate_id=referral.id, version=1, time=now)
    told = {
        "city": city,
        "agg_type": "referral",
        "agg_id": referral.id,
        "epoch": 1,
        "version": 1,
        "event_id": wrap.id,
        "type": wrap.type,
        "body": wrap.to_bytes(),
        "traceparent": None,
    }
    given = {"client": said, "subject": said, "purpose": purpose, "at": now}
    feed = "INSERT INTO counter AS t (city, name, key, last) VALUES (:c, 'feed', :k, 1) ON CONFLICT (city, name, key) DO UPDATE SET last = t.last + 1 RETURNING last"
    answer = shapes.Received(
        id=referral.id,
        version=1,
        tracking_no=referral.tracking_no,
        status=referral.status,
        station=shapes.StationRef(id=routed.station.id, name=routed.station.name),
        routed_because=[shapes.Because(code=b["code"], say=b["say"]["zh"]) for b in routed.because],
        reply_by=referral.reply_by,
        reply_by_provisional=referral.reply_by_provisional,
    )
    rows = [
        tables.PersonKey(city=city, person_id=person_id, wrapped=key.wrapped, kek=1, at=now),
        taken.person,
        referral,
        tables.EventLog(**told, **given),
        tables.Outbox(**told, part=part_of(referral.id), seq=None),
        tables.Audit(
            **given,
            city=city,
            action="casework.referral.received",
            object_kind="referral",
            object_id=referral.id,
            fields=[],
            outcome="ok",
            trace_id=None,
        ),
        tables.Receipt(
            city=city,
            client=said,
            route=route,
            key=idempotency_key,
            fingerprint=hashlib.sha256(await request.body()).digest(),
            status=201,
            location=None,
            etag=None,
            body=orjson.dumps(answer.model_dump(mode="json")),
            at=now,
        ),
    ]
    if ask.subject.id_number:
        found = vault.blind(city, "id_number", ask.subject.id_number)
        rows.append(
            tables.BlindIndex(city=city, field="id_number", digest=found, person_id=person_id)
        )
    for row in rows:
        db.add(in_session(row, city))
        await db.flush()
    counted = await db.execute(text(feed), {"c": city, "k": str(partner.id)})
    taken.entry.position = counted.scalar_one()
    db.add(in_session(taken.entry, city))
    await db.commit()
    response.headers["location"] = f"/v1/{city}/referrals/{referral.id}"
    return answer
