"""Who is let in when there is more to do than can be done, and who hears at once that it is not."""

from contextlib import ExitStack

import pytest

from chassis.admission import Lane, Places, Shed, lane_of, urgent

LANES = [
    ("GET", "referrals", Lane.BULK),
    ("GET", "stations/S/overview", Lane.BULK),
    ("GET", "coverage", Lane.BULK),
    ("GET", "verdicts/S", Lane.BULK),
    ("POST", "what-if", Lane.BULK),
    ("GET", "", Lane.READ),
    ("GET", "referrals/R", Lane.READ),
    ("GET", "referrals/changes", Lane.READ),
    ("POST", "referrals/R/accept", Lane.WORK),
    ("PUT", "stations/S", Lane.WORK),
    ("POST", "contracts", Lane.WORK),
    ("POST", "referrals", Lane.REFERRAL),
    ("POST", "referrals/R/withdraw", Lane.REFERRAL),
    ("POST", "referrals/R/supply-information", Lane.REFERRAL),
]


@pytest.mark.parametrize(("method", "path", "lane"), LANES)
def test_a_request_has_its_lane_by_method_and_path(method, path, lane):
    assert lane_of(method, path.split("/") if path else []) is lane


@pytest.mark.parametrize(
    ("body", "is_urgent"),
    [
        (b'{"urgency": "immediate"}', True),
        (b'{"partner_ref":"1","urgency":"hours_24"}', True),
        (b'{"urgency":"hours_72"}', False),
        (b'{"urgency":"working_days","narrative":"he said \\"urgency\\": \\"immediate\\""}', False),
        (b'{"narrative":"' + b"x" * 70_000 + b'","urgency":"immediate"}', False),
        (b"", False),
    ],
)
def test_what_a_referral_says_of_its_urgency_is_seen_and_what_it_quotes_is_not(body, is_urgent):
    assert urgent(body) is is_urgent


def test_what_can_wait_is_refused_first_and_the_urgent_last():
    places, refused = Places("casework", 20), {}
    with ExitStack() as held:
        for number in range(20):
            for lane in Lane:
                if not places.room(lane):
                    refused.setdefault(lane, number)
            held.enter_context(places.place(Lane.URGENT, str(number)))
        assert not places.room(Lane.URGENT)

    assert refused == {Lane.BULK: 8, Lane.READ: 11, Lane.WORK: 14, Lane.REFERRAL: 17}
    assert places.taken == 0


def test_a_refusal_says_busy_and_when_to_come_again():
    places = Places("casework", 1)
    with (
        places.place(Lane.URGENT, "a"),
        pytest.raises(Shed) as shed,
        places.place(Lane.URGENT, "b"),
    ):
        pass
    assert shed.value.slug == "busy"
    assert 1 <= int(shed.value.headers["retry-after"]) <= 3


def test_one_client_holds_its_share_and_the_others_find_room():
    places = Places("casework", 10)
    with ExitStack() as held:
        for _ in range(6):
            held.enter_context(places.place(Lane.URGENT, "a"))
        with pytest.raises(Shed) as shed, places.place(Lane.URGENT, "a"):
            pass
        assert shed.value.slug == "too-many-requests"
        assert "retry-after" in shed.value.headers
        with places.place(Lane.URGENT, "b"):
            assert places.taken == 7
    with places.place(Lane.URGENT, "a"):
        assert places.taken == 1


def test_a_place_is_given_back_by_work_that_failed():
    places = Places("casework", 10)
    for _ in range(30):
        with pytest.raises(ZeroDivisionError), places.place(Lane.WORK, "a"):
            raise ZeroDivisionError
    assert places.taken == 0
