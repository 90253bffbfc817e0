"""What evaluation hears, kept as facts; whom it is about is due to be judged (`judging`)."""

from datetime import date
from typing import Any, cast
from uuid import UUID

from chassis.clock import day_of
from chassis.db import Transaction
from chassis.events import Envelope, Event
from chassis.reactions import Reactions
from contracts import casework
from contracts.evaluation import (
    AttestationRevoked,
    AttestationStated,
    WaiverGranted,
    WaiverRevoked,
)
from contracts.kept import follow_cities
from contracts.procurement import ContractEnded, ContractSigned
from contracts.registry import (
    AgencyChanged,
    DutyChanged,
    FilingChanged,
    LinkChanged,
    PackActivated,
    RegisterChanged,
    StationChanged,
    SupervisionChanged,
    SupervisorChanged,
    TargetChanged,
    TrainingChanged,
    WorkerChanged,
)
from services.evaluation import sheets
from services.evaluation.areas import CITY
from services.evaluation.decide.deadlines import DROPPED
from services.evaluation.models import Due, Fact, Related, Sweep

reactions = Reactions("evaluation")
follow_cities(reactions)
JUDGED = frozenset(
    {"station", "worker", "agency", "contract", "training", "supervisor", "supervision", "link"}
)
"""Whose facts change verdicts."""
WITHDRAWN = "withdrawn"
ALWAYS = date.min
"""The day of a state that says its own days: what is corrected is not believed of any day."""


@reactions.on(PackActivated)
async def pack_activated(_event: PackActivated, _envelope: Envelope, tx: Transaction) -> None:
    """Judge everybody again, if the pack is in force already."""
    tx.follows_up = True


@reactions.on(StationChanged)
async def station_changed(event: StationChanged, envelope: Envelope, tx: Transaction) -> None:
    """Keep a station's state."""
    _keep(tx, "station", envelope, event.as_of)


@reactions.on(WorkerChanged)
async def worker_changed(event: WorkerChanged, envelope: Envelope, tx: Transaction) -> None:
    """Keep a worker's state, to be found from every station it names."""
    _keep(tx, "worker", envelope, event.as_of, *{p.station_id for p in event.postings})


@reactions.on(AgencyChanged)
async def agency_changed(event: AgencyChanged, envelope: Envelope, tx: Transaction) -> None:
    """Keep an agency's state."""
    _keep(tx, "agency", envelope, event.as_of)


@reactions.on(TrainingChanged)
async def training_changed(event: TrainingChanged, envelope: Envelope, tx: Transaction) -> None:
    """Keep a training, to be found from everybody who took part."""
    _keep(tx, "training", envelope, ALWAYS, *event.worker_ids)


@reactions.on(SupervisorChanged)
async def supervisor_changed(event: SupervisorChanged, envelope: Envelope, tx: Transaction) -> None:
    """Keep a supervisor's term, to be found from its stations and from the person."""
    about = {each.station_id for each in event.stations} | {event.worker_id}
    _keep(tx, "supervisor", envelope, ALWAYS, *about)


@reactions.on(SupervisionChanged)
async def supervision_changed(
    event: SupervisionChanged, envelope: Envelope, tx: Transaction
) -> None:
    """Keep a supervision, to be found from its station."""
    _keep(tx, "supervision", envelope, ALWAYS, event.station_id)


@reactions.on(LinkChanged)
async def link_changed(event: LinkChanged, envelope: Envelope, tx: Transaction) -> None:
    """Keep a link, to be found from the station at its lower end."""
    below = [event.to_id] if event.to_kind == "station" else []
    _keep(tx, "link", envelope, ALWAYS, *below)


@reactions.on(RegisterChanged)
async def register_changed(event: RegisterChanged, envelope: Envelope, tx: Transaction) -> None:
    """Keep from when a register is whole; what it does not hold now counts, so judge everybody."""
    _keep(tx, "register", envelope, event.complete_from)
    await sheets.alone(tx)  # nobody is half through a sweep
    for sweep in await tx.find(Sweep):
        sweep.pack = ""
        tx.keep(sweep)
    tx.follows_up = True


@reactions.on(TargetChanged)
async def target_changed(event: TargetChanged, envelope: Envelope, tx: Transaction) -> None:
    """Keep what an area set out to reach, of every day; one that is withdrawn is so from that day."""
    over = event.status == WITHDRAWN or await _was(tx, "target", event.target_id, WITHDRAWN)
    _keep(tx, "target", envelope, event.as_of if over else ALWAYS)
    sheets.judge_again(tx, CITY, "")


@reactions.on(FilingChanged)
async def filing_changed(event: FilingChanged, envelope: Envelope, tx: Transaction) -> None:
    """Keep a document that is due, or was handed in: it says its own days.

    Handed in again after it was sent back, it holds from that day: before, what was said before.
    """
    filed_on = event.filed_on
    before = await tx.find(Fact, kind="filing", subject_id=event.filing_id) if filed_on else []
    days = [each.state["returned_on"] for each in before]
    again = filed_on is not None and any(day and day <= filed_on.isoformat() for day in days)
    _keep(tx, "filing", envelope, filed_on if filed_on and again else ALWAYS)
    sheets.judge_again(tx, CITY, "")


@reactions.on(DutyChanged)
async def duty_changed(event: DutyChanged, envelope: Envelope, tx: Transaction) -> None:
    """Keep what a department is to do, and when it did: it says its own days, until it is dropped."""
    over = event.status == DROPPED or await _was(tx, "duty", event.duty_id, DROPPED)
    _keep(tx, "duty", envelope, event.as_of if over else ALWAYS)


async def _was(tx: Transaction, kind: str, subject: UUID, status: str) -> bool:
    """Whether an earlier word put an end to it: what begins again does so from its own day."""
    told = await tx.find(Fact, kind=kind, subject_id=subject)
    return any(each.state["status"] == status for each in told)


@reactions.on(ContractSigned)
async def contract_signed(event: ContractSigned, envelope: Envelope, tx: Transaction) -> None:
    """Keep a contract as signed."""
    _keep(tx, "contract", envelope, event.signed_on, event.station_id)


@reactions.on(ContractEnded)
async def contract_ended(event: ContractEnded, envelope: Envelope, tx: Transaction) -> None:
    """Keep a contract as ended, from its last day on."""
    # Not by the version before: after a restore of its producer that one is of another epoch.
    fact = cast("Any", Fact)
    [signed] = await tx.find(
        Fact,
        fact.kind == "contract",
        fact.subject_id == envelope.agg_id,
        order_by=(fact.epoch.desc(), fact.version.desc()),
        limit=1,
    )
    state = signed.state | envelope.data
    _keep(tx, "contract", envelope, event.ended_on, event.station_id, state=state)


async def stated(_event: Event, _envelope: Envelope, tx: Transaction) -> None:
    """Judge at once what was stated through another process; it is due already."""
    tx.follows_up = True


for _own in (WaiverGranted, WaiverRevoked, AttestationStated, AttestationRevoked):
    reactions.on(_own)(stated)


async def referral_moved(event: casework.ReferralStep, envelope: Envelope, tx: Transaction) -> None:
    """Keep a step of a referral: ids, codes and times."""
    stations = [event.station_id] if event.station_id else []
    _keep(tx, "referral", envelope, day_of(envelope.time), *stations)


for _step in (
    casework.ReferralReceived,
    casework.ReferralAccepted,
    casework.ReferralDeclined,
    casework.InformationRequested,
    casework.InformationSupplied,
    casework.ReplyTimeSet,
    casework.ReferralTransferred,
    casework.ReferralStarted,
    casework.ReferralClosed,
    casework.ReferralWithdrawn,
):
    reactions.on(_step)(referral_moved)


def _keep(
    tx: Transaction,
    kind: str,
    envelope: Envelope,
    valid_from: date,
    *about: UUID,
    state: dict[str, Any] | None = None,
) -> None:
    tx.keep(
        Fact(
            kind=kind,
            subject_id=envelope.agg_id,
            epoch=envelope.aggepoch,
            version=envelope.aggversion,
            valid_from=valid_from,
            known_from=envelope.time,
            state=envelope.data if state is None else state,
            event_id=envelope.id,
            type=envelope.type,
        ),
        *(Related(about_id=each, kind=kind, subject_id=envelope.agg_id) for each in about),
    )
    if kind in JUDGED:
        tx.keep(Due(kind=kind, subject_id=envelope.agg_id))
        tx.follows_up = True
