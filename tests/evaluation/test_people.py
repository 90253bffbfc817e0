"""What registers of training and supervision say, and what they do not."""

from datetime import date, datetime

import pytest

from services.evaluation.decide import people
from services.evaluation.queries import When

DAY = date(2026, 6, 30)
WHOLE = {"trainings": "2026-01-01", "supervisions": "2026-01-01", "supervisors": "2026-01-01"}


def worker(*posts, **more):
    said = {"postings": list(posts), "cert": "assistant", "cert_on": None, "sw_years": 4.0}
    return said | more


def post(start, end=None, *, on_station=True):
    return {"starts_on": start, "ends_on": end, "on_station": on_station}


def training(day, kind="practice", hours=8.0, **more):
    return {"status": "held", "kind": kind, "hours": hours, "starts_on": day, "ends_on": day} | more


def visit(*days, hours=8.0, recorded_on=None, status="held"):
    return {
        "status": status,
        "days": [{"day": day, "hours": hours} for day in days],
        "recorded_on": recorded_on,
    }


def test_the_years_training_is_counted_up_to_the_day():
    found = people.trained(
        DAY,
        worker(post("2025-03-01")),
        [
            training("2026-01-01"),
            training("2026-06-30", "law", 4.0),
            training("2026-07-01", "ethics"),
            training("2025-12-31", "ethics"),
            training("2026-02-02", "ethics", status="cancelled"),
        ],
        WHOLE,
    )

    assert found["trainings_this_year"] == ["law", "practice"]
    assert found["training_hours_this_year"] == 12.0
    assert found["service_share_of_year"] == pytest.approx(181 / 365)
    assert found["served_first_year"] is False


def test_a_training_over_new_year_counts_once_in_the_year_it_ended_in():
    course = training("2025-12-30") | {"ends_on": "2026-01-02"}
    posted = worker(post("2024-03-01"))
    whole = {"trainings": "2024-01-01"}

    hours = [
        people.trained(day, posted, [course], whole)["training_hours_this_year"]
        for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2))
    ]

    assert hours == [0, 0, 8.0]


def test_an_empty_register_that_is_not_whole_says_nothing():
    posted = worker(post("2025-03-01"))

    late = people.trained(DAY, posted, [], {"trainings": "2026-01-02"})
    never = people.trained(DAY, posted, [], {})
    whole = people.trained(DAY, posted, [], WHOLE)

    assert "training_hours_this_year" not in late | never
    assert whole["training_hours_this_year"] == 0


def test_a_register_opened_in_the_year_is_whole_for_who_came_after():
    found = people.trained(DAY, worker(post("2026-03-01")), [], {"trainings": "2026-02-01"})

    assert found["training_hours_this_year"] == 0
    assert found["served_first_year"] is True


def test_two_postings_of_one_day_are_one_day_served():
    posted = worker(post("2026-01-01", "2026-01-10"), post("2026-01-10", "2026-01-20"))

    found = people.trained(DAY, posted, [], WHOLE)

    assert found["service_share_of_year"] == pytest.approx(20 / 365)


def test_who_was_never_on_a_station_has_no_year_of_service():
    assert people.trained(DAY, worker(post("2026-01-01", on_station=False)), [], WHOLE) == {}
    assert people.first_on_station(DAY, worker(post("2026-07-01"))) == {}


def test_a_supervisor_counts_where_the_term_and_the_assignment_both_hold():
    term = {
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
        "hired_by": "agency",
        "full_time": True,
        "stations": [
            {"station_id": "a", "starts_on": "2026-01-01", "ends_on": "2026-06-29"},
            {"station_id": "b", "starts_on": "2026-01-01", "ends_on": "2026-06-30"},
            {"station_id": "c", "starts_on": "2026-01-01", "ends_on": None},
        ],
    }

    assert people.assigned(DAY, "a", [term]) == []
    assert people.assigned(DAY, "b", [term]) == [term]
    assert people.assigned(DAY, "c", [term | {"ends_on": "2026-06-29"}]) == []
    assert people.supervisor(DAY, term, worker()) == {
        "hired_by": "agency",
        "full_time": True,
        "stations": 2,
        "sw_years": 4.0,
        "cert": "assistant",
    }


@pytest.mark.parametrize(
    ("certs", "said"),
    [
        ([], {"supervisor_cert": None}),
        (["none"], {"supervisor_cert": "none"}),
        (["none", None], {}),
        (["assistant", None], {"supervisor_cert": "assistant"}),
        (["assistant", "senior", "social_worker"], {"supervisor_cert": "senior"}),
        (["a_word_of_one_city", "assistant"], {"supervisor_cert": "assistant"}),
        (["a_word_of_one_city", "none"], {}),
    ],
)
def test_workers_work_under_the_best_certificate_that_is_known(certs, said):
    sheets = [{"cert": cert} if cert else {} for cert in certs]

    assert people.supervisor_cert(sheets) == said


def test_full_months_of_the_contract_are_counted_and_days_of_one_visit_are_summed():
    contract = {"starts_on": "2026-03-02", "ends_on": "2026-12-31"}
    visits = [
        visit("2026-04-30", "2026-05-01"),
        visit("2026-05-20", hours=16.0, recorded_on="2026-05-25"),
        visit("2026-05-21", status="cancelled"),
        visit("2026-07-01"),
    ]

    found = people.supervised(DAY, visits, contract, WHOLE)

    assert [(m["start"], m["supervisions"], m["shortest_hours"]) for m in found["months"]] == [
        ("2026-04-01", 1, 16.0),
        ("2026-05-01", 1, 16.0),
        ("2026-06-01", 0, None),
    ]
    assert (found["last_supervised"], found["unrecorded_supervisions"]) == ("2026-05-20", 1)


def test_months_before_the_register_is_whole_are_not_judged():
    contract = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}

    found = people.supervised(DAY, [], contract, {"supervisions": "2026-05-02"})

    assert [m["start"] for m in found["months"]] == ["2026-06-01"]
    assert people.supervised(DAY, [], contract, {}) == {}


def test_a_contract_that_ended_has_no_months_after_its_end():
    contract = {"starts_on": "2026-01-01", "ends_on": "2026-12-31", "ended_on": "2026-03-30"}

    found = people.supervised(DAY, [], contract, WHOLE)

    assert [m["start"] for m in found["months"]] == ["2026-01-01", "2026-02-01"]


def test_a_month_has_not_ended_on_its_last_day_while_that_day_goes_on():
    contract = {"starts_on": "2026-05-01", "ends_on": "2026-12-31"}

    during = people.supervised(DAY, [], contract, WHOLE, None, date(2026, 6, 29))
    after = people.supervised(DAY, [], contract, WHOLE, None, DAY)

    assert [m["start"] for m in during["months"]] == ["2026-05-01"]
    assert [m["start"] for m in after["months"]] == ["2026-05-01", "2026-06-01"]


@pytest.mark.parametrize(
    ("day", "known_at", "now", "over"),
    [
        ("2026-06-30", "2026-06-30T15:00:00Z", None, "2026-06-29"),
        ("2026-06-30", "2026-06-30T16:00:00Z", None, "2026-06-30"),
        ("2026-06-30", "9999-01-01T00:00:00Z", "2026-06-30T02:00:00Z", "2026-06-29"),
        ("2026-12-31", "2026-06-30T02:00:00Z", None, "2026-06-29"),
        ("2025-12-31", "2026-06-30T02:00:00Z", None, "2025-12-31"),
    ],
)
def test_the_day_that_goes_on_is_not_over(day, known_at, now, over):
    present = datetime.fromisoformat(now) if now else None
    when = When(date.fromisoformat(day), datetime.fromisoformat(known_at), present)

    assert when.over == date.fromisoformat(over)
