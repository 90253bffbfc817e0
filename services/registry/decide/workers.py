"""People employed: who they are for the city, what they are qualified for, where they serve."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.identifiers import BadIdentifier, check_id, check_phone
from chassis.initials import initials
from chassis.problems import At, Invalid
from chassis.vault import Encrypted, Plain
from contracts.registry import AgreedPay, WorkerChanged, WorkerPosting
from services.registry.decide.days import effective, in_order
from services.registry.facts import Words, WorkerFacts, WorkerWords, strange_words
from services.registry.models import Posting, Station, Worker
from services.registry.shapes import ChangePosting, ChangeWorker, Employ, Pay, Post

CLOSED = "closed"
_PLAIN = ("name", "employer_id", "cert", "cert_on", "cert_until", "education")
_FIELDS = (*_PLAIN, "sw_major", "sw_years", "specialities", "origin_post")
_NEVER_NONE = ("name", "cert", "status", "specialities")


def document(id_type: str, number: Plain | None, today: date) -> str:
    """Return an id number as it is kept and indexed; "" where there is none."""
    try:
        return check_id(id_type, number.get_secret_value() if number else None, today)
    except BadIdentifier as bad:
        raise Invalid([At("/id_number", bad.code, bad.zh, bad.en)]) from None


def telephone(number: Plain | None) -> Encrypted | None:
    """Return a telephone number in the one form it is kept in."""
    if number is None:
        return None
    try:
        return Encrypted(check_phone(number.get_secret_value()))
    except BadIdentifier as bad:
        raise Invalid([At("/phone", bad.code, bad.zh, bad.en)]) from None


def employ(
    ask: Employ, worker_id: UUID, number: str, words: Words | None, today: date
) -> tuple[Worker, list[Posting], WorkerChanged]:
    """Enter a person employed, with the postings they begin with."""
    worker = Worker(
        id=worker_id,
        status="active",
        id_type=ask.id_type.value,
        id_number=Encrypted(number) if number else None,
        phone=telephone(ask.phone),
        **{name: getattr(ask, name) for name in _FIELDS},
        initials=initials(ask.name),
        pay=_pay(ask.pay),
        offence_checks=_checks(ask.offence_checks, today),
        as_of=effective(ask.effective_on, today, *_began(ask)),
        facts=ask.facts.plain(),
    )
    postings = [post(worker_id, each, f"/postings/{i}") for i, each in enumerate(ask.postings)]
    _check(worker, words)
    return worker, postings, told(worker, postings)


def change_worker(
    worker: Worker, ask: ChangeWorker, number: str, words: Words | None, today: date
) -> Worker:
    """Change a person employed from a day on; the caller tells, with the postings."""
    worker.as_of = effective(ask.effective_on, today)
    said = ask.model_fields_set - {"effective_on"}
    for name in said & {*_FIELDS, "status"}:
        value = getattr(ask, name)
        if value is not None or name not in _NEVER_NONE:
            setattr(worker, name, value)
    worker.initials = initials(worker.name)
    if ask.pay is not None:
        worker.pay = _pay(ask.pay)
    if ask.offence_checks is not None:
        worker.offence_checks = _checks(ask.offence_checks, today)
    if ask.id_type is not None:
        worker.id_type = ask.id_type.value
        worker.id_number = Encrypted(number) if number else None
    if "phone" in said:
        worker.phone = telephone(ask.phone)
    worker.facts = {
        name: value for name, value in worker.facts.items() if name not in ask.forget
    } | (ask.facts.plain() if ask.facts else {})
    _check(worker, words)
    return worker


def post(worker_id: UUID, ask: Post, at: str = "") -> Posting:
    """Post a worker to a station for a period; the database keeps full-time postings apart."""
    in_order(ask.starts_on, ask.ends_on, at)
    return Posting(
        worker_id=worker_id,
        **{name: getattr(ask, name) for name in Post.model_fields},
    )


def change_posting(posting: Posting, ask: ChangePosting) -> Posting:
    """End a posting, or correct it."""
    said = ask.model_fields_set - {"effective_on"}
    for name in said:
        value = getattr(ask, name)
        if value is not None or name == "ends_on":
            setattr(posting, name, value)
    if said & {"starts_on", "ends_on", "full_time"}:
        posting.tolerated = False
    in_order(posting.starts_on, posting.ends_on)
    return posting


def at_work(station: Station, starts_on: date, ends_on: date | None, at: str = "") -> None:
    """Refuse a posting that goes on where the station has closed."""
    if station.status != CLOSED:
        return
    since = date.fromisoformat(station.stages[-1]["on"]) if station.stages else station.as_of
    if starts_on >= since:
        raise Invalid(
            [At(f"{at}/station_id", "closed", "站点届时已撤销", "had closed by that day")]
        )
    if ends_on is None or ends_on > since:
        raise Invalid(
            [At(f"{at}/ends_on", "closed", "晚于站点撤销日期", "is after the station closed")]
        )


def told(worker: Worker, postings: Sequence[Posting]) -> WorkerChanged:
    """Return what others may know of a worker: no name, no number.

    The last check of offences is a fact of its own, so that a rule need not look through them.
    """
    parts = [
        WorkerPosting(**{name: getattr(each, name) for name in WorkerPosting.model_fields})
        for each in sorted(postings, key=lambda each: (each.starts_on, each.id))
    ]
    shared = WorkerChanged.model_fields.keys() - {"worker_id", "postings", "pay", "facts"}
    checked = {"offence_check_on": max(worker.offence_checks)} if worker.offence_checks else {}
    return WorkerChanged(
        worker_id=worker.id,
        postings=parts,
        pay=[AgreedPay(**each) for each in worker.pay],
        facts=worker.facts | checked,
        **{name: getattr(worker, name) for name in shared},
    )


def _check(worker: Worker, words: Words | None) -> None:
    wrong: list[At] = []
    if words is not None:
        said = {name: getattr(worker, name) for name in WorkerWords.model_fields}
        wrong += strange_words(WorkerWords, said, words)
        wrong += strange_words(WorkerFacts, worker.facts, words, "/facts")
    if worker.cert == "none" and (worker.cert_on or worker.cert_until):
        wrong.append(At("/cert", "dates-without", "有日期而无证书", "has dates but no certificate"))
    if worker.cert_on and worker.cert_until and worker.cert_until < worker.cert_on:
        wrong.append(
            At("/cert_until", "before-start", "早于批准日期", "is before the day of approval")
        )
    if wrong:
        raise Invalid(wrong)


def _began(ask: Employ) -> Iterator[date]:
    """Yield the days from which somebody is said to be employed."""
    yield from (each.starts_on for each in ask.postings)
    yield from (each.starts_on for each in ask.pay)


def _pay(said: Sequence[Pay]) -> list[dict[str, Any]]:
    """Return agreed pay in the order of its months; each begins on a month's first day, once."""
    wrong = [
        At(f"/pay/{number}/starts_on", "not-first", "须为当月一日", "is not the first of a month")
        for number, each in enumerate(said)
        if each.starts_on.day != 1
    ]
    if len({each.starts_on for each in said}) < len(said):
        wrong.append(At("/pay", "doubled", "同一月份出现两次", "names a month twice"))
    if wrong:
        raise Invalid(wrong)
    return [each.model_dump(mode="json") for each in sorted(said, key=lambda p: p.starts_on)]


def _checks(days: Sequence[date], today: date) -> list[str]:
    if any(day > today for day in days):
        raise Invalid(
            [At("/offence_checks", "in-future", "不能晚于今天", "holds a day later than today")]
        )
    return sorted({day.isoformat() for day in days})
