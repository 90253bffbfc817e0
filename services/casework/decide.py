"""Casework's decisions: facts in, row and event out. No clock, no database, no bus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.calendar import Days, Due, hours
from chassis.clock import day_of
from chassis.ids import tracking_no, uuid7
from chassis.problems import At, Forbidden, Invalid, Say, UnknownReference, WrongStatus
from chassis.vault import Encrypted
from chassis.wording import none_of
from contracts import casework as told
from services.casework.models import FeedEntry, PartnerKept, Person, Referral, StationKept
from services.casework.rules import ReferralPolicy
from services.casework.shapes import SendReferral
from services.casework.transitions import RETURNS, TRANSITIONS, allowed

SENSITIVE, ORDINARY = "sensitive", "ordinary"
FULL = 200
"""Referrals in hand from which on a station counts as full; who has how many more is not asked."""


@dataclass(frozen=True)
class Routed:
    """Which station, and why; no station means a person must choose one."""

    station: StationKept | None
    because: list[dict[str, Any]] = field(default_factory=list)


def route(
    domain: str,
    division: str,
    stations: Sequence[StationKept],
    certified: Mapping[UUID, int],
    load: Mapping[UUID, int],
    turn: int = 0,
) -> Routed:
    """Choose a station: whose ground it is, who takes this kind, who is qualified, who has room.

    `stations` are the open ones on the division's line, `certified` and `load` by station id.
    Every step that left a choice smaller is a reason; jurisdiction and domain are always said.
    Where all are full, one is drawn by `turn`, a number of this referral.
    """
    grounds = {s.id: _ground(s, division) for s in stations}
    near = max(map(len, grounds.values()), default=0)
    here = [s for s in stations if near and len(grounds[s.id]) == near]
    if not here:
        return Routed(
            None, [_because("jurisdiction", "该区划没有开放的社工站", "no open station here")]
        )
    because = [
        _because(
            "jurisdiction",
            f"辖区 {grounds[here[0].id]} 内有 {len(here)} 个开放的社工站",
            f"{len(here)} open stations serve division {grounds[here[0].id]}",
        )
    ]
    able = [s for s in here if not s.domains or domain in s.domains]
    if not able:
        no_one = _because(
            "domain", "辖区内没有社工站承接此类转介", "no station here takes this kind"
        )
        return Routed(None, [*because, no_one])
    because.append(
        _because(
            "domain", f"其中 {len(able)} 个承接此类转介", f"{len(able)} of them take this kind"
        )
    )
    qualified = [s for s in able if certified.get(s.id)] or able
    if certified.get(qualified[0].id):
        because.append(
            _because(
                "qualification",
                f"其中 {len(qualified)} 个有持证社工在岗",
                f"{len(qualified)} of them have a certified worker in post",
            )
        )
    full = all(load.get(s.id, 0) >= FULL for s in qualified)
    spread = turn if full else 0
    chosen = min(qualified, key=lambda s: (load.get(s.id, 0), s.id.int ^ spread))
    if len(qualified) > 1:
        waiting = load.get(chosen.id, 0)
        because.append(
            _because(
                "load",
                f"各站在办均满 {FULL} 件，抽取其一",
                f"all have {FULL} or more in hand: one is drawn",
            )
            if full
            else _because(
                "load", f"在办最少（{waiting} 件）", f"it has the least in hand ({waiting})"
            )
        )
    return Routed(chosen, because)


def _ground(station: StationKept, division: str) -> str:
    """Return the nearest of a station's grounds that a division lies in; "" where it lies in none."""
    around = [code for code in station.serves or [station.division] if division.startswith(code)]
    return max(around, key=len, default="")


def _because(code: str, zh: str, en: str) -> dict[str, Any]:
    say: Say = {"zh": zh, "en": en}
    return {"code": code, "say": say}


def reply_by(urgency: str, received: datetime, policy: ReferralPolicy, days: Days) -> Due:
    """Return when the partner must have an answer, by urgency (contract.md)."""
    if urgency == "working_days":
        return days.due(received, policy.reply_working_days.value)
    if urgency == "immediate":
        return hours(received, policy.reply_immediate_hours.value)
    return hours(received, int(urgency.removeprefix("hours_")))


def check_partner(ask: SendReferral, partner: PartnerKept, domains: Mapping[str, Any]) -> None:
    """A partner in good standing refers a kind of case the city knows and it may refer."""
    if partner.status != "active":
        raise Forbidden("该合作单位已停用", "this partner is not active")
    if ask.domain not in domains:
        raise Invalid([none_of("/domain", domains, "unknown-term")])
    if partner.domains and ask.domain not in partner.domains:
        raise Invalid(
            [
                At(
                    "/domain",
                    "not-yours",
                    "该合作单位不可转介此类别",
                    "this partner may not refer this kind",
                )
            ]
        )


@dataclass(frozen=True)
class Intake:
    """What an accepted intake writes."""

    referral: Referral
    person: Person
    entry: FeedEntry
    event: told.ReferralReceived


def receive(
    ask: SendReferral,
    partner: PartnerKept,
    person_id: UUID,
    digest: bytes,
    division: str,
    system: str,
    routed: Routed,
    policy: ReferralPolicy,
    days: Days,
    city: str,
    now: datetime,
) -> Intake:
    """Take a referral in: it has a number, a station or a queue, and a clock from this moment."""
    due = reply_by(ask.urgency, now, policy, days)
    sensitive = ask.domain in policy.sensitive_domains.value
    station = routed.station
    who = ask.subject
    person = Person(
        id=person_id,
        station_id=station.id if station else None,
        sensitivity=SENSITIVE if sensitive else ORDINARY,
        id_type=who.id_type,
        name=Encrypted(who.name),
        id_number=_sealed(who.id_number),
        phone=_sealed(who.phone),
        address=_sealed(who.address),
        born_on=_sealed(who.born_on.isoformat() if who.born_on else None),
    )
    referral = Referral(
        id=uuid7(),
        tracking_no=tracking_no(city, day_of(now)),
        partner_id=partner.id,
        partner_kind=partner.kind,
        partner_ref=Encrypted(ask.partner_ref),
        partner_ref_digest=digest,
        person_id=person_id,
        sensitivity=person.sensitivity,
        domain=ask.domain,
        urgency=ask.urgency,
        legal_kind=ask.legal_basis.kind,
        legal_cite=ask.legal_basis.cite,
        division=division,
        division_system=system,
        station_id=person.station_id,
        routed_because=routed.because,
        status="routed" if station else "unrouted",
        received_at=now,
        reply_by=due.at,
        reply_by_provisional=due.provisional,
        attachments=[a.model_dump(mode="json") for a in ask.attachments],
        narrative=Encrypted(ask.narrative),
    )
    event = told.ReferralReceived(
        **_step(referral),
        domain=referral.domain,
        urgency=referral.urgency,
        division=division,
        sensitive=sensitive,
        received_on=day_of(now),
        reply_by=due.at,
        reply_by_provisional=due.provisional,
    )
    return Intake(referral, person, entry(referral, referral.version, now), event)


def entry(referral: Referral, sequence: int, now: datetime) -> FeedEntry:
    """Tell the partner's feed where its referral stands; codes, never words."""
    return FeedEntry(
        partner_id=referral.partner_id,
        referral_id=referral.id,
        tracking_no=referral.tracking_no,
        sequence=sequence,
        status=referral.status,
        reason_code=referral.reason_code if referral.status == "declined" else None,
        at=now,
    )


def move(referral: Referral, name: str, role: str) -> Referral:
    """Take a referral one transition further, if its status and the caller's role allow it."""
    transition = TRANSITIONS[name]
    if role not in transition.roles:
        raise Forbidden("您的角色不能进行此操作", "this transition is not for your role")
    if referral.status not in transition.before:
        raise WrongStatus(referral.status, allowed(referral.status))
    before = referral.status
    if transition.after == RETURNS:
        referral.status, referral.resumes = referral.resumes or "routed", None
    else:
        referral.status = transition.after
        referral.resumes = before if transition.after == "information_requested" else None
    return referral


def accept(referral: Referral, role: str, now: datetime) -> told.ReferralAccepted:
    """The station takes it on."""
    move(referral, "accept", role).accepted_at = now
    return told.ReferralAccepted(**_step(referral))


def decline(
    referral: Referral, role: str, code: str, reason: str, codes: Mapping[str, Any]
) -> told.ReferralDeclined:
    """The station does not take it on; the partner hears the code, the words stay here."""
    move(referral, "decline", role)
    must_know(code, codes, "/reason_code")
    referral.reason_code, referral.reason = code, Encrypted(reason)
    return told.ReferralDeclined(**_step(referral), reason_code=code)


def request_information(
    referral: Referral, role: str, question: str, now: datetime
) -> told.InformationRequested:
    """The station cannot go on without more; its clock waits for the partner."""
    move(referral, "request-information", role)
    referral.question, referral.paused_at = Encrypted(question), now
    return told.InformationRequested(**_step(referral))


def supply_information(
    referral: Referral, role: str, answer: str, days: Days, now: datetime
) -> told.InformationSupplied:
    """The partner answers; what was left of the clock begins to run."""
    move(referral, "supply-information", role)
    due = resumed(referral, days, now)
    referral.answer, referral.paused_at = Encrypted(answer), None
    referral.reply_by, referral.reply_by_provisional = due.at, due.provisional
    return told.InformationSupplied(**_step(referral), reply_by=due.at)


def resumed(referral: Referral, days: Days, now: datetime) -> Due:
    """Return when the answer is due after a pause: what was left at the question runs on from now.

    Neither side's waiting counts for the other. What was late when the question was asked stays
    late, and a time that rested on unpublished days goes on resting on them.
    """
    due = Due(referral.reply_by, referral.reply_by_provisional)
    return _run_on(due, referral.urgency, referral.paused_at or now, now, days)


def set_anew(
    referral: Referral, pauses: Sequence[tuple[datetime, datetime]], working_days: int, days: Days
) -> told.ReplyTimeSet | None:
    """Run a clock again by the days as they are known now, through every pause it had.

    None where that changes nothing: its days are not published yet.
    """
    due = days.due(referral.received_at, working_days)
    for asked, answered in pauses:
        due = _run_on(due, referral.urgency, asked, answered, days)
    if due == (referral.reply_by, referral.reply_by_provisional):
        return None
    referral.reply_by, referral.reply_by_provisional = due.at, due.provisional
    return told.ReplyTimeSet(
        **_step(referral), reply_by=due.at, reply_by_provisional=due.provisional
    )


def _run_on(was: Due, urgency: str, paused: datetime, now: datetime, days: Days) -> Due:
    due, provisional = was
    if paused >= due:
        return was
    if urgency != "working_days":
        waited: timedelta = now - paused
        return Due(due + waited, provisional)
    left = days.count(paused, due)
    again = days.due(now, left.days)
    return Due(again.at, provisional or left.provisional or again.provisional)


def transfer(
    referral: Referral, role: str, to: StationKept | None, reason: str
) -> told.ReferralTransferred:
    """Somebody who may decides for another station, which starts from `routed`."""
    if to is None or to.status != "open":
        raise UnknownReference("/station_id")
    came_from = referral.station_id
    move(referral, "transfer", role)
    referral.station_id, referral.reason = to.id, Encrypted(reason)
    referral.accepted_at = None
    referral.reason_code = None
    return told.ReferralTransferred(**_step(referral), from_station_id=came_from)


def start(referral: Referral, role: str) -> told.ReferralStarted:
    """Work begins."""
    return told.ReferralStarted(**_step(move(referral, "start", role)))


def close(
    referral: Referral, role: str, code: str, codes: Mapping[str, Any]
) -> told.ReferralClosed:
    """Work ends with an outcome."""
    move(referral, "close", role).outcome_code = code
    must_know(code, codes, "/outcome_code")
    return told.ReferralClosed(**_step(referral), outcome_code=code)


def withdraw(referral: Referral, role: str, reason: str) -> told.ReferralWithdrawn:
    """The partner takes it back."""
    move(referral, "withdraw", role).reason = Encrypted(reason)
    return told.ReferralWithdrawn(**_step(referral))


def must_know(code: str, codes: Mapping[str, Any], at: str) -> None:
    """A code comes from the city's vocabulary; the list is in the answer."""
    if code not in codes:
        raise Invalid([none_of(at, codes, "unknown-term")])


def _step(referral: Referral) -> dict[str, Any]:
    return {
        "referral_id": referral.id,
        "tracking_no": referral.tracking_no,
        "partner_id": referral.partner_id,
        "station_id": referral.station_id,
        "status": referral.status,
    }


def _sealed(text: str | None) -> Encrypted | None:
    return None if text is None else Encrypted(text)
