"""The table of a referral's transitions, row by row as it was promised to partners."""

from itertools import product
from types import SimpleNamespace

import pytest

from chassis.identity import ROLE_SCOPES
from chassis.problems import Problem
from services.casework.decide import move
from services.casework.transitions import ALL, TRANSITIONS

STATION = {"worker", "station_head"}
PROMISED = {
    "accept": ({"routed"}, "accepted", STATION),
    "decline": ({"routed"}, "declined", STATION),
    "request-information": ({"routed", "accepted"}, "information_requested", STATION),
    "supply-information": ({"information_requested"}, None, {"partner"}),
    "transfer": (
        {"unrouted", "routed", "declined", "accepted", "started"},
        "routed",
        {"station_head", "district_bureau", "city_bureau"},
    ),
    "start": ({"accepted"}, "started", STATION),
    "close": ({"started"}, "closed", STATION),
    "withdraw": (set(ALL) - {"declined", "closed", "withdrawn"}, "withdrawn", {"partner"}),
}


def test_no_transition_more_and_none_less():
    assert TRANSITIONS.keys() == PROMISED.keys()


@pytest.mark.parametrize("name", PROMISED)
def test_who_may_and_from_where(name):
    before, after, roles = PROMISED[name]
    for status, role in product(ALL, ROLE_SCOPES):
        referral = SimpleNamespace(status=status, resumes="accepted")
        if role in roles and status in before:
            assert move(referral, name, role).status == (after or "accepted"), (status, role)
            continue
        with pytest.raises(Problem) as no:
            move(referral, name, role)
        told = "forbidden" if role not in roles else "wrong-status"
        assert (no.value.slug, referral.status) == (told, status), (name, role)


@pytest.mark.parametrize("status", ["routed", "accepted"])
def test_after_the_answer_it_is_what_it_was_before_the_question(status):
    referral = SimpleNamespace(status=status, resumes=None)
    move(referral, "request-information", "worker")
    move(referral, "supply-information", "partner")
    assert (referral.status, referral.resumes) == (status, None)


def test_a_refusal_names_what_is_allowed_from_here():
    with pytest.raises(Problem) as no:
        move(SimpleNamespace(status="closed", resumes=None), "accept", "worker")
    assert no.value.extra == {"allowed": []}
