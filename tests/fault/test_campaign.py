"""A campaign without its platform: the plan is the seed's alone, and the final reads can fail."""

from collections import Counter
from uuid import UUID

import orjson
import pytest

from tests.fault.campaign_ledger import Who, Wish
from tests.fault.campaign_plan import FULL, KILL, KINDS, SHORT, STOP, WIPE, plan
from tests.fault.campaign_reads import found_as_promised, promised
from tests.fault.campaign_rows import dense, same_copy, same_ends

ONE = UUID(int=1)
KEY = ("referral", ONE)


@pytest.mark.parametrize("size", [FULL, SHORT])
def test_a_seed_is_one_plan_and_another_seed_another(size):
    assert plan(7, size) == plan(7, size)
    assert plan(7, size) != plan(8, size)


@pytest.mark.parametrize("size", [FULL, SHORT])
@pytest.mark.parametrize("seed", range(20))
def test_every_kind_of_process_is_killed_and_stopped_and_the_broker_wiped_once(size, seed):
    faults = plan(seed, size)

    assert len(faults) == size.faults
    assert Counter(fault.how for fault in faults)[WIPE] == 1
    assert min(Counter(fault.kind for fault in faults).values()) >= size.least
    assert {(f.kind, STOP if f.how == STOP else KILL) for f in faults} == {
        (kind, how) for kind in KINDS for how in (KILL, STOP)
    }
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert faults[-1].at < size.writes


def test_a_version_that_is_missing_is_a_loss_and_one_too_many_a_double():
    assert dense("log", {KEY: [1, 2, 3]}).nothing
    assert dense("log", {KEY: [1, 3]}).lost
    assert dense("log", {KEY: [2, 3]}).lost
    assert dense("log", {KEY: [1, 2, 2]}).doubled


def test_a_consumer_that_is_behind_is_a_loss_and_one_that_is_ahead_a_double():
    assert same_ends("copy", {KEY: 3}, {KEY: 3}).nothing
    assert same_ends("copy", {KEY: 3}, {KEY: 2}).lost
    assert same_ends("copy", {KEY: 3}, {}).lost
    assert same_ends("copy", {KEY: 3}, {KEY: 4}).doubled
    assert same_ends("copy", {}, {KEY: 1}).doubled


def test_a_copy_that_differs_is_missing_or_invented_is_named():
    said = {ONE: {"status": "open", "domains": ["elderly"], "operator_id": str(ONE)}}
    row = {"id": ONE, "status": "open", "domains": '["elderly"]', "operator_id": ONE}

    assert same_copy("copy", said, [row]).nothing
    assert same_copy("copy", said, [row | {"status": "closed"}]).lost
    assert same_copy("copy", said, []).lost
    assert same_copy("copy", {}, [row]).doubled


def test_what_was_acknowledged_last_must_be_there():
    who = Who("420100", {"client_id": "420100.court-1"})
    made = Wish(who, "POST", "/referrals", b"", status=201)
    made.answer = orjson.dumps({"id": str(ONE), "version": 1, "status": "routed"})
    moved = Wish(who, "POST", f"/referrals/{ONE}/accept", b"", status=200)
    moved.answer = orjson.dumps({"id": str(ONE), "version": 2, "status": "accepted"})
    never = Wish(who, "POST", "/referrals", b"")

    wanted = promised([made, moved, never])["420100.court-1", "/referrals"]

    def listed(version, status):
        return {str(ONE): {"version": version, "status": status}}

    assert found_as_promised("list", wanted, listed(2, "accepted")).nothing
    assert found_as_promised("list", wanted, listed(3, "started")).nothing
    assert found_as_promised("list", wanted, listed(1, "routed")).lost
    assert found_as_promised("list", wanted, listed(2, "declined")).lost
    assert found_as_promised("list", wanted, {}).lost
