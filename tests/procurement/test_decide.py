"""Signing, decided: what is known, what a city's document says, and what is then recorded."""

from datetime import date
from uuid import UUID

import pytest

from chassis.packs import Jurisdiction, Sources, packs_in
from chassis.packs.sources import Layer
from chassis.problems import Problem
from contracts.facts import Contract as ContractSheet
from services.procurement import decide
from services.procurement.app import service
from services.procurement.asks import EndContract, SignContract
from services.procurement.models import AgencyKept, Contract, StationKept
from tests import told
from tests.procurement.conftest import wish

CITIES = [code for code in packs_in(told.POLICIES) if code.isdecimal()]
TODAY = date(2026, 11, 20)
STATION, AGENCY = told.some_id(), told.some_id()


def pack(code: str) -> Jurisdiction:
    return Jurisdiction.from_text(told.shipped(code)[1], service.subjects)


def station(**more) -> StationKept:
    said = {
        "id": STATION,
        "name": "站",
        "status": "open",
        "tier": "township",
        "mode": "procured",
        "division": "420102007",
        "district": "420102",
        "facts": {},
    }
    return StationKept(**said | more)


def agency(**more) -> AgencyKept:
    said = {
        "id": AGENCY,
        "name": "机构",
        "kind": "social_work",
        "status": "active",
        "business_scope": "社会工作服务",
    }
    return AgencyKept(**said | more)


def asked(**more) -> SignContract:
    said = {name: value for name, value in wish(STATION, AGENCY, **more).items() if value != "?"}
    return SignContract.model_validate(said)


def sign(code: str = "420100", prior: Contract | None = None, **more):
    here = station(division=f"{code[:4]}02001", district=f"{code[:4]}02")
    return decide.sign_contract(asked(**more), here, agency(), prior, pack(code), TODAY)


def problem_of(code: str = "420100", **more) -> Problem:
    with pytest.raises(Problem) as refused:
        sign(code, **more)
    return refused.value


def test_row_and_event_say_the_same():
    contract, signed, warnings = sign()

    assert signed.contract_id == contract.id
    assert (signed.starts_on, signed.ends_on) == (contract.starts_on, contract.ends_on)
    assert contract.warned == [line["id"] for line in warnings]
    assert signed.facts["price"] == 30_000_000
    assert "name" not in str(signed.facts)


def test_what_the_event_carries_fits_the_fact_sheet():
    _, signed, _ = sign()

    assert set(signed.facts) <= set(ContractSheet.model_fields)


def test_left_out_is_unknown_and_null_is_none():
    said = decide.contract_facts(asked(takeover_plan_on=None, supervision_funded="?"), agency())
    unsaid = decide.contract_facts(asked(takeover_plan_on="?"), agency())

    assert said["takeover_plan_on"] is None
    assert "supervision_funded" not in said
    assert "takeover_plan_on" not in unsaid


def test_null_where_none_cannot_be_is_unknown():
    assert "budget_secured" not in decide.contract_facts(asked(budget_secured=None), agency())


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"ends_on": "2026-01-09"}, "/ends_on"),
        ({"signed_on": "2026-11-21"}, "/signed_on"),
        ({"purchaser": {"name": "某处", "kind": "palace"}}, "/purchaser/kind"),
    ],
)
def test_what_is_wrong_whatever_a_document_says_is_named(more, place):
    assert [at.at for at in problem_of(**more).errors] == [place]


def test_a_closed_station_and_an_agency_that_left_sign_nothing():
    with pytest.raises(Problem) as refused:
        decide.sign_contract(
            asked(), station(status="closed"), agency(status="left"), None, pack("420100"), TODAY
        )

    assert [at.at for at in refused.value.errors] == ["/station_id", "/agency_id"]


def test_a_renewal_is_of_the_same_station_and_agency():
    prior, _, _ = sign()
    prior.agency_id = told.some_id()

    with pytest.raises(Problem) as refused:
        sign(prior=prior, renewal_of=str(prior.id))

    assert [at.at for at in refused.value.errors] == ["/renewal_of"]


@pytest.mark.parametrize(
    ("more", "slug"),
    [
        ({"ends_on": "2027-01-09", "budget_secured": False}, None),
        ({"ends_on": "2027-01-10", "budget_secured": False}, "refused-by-policy"),
        ({"ends_on": "2029-01-09", "budget_secured": True}, None),
        ({"ends_on": "2029-01-10", "budget_secured": True}, "refused-by-policy"),
        ({"ends_on": "2028-01-09", "budget_secured": "?"}, "facts-missing"),
        ({"ends_on": "2027-01-09", "budget_secured": "?"}, None),
    ],
)
def test_wuhans_term_is_three_years_with_the_money_secured_and_one_without(more, slug):
    if slug is None:
        assert sign(**more)
    else:
        problem = problem_of(**more)
        assert problem.slug == slug
        assert {rule["cite"]["document"] for rule in problem.rules}


@pytest.mark.parametrize("code", CITIES)
def test_no_city_lets_a_contract_run_beyond_the_nations_three_years(code):
    problem = problem_of(code, ends_on="2029-01-10")

    assert problem.slug == "refused-by-policy"
    cap = next(rule for rule in problem.rules if rule["id"] == "contract-cap")
    assert cap["cite"]["number"] == "财政部令第102号"
    assert cap["cite"]["clause"] == "第二十四条"
    assert cap["value"] == 3
    assert "2029-01-10" in cap["say"]["zh"]


@pytest.mark.parametrize(
    ("code", "more", "scope", "rule", "clause"),
    [
        ("420100", {"takeover_plan_on": None}, None, "takeover-plan", "三(四)"),
        ("420100", {"takeover_plan_on": "2026-01-11"}, None, "takeover-plan", "三(四)"),
        ("450200", {"terms": ["staff", "content"]}, None, "contract-terms", "三(二)"),
        ("450200", {"evaluator_provides_service": True}, None, "evaluator-apart", "二(3)3"),
        ("652301", {}, "餐饮服务", "provider-scope", "二(三)"),
    ],
)
def test_each_citys_own_rule_refuses_with_its_clause(code, more, scope, rule, clause):
    provider = agency(business_scope=scope) if scope else agency()
    here = station(division=f"{code[:4]}02001", district=f"{code[:4]}02")

    with pytest.raises(Problem) as refused:
        decide.sign_contract(asked(**more), here, provider, None, pack(code), TODAY)

    assert refused.value.slug == "refused-by-policy"
    assert [line["id"] for line in refused.value.rules] == [rule]
    assert refused.value.rules[0]["cite"]["clause"] == clause


@pytest.mark.parametrize("code", CITIES)
def test_every_city_signs_what_its_document_asks_for(code):
    contract, signed, _ = sign(code)

    assert (contract.pack_version, signed.contract_id) == (told.shipped(code)[0], contract.id)


def test_where_a_document_says_in_principle_it_warns_and_signs():
    contract, _, warnings = sign("330100", ends_on="2028-01-09", budget_secured=False)

    assert [line["id"] for line in warnings] == ["contract-term"]
    assert contract.warned == ["contract-term"]
    assert warnings[0]["verdict"] == "broken"


def test_a_rule_of_the_gate_may_read_the_station():
    text = """
pack: "999900"
kind: city
name: {zh: 试市, en: Trial}
area: "9999"
documents:
  plan: {title: 试行计划, issued: 2021-07-12, in_force: 2021-07-12}
vocabulary:
  tier: {township: {zh: 乡镇, en: Township}, county: {zh: 县, en: County}}
  purchaser: {township: {zh: 乡镇, en: Township}}
  contract_term: {staff: {zh: 人员, en: Staff}}
  room: {case: {zh: 个案室, en: Case room}, group: {zh: 小组室, en: Group room}}
rules:
  townships-only:
    id: T-1
    cite: plan 一
    subject: contract
    effect: {refuse: procurement.contract.sign}
    require: station.tier == 'township' && 'case' in station.rooms
    say: {zh: 乡镇, en: townships}
"""
    trial = Jurisdiction.of(
        Sources("999900", (Layer("999900", text, "pack.yaml"),)), service.subjects
    )

    def slug(here: StationKept) -> str | None:
        try:
            decide.sign_contract(asked(terms=["staff"]), here, agency(), None, trial, TODAY)
        except Problem as refused:
            return refused.slug
        return None

    assert slug(station(facts={"rooms": ["case"]})) is None
    assert slug(station(facts={"rooms": ["group"]})) == "refused-by-policy"
    assert slug(station(facts={"rooms": ["case"]}, tier="county")) == "refused-by-policy"
    assert slug(station()) == "facts-missing"


def test_a_contract_ends_once():
    contract, _, _ = sign()
    ask = EndContract(ended_on=date(2026, 6, 30), reason_code="agreed")

    ended, event = decide.end_contract(ask, contract)

    assert (ended.ended_on, event.ended_on) == (ask.ended_on, ask.ended_on)
    with pytest.raises(Problem) as refused:
        decide.end_contract(ask, contract)
    assert refused.value.slug == "wrong-status"
    assert isinstance(event.contract_id, UUID)
