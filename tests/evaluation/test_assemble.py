"""From states to fact sheets: what is known, and nothing else."""

from datetime import date

from contracts.procurement import ContractSigned
from services.evaluation.decide import assemble
from tests import told

DAY = date(2022, 6, 30)
STATION = told.some_id()


def state(**more):
    return told.station(STATION, **more).model_dump(mode="json")


def person(*posts, **more):
    return told.worker(told.some_id(), *posts, **more).model_dump(mode="json")


def bought(staffing=3, **more):
    said = {
        "contract_id": told.some_id(),
        "station_id": STATION,
        "agency_id": told.some_id(),
        "purchaser_kind": "township",
        "signed_on": date(2021, 12, 20),
        "starts_on": date(2022, 1, 1),
        "ends_on": date(2022, 12, 31),
        "renewal_of": None,
        "staffing": staffing,
        "facts": {},
    }
    return ContractSigned(**said | more).model_dump(mode="json")


def facts(day=DAY, workers=(), contracts=(), **more):
    return assemble.station(day, state(**more), workers, contracts)


def test_who_has_gone_and_what_has_ended_since_a_profile_was_told_is_no_fact_of_the_day():
    head = {"role": "head", "post": "party_leader", "concurrent": True}
    profile = {
        "leadership": [head | {"ends_on": "2023-05-31"}],
        "demonstrations": [{"year": 2022, "until": "2023-05-31"}],
    }
    said = {"head": {"post": "party_leader", "concurrent": True}, "deputies": [], "demo": True}

    then = facts(date(2023, 5, 31), facts=said, profile=profile)
    now = facts(date(2023, 6, 1), facts=said, profile=profile)

    assert (then["head"]["post"], then["demo"]) == ("party_leader", True)
    assert ("head" in now, now["demo"]) == (False, False)


def test_only_what_was_told_is_known():
    known = facts()

    assert known == {
        "name": "一元街道社工站",
        "tier": "township",
        "mode": "procured",
        "open_on": "2021-12-01",
        "division": {"code": "420102007", "district": "420102"},
        "domains": [],
        "workers": [],
    }


def test_everyone_posted_that_day_and_nobody_else():
    here = told.posting(STATION, starts_on=date(2022, 6, 30), ends_on=date(2022, 7, 1))
    elsewhere = told.posting(told.some_id())
    workers = [person(here), person(elsewhere), person(here, status="left")]

    counts = {
        day: len(facts(day, workers)["workers"])
        for day in (date(2022, 6, 29), DAY, date(2022, 7, 1), date(2022, 7, 2))
    }

    assert list(counts.values()) == [0, 1, 1, 0]


def test_a_certificate_of_a_later_day_tells_nothing_of_today():
    later = person(told.posting(STATION), cert="assistant", cert_on=date(2022, 7, 1))
    none = person(told.posting(STATION), cert="none", cert_on=None)

    first, second = facts(workers=[later, none])["workers"]

    assert "cert" not in first
    assert "cert_on" not in first
    assert (second["cert"], second["cert_on"]) == ("none", None)


def test_a_null_where_none_cannot_be_is_unknown():
    [known] = facts(workers=[person(told.posting(STATION), education=None, sw_years=None)])[
        "workers"
    ]

    assert "education" not in known
    assert "sw_years" not in known


def test_a_fact_that_fits_no_sheet_is_left_out_and_the_rest_stays():
    known = facts(facts={"rooms": ["case"], "office_m2": "large", "colour": "red"})

    assert known["rooms"] == ["case"]
    assert "office_m2" not in known
    assert "colour" not in known


def test_staffing_is_the_contracts_of_that_day():
    assert facts(contracts=[bought(3)])["staffing_by_contract"] == 3
    assert "staffing_by_contract" not in facts(date(2023, 1, 1), contracts=[bought(3)])
    ended = bought(3) | {"ended_on": "2022-06-29"}
    assert "staffing_by_contract" not in facts(contracts=[ended])


def test_no_contract_is_known_only_where_none_is_needed():
    assert "staffing_by_contract" not in facts(mode="procured")
    assert "staffing_by_contract" not in facts(contracts=[bought(None)])
    assert facts(mode="direct_hire")["staffing_by_contract"] is None


def test_an_execution_year_that_has_not_ended_needs_no_evaluation_yet():
    first = assemble.contract(date(2022, 12, 31), bought())
    second = assemble.contract(date(2023, 1, 1), bought())

    assert first["execution_years"] == []
    assert "execution_years" not in second


def test_a_worker_without_a_posting_is_on_no_station():
    known = assemble.worker(DAY, person(), None)

    assert known["on_station"] is False
    assert "full_time" not in known
