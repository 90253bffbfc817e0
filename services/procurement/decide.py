"""Procurement's decisions: facts in, row and event out. No clock, no database, no bus."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from chassis import policy, problems
from chassis.packs import Jurisdiction, Waiver
from chassis.problems import At
from chassis.wording import none_of
from contracts.facts import Contract as ContractSheet
from contracts.procurement import ContractEnded, ContractSigned
from services.procurement.asks import EndContract, SignContract
from services.procurement.models import AgencyKept, Contract, StationKept
from services.procurement.rules import EVALUATION, GRADE, PURCHASER, SIGN, TERM

CLOSED = "closed"
ACTIVE = "active"
NULLABLE = ("supervision_plan_on", "takeover_plan_on", "management_fee_limit_percent")
"""Facts that may be known to be none: said as null. Left out they are unknown."""
STATED = (
    *("budget_secured", "terms", "payer_is_purchaser", "supervision_funded"),
    *("management_fee_percent", "labour_cost_per_head", "evaluator_provides_service"),
    "prior_evaluations",
)

Warnings = list[dict[str, Any]]


def sign_contract(
    ask: SignContract,
    station: StationKept,
    agency: AgencyKept,
    prior: Contract | None,
    j: Jurisdiction,
    today: date,
    waivers: Sequence[Waiver] = (),
) -> tuple[Contract, ContractSigned, Warnings]:
    """May this agency run this station on these terms? The city's document is asked, then obeyed."""
    wrong = [*_unfit(ask, station, agency, prior, today), *_strange_words(ask, j)]
    if wrong:
        raise problems.Invalid(wrong)
    facts = contract_facts(ask, agency)
    sheets = {"contract": facts, "station": station_facts(station)}
    warnings = policy.refuse(j, SIGN, "contract", sheets, station.division, ask.signed_on, waivers)

    own = {"start", "end", "signed_on", "purchaser_kind", "renewal_of", "price", "provider_scope"}
    stated = {name: value for name, value in facts.items() if name not in own}
    contract = Contract(
        station_id=station.id,
        agency_id=agency.id,
        purchaser=ask.purchaser.model_dump(),
        signed_on=ask.signed_on,
        starts_on=ask.starts_on,
        ends_on=ask.ends_on,
        price=ask.price.model_dump(),
        staffing=ask.staffing,
        renewal_of=ask.renewal_of,
        facts=stated,
        pack_version=j.version,
        warned=[line["id"] for line in warnings],
    )
    signed = ContractSigned(
        contract_id=contract.id,
        station_id=station.id,
        agency_id=agency.id,
        purchaser_kind=ask.purchaser.kind,
        signed_on=ask.signed_on,
        starts_on=ask.starts_on,
        ends_on=ask.ends_on,
        renewal_of=ask.renewal_of,
        staffing=ask.staffing,
        facts=stated | {"price": facts["price"], "provider_scope": agency.business_scope},
    )
    return contract, signed, warnings


def contract_facts(ask: SignContract, agency: AgencyKept) -> dict[str, Any]:
    """Return what is known of the contract, on its fact sheet; what was not said is left out."""
    said = ask.model_dump(include={*STATED, *NULLABLE}, exclude_unset=True)
    known = {name: value for name, value in said.items() if name in NULLABLE or value is not None}
    if ask.renewal_of is None:
        known["prior_evaluations"] = []  # what renews nothing has none: known, not unknown
    return ContractSheet.of(
        **known,
        start=ask.starts_on,
        end=ask.ends_on,
        signed_on=ask.signed_on,
        price=ask.price.amount,
        purchaser_kind=ask.purchaser.kind,
        provider_scope=agency.business_scope,
        renewal_of=str(ask.renewal_of) if ask.renewal_of else None,
    ).plain()


def station_facts(station: StationKept) -> dict[str, Any]:
    """Return what is known of the station a contract is for."""
    return station.facts | {
        "name": station.name,
        "tier": station.tier,
        "mode": station.mode,
        "division": {"code": station.division, "district": station.district},
    }


def end_contract(ask: EndContract, contract: Contract) -> tuple[Contract, ContractEnded]:
    """End a contract before its last day, once."""
    if contract.ended_on is not None:
        raise problems.WrongStatus("ended", [])
    if not contract.signed_on <= ask.ended_on < contract.ends_on:
        raise problems.Invalid(
            [
                At(
                    "/ended_on",
                    "outside-term",
                    "须不早于签订日，且早于合同最后一日",
                    "must not be before the signing, and before the contract's last day",
                )
            ]
        )
    contract.ended_on, contract.reason_code = ask.ended_on, ask.reason_code
    return contract, ContractEnded(
        contract_id=contract.id,
        station_id=contract.station_id,
        agency_id=contract.agency_id,
        ended_on=ask.ended_on,
        reason_code=ask.reason_code,
    )


def _unfit(
    ask: SignContract,
    station: StationKept,
    agency: AgencyKept,
    prior: Contract | None,
    today: date,
) -> Iterator[At]:
    """Yield what is wrong whatever the city's document says."""
    if ask.ends_on < ask.starts_on:
        yield At("/ends_on", "before-start", "早于开始日", "is before the start")
    if ask.signed_on > today:
        yield At("/signed_on", "in-future", "晚于今天", "is after today")
    if station.status == CLOSED:
        yield At("/station_id", "closed", "该站点已关闭", "this station is closed")
    if agency.status != ACTIVE:
        yield At("/agency_id", "not-active", "该机构不在册", "this agency is not active")
    if prior and (prior.station_id, prior.agency_id) != (station.id, agency.id):
        yield At(
            "/renewal_of",
            "not-a-renewal",
            "续签须为同一站点、同一机构的合同",
            "a renewal is of the same station's contract with the same agency",
        )


def _strange_words(ask: SignContract, j: Jurisdiction) -> Iterator[At]:
    """Yield the places where a word stands that the city's vocabulary does not have."""
    said = [("/purchaser/kind", PURCHASER, ask.purchaser.kind)]
    said += [(f"/terms/{i}", TERM, word) for i, word in enumerate(ask.terms or ())]
    for i, prior in enumerate(ask.prior_evaluations or ()):
        said.append((f"/prior_evaluations/{i}/kind", EVALUATION, prior.kind))
        said.append((f"/prior_evaluations/{i}/grade", GRADE, prior.grade))
    for at, vocabulary, word in said:
        known = j.vocabulary.get(vocabulary, {})
        if word not in known:
            yield none_of(at, known, vocabulary=vocabulary)
