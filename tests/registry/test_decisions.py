"""Registry's decisions alone: objects in, row and event out."""

from datetime import date, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from chassis.divisions import Division
from chassis.problems import Problem
from contracts.registry import PackActivated
from services.registry.decide.cities import change_city, serve_city
from services.registry.decide.packs import approve_pack
from services.registry.decide.stages import NEXT
from services.registry.decide.stations import (
    change_station,
    open_station,
    operate_station,
)
from services.registry.decide.workers import change_posting, document, employ
from services.registry.models import Operation, Pack, PackVersion
from services.registry.shapes import (
    ChangeCity,
    ChangePosting,
    ChangeStation,
    Employ,
    OpenStation,
    ServeCity,
)
from tests.conftest import NOW

TODAY = date(2026, 11, 20)
STREET = Division("nbs", date(2023, 9, 11), "420102007", "一元街道", 4, "420102", "street")
WORDS = {
    "tier": {"township": 1},
    "mode": {"procured": 1},
    "domain": {"elderly": 1},
    "room": {"case": 1},
    "head_post": {"clerk": 1},
    "cert": {"none": 1, "assistant": 1},
}


def station(status="open", **more):
    asked = OpenStation(name="站", tier="township", mode="procured", division="420102007", **more)
    made, _ = open_station(asked, STREET, WORDS, TODAY)
    made.status = status
    return made


def change(made, **more):
    return change_station(made, ChangeStation(**more), None, WORDS, TODAY)


def refused(problem) -> list[str]:
    return [f"{each.at} {each.code}" for each in problem.value.errors]


# -- stations ------------------------------------------------------------------------------------


@pytest.mark.parametrize("now_", NEXT)
@pytest.mark.parametrize("then", NEXT)
def test_a_station_goes_only_where_its_status_leads(now_, then):
    made = station(now_)

    if then == now_ or then in NEXT[now_]:
        changed, event = change(made, status=then)

        assert changed.status == event.status == then
    else:
        with pytest.raises(Problem) as wrong:
            change(made, status=then)

        assert wrong.value.slug == "wrong-status"
        assert wrong.value.extra["allowed"] == sorted(NEXT[now_])


def test_a_station_opens_on_the_day_its_opening_holds_from_unless_another_is_said():
    opened, _ = change(station("building"), status="open", effective_on=date(2026, 11, 2))
    told, event = change(station("building"), status="open", open_on=date(2026, 11, 1))

    assert opened.open_on == opened.as_of == date(2026, 11, 2)
    assert event.open_on == told.open_on == date(2026, 11, 1)


def test_a_reopened_station_keeps_its_first_day():
    made = station("suspended", open_on=date(2022, 1, 1))

    changed, _ = change(made, status="open")

    assert changed.open_on == date(2022, 1, 1)


def test_a_change_cannot_hold_from_a_day_to_come():
    with pytest.raises(Problem) as wrong:
        change(station(), name="新站", effective_on=TODAY + timedelta(1))

    assert refused(wrong) == ["/effective_on in-future"]


def test_a_station_that_is_open_did_not_open_in_the_future():
    with pytest.raises(Problem) as wrong:
        change(station(), open_on=TODAY + timedelta(1))

    assert refused(wrong) == ["/open_on not-yet"]


def test_facts_given_replace_those_facts_and_forgotten_ones_are_unknown_again():
    made = station(facts={"rooms": ["case"], "office_m2": 20.0, "plaque": None})

    changed, event = change(made, facts={"office_m2": 30.0}, forget=["rooms"])

    assert changed.facts == event.facts == {"office_m2": 30.0, "plaque": None}


def test_words_outside_the_vocabulary_are_named_by_place_and_never_repeated():
    with pytest.raises(Problem) as wrong:
        change(
            station(),
            tier="moon",
            domains=["elderly", "dragons"],
            facts={"rooms": ["case", "cellar"], "head": {"post": "king", "concurrent": True}},
        )

    assert refused(wrong) == [
        "/tier unknown-word",
        "/domains/1 unknown-word",
        "/facts/head/post unknown-word",
        "/facts/rooms/1 unknown-word",
    ]
    assert not {"moon", "dragons", "cellar", "king"} & set(str(wrong.value.body()).split("'"))
    said = [each["say"] for each in wrong.value.body("zh")["errors"]]
    assert "tier" in said[0]
    assert "township" in said[0]
    assert "case" in said[3]


def test_without_a_pack_there_is_no_vocabulary_to_be_held_to():
    asked = OpenStation(name="站", tier="moon", mode="procured", division="420102007")

    made, _ = open_station(asked, STREET, None, TODAY)

    assert made.tier == "moon"


def test_a_head_changes_facts_and_domains_and_nothing_else():
    made = station()

    change_station(made, ChangeStation(domains=["elderly"]), None, WORDS, TODAY, as_head=True)
    for more in ({"status": "closed"}, {"name": "别名"}, {"division": "420103001"}):
        with pytest.raises(Problem) as no:
            change_station(made, ChangeStation(**more), None, WORDS, TODAY, as_head=True)

        assert no.value.slug == "forbidden"
    assert made.domains == ["elderly"]


# -- who operates --------------------------------------------------------------------------------

A, B = UUID(int=1), UUID(int=2)


def contract(agency, starts, ends, number=0):
    return Operation(
        contract_id=UUID(int=100 + number),
        station_id=UUID(int=9),
        agency_id=agency,
        starts_on=starts,
        ends_on=ends,
    )


def test_the_operator_is_the_same_in_whatever_order_contracts_were_heard():
    old = contract(A, date(2024, 1, 1), date(2026, 12, 31), 1)
    over = contract(B, date(2020, 1, 1), date(2023, 12, 31), 2)
    new = contract(B, date(2026, 6, 1), date(2027, 5, 31), 3)

    found = set()
    for order in permutations([old, over, new]):
        made = station()
        for number in range(1, 4):
            operate_station(made, order[:number], TODAY, order[number - 1].starts_on)
        found.add((made.operator_id, made.operator_since))

    assert found == {(B, date(2026, 6, 1))}


def test_a_contract_to_come_does_not_push_out_who_operates_today():
    made = station()
    now_ = contract(A, date(2026, 1, 1), date(2026, 12, 31), 1)
    next_ = contract(B, date(2027, 1, 1), date(2027, 12, 31), 2)

    operate_station(made, [now_], TODAY, now_.starts_on)

    assert operate_station(made, [now_, next_], TODAY, next_.starts_on) is None
    assert made.operator_id == A


def test_a_renewal_with_the_same_agency_changes_nothing():
    made = station()
    first = contract(A, date(2025, 1, 1), date(2026, 12, 31), 1)
    again = contract(A, date(2026, 11, 1), date(2027, 12, 31), 2)
    operate_station(made, [first], TODAY, first.starts_on)

    assert operate_station(made, [first, again], TODAY, again.starts_on) is None
    assert made.operator_since == date(2025, 1, 1)


def test_without_a_contract_nobody_operates():
    made = station()
    operate_station(made, [contract(A, date(2026, 1, 1), date(2026, 12, 31))], TODAY, TODAY)

    _, event = operate_station(made, [], TODAY, TODAY)

    assert (event.operator_id, event.operator_since, event.as_of) == (None, None, TODAY)


# -- cities and packs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefixes", "places"),
    [
        (["4201"], []),
        (["420102", "420103"], []),
        (["42010"], ["/prefixes/0 no-division"]),
        (["4201", "420102"], ["/prefixes/1 inside-another"]),
        (["4201", "4201"], ["/prefixes/0 inside-another", "/prefixes/1 inside-another"]),
    ],
)
def test_prefixes_are_whole_divisions_none_inside_another(prefixes, places):
    ask = {
        "code": "420100",
        "kind": "city",
        "name": {"zh": "武汉市", "en": "Wuhan"},
        "prefixes": prefixes,
    }

    if not places:
        _, event = serve_city(ServeCity(**ask))
        assert event.prefixes == sorted(prefixes)
        return
    with pytest.raises(Problem) as wrong:
        serve_city(ServeCity(**ask))
    assert refused(wrong) == places


def test_a_jurisdiction_changes_only_what_is_named():
    city, _ = serve_city(
        ServeCity(
            code="420100", kind="city", name={"zh": "武汉市", "en": "Wuhan"}, prefixes=["4201"]
        )
    )

    _, event = change_city(city, ChangeCity(prefixes=["420103", "420102"]))

    assert (event.kind, event.prefixes) == ("city", ["420102", "420103"])
    assert event.name["zh"] == "武汉市"


def a_draft(version="b" * 12, author="420100.author"):
    return PackVersion(
        version=version,
        status="draft",
        in_force=None,
        author=author,
        authored_at=NOW,
        approver=None,
        approved_at=None,
        note="",
        text="{}",
        townships=[],
        duties=[],
    )


def approve(draft, pack, in_force, by="420100.approver"):
    return approve_pack(draft, pack, in_force, city="420100", by=by, now=NOW)


def test_a_pack_is_activated_by_somebody_other_than_its_author():
    draft = a_draft()

    with pytest.raises(Problem) as no:
        approve(draft, None, TODAY, by=draft.author)
    assert (no.value.slug, draft.status) == ("forbidden", "draft")

    pack, event = approve(draft, None, TODAY)
    assert (pack.active, draft.status, draft.approver) == (
        draft.version,
        "active",
        "420100.approver",
    )
    assert event == PackActivated(version=draft.version, in_force=TODAY, text="{}")


def test_a_version_may_replace_one_of_the_same_day_and_never_reach_behind_it():
    pack = Pack(id=uuid4(), active="a" * 12, in_force=TODAY)

    with pytest.raises(Problem) as wrong:
        approve(a_draft(), pack, TODAY - timedelta(1))
    assert refused(wrong) == ["/in_force before-active"]

    same, _ = approve(a_draft(), pack, TODAY)
    assert (same.active, same.in_force) == ("b" * 12, TODAY)


# -- workers -------------------------------------------------------------------------------------


def hire(**more):
    return employ(Employ(name="张三", **more), uuid4(), "", WORDS, TODAY)


def test_what_is_told_of_a_worker_has_no_name_and_no_number():
    _, _, event = hire(phone="13912345678", cert="assistant", cert_on=date(2020, 1, 1))

    told = event.model_dump_json()
    assert "张三" not in told
    assert "13912345678" not in told
    assert event.cert_on == date(2020, 1, 1)


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"phone": "12"}, "/phone phone-form"),
        ({"cert": "emperor"}, "/cert unknown-word"),
        ({"cert_on": date(2020, 1, 1)}, "/cert dates-without"),
        (
            {
                "cert": "assistant",
                "cert_on": date(2020, 1, 1),
                "cert_until": date(2019, 1, 1),
            },
            "/cert_until before-start",
        ),
        (
            {
                "postings": [
                    {
                        "station_id": uuid4(),
                        "starts_on": date(2024, 1, 2),
                        "ends_on": date(2024, 1, 1),
                        "full_time": True,
                        "on_station": True,
                        "dispatched": False,
                    }
                ]
            },
            "/postings/0/ends_on before-start",
        ),
    ],
)
def test_a_worker_is_refused_by_the_place_that_is_wrong(more, place):
    with pytest.raises(Problem) as wrong:
        hire(**more)

    assert refused(wrong) == [place]


def test_a_document_is_checked_and_kept_in_its_one_form():
    ask = Employ(name="李四", id_type="resident_id", id_number=" 420102199001010014 ")

    assert document(ask.id_type, ask.id_number, TODAY) == "420102199001010014"
    with pytest.raises(Problem) as wrong:
        document("resident_id", Employ(name="李", id_number="420102199001010019").id_number, TODAY)
    assert refused(wrong) == ["/id_number id-checksum"]


def test_a_posting_that_ended_can_go_on_again():
    _, (posting,), _ = hire(
        postings=[
            {
                "station_id": uuid4(),
                "starts_on": date(2024, 1, 1),
                "ends_on": date(2024, 12, 31),
                "full_time": True,
                "on_station": True,
                "dispatched": False,
            }
        ]
    )

    change_posting(posting, ChangePosting(ends_on=None))

    assert posting.ends_on is None
