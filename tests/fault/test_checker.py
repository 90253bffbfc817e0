"""The checker finds what is wrong: shown feeds that are not whole, it says so for each."""

from types import SimpleNamespace
from uuid import UUID

import pytest

from tests.fault.checker import Found, _read_feed, clean

COURT, ONE, TWO = UUID(int=1), UUID(int=11), UUID(int=12)
WHOLE = ((1, ONE, 1), (2, TWO, 1), (3, ONE, 2))
VERSIONS = {ONE: 2, TWO: 1}


def read(entries):
    """Return how many the checker calls lost, doubled and out of order."""
    lost, doubled, order = [], [], []
    names = ("partner_id", "position", "referral_id", "sequence")
    feed = [dict(zip(names, (COURT, *entry), strict=True)) for entry in entries]
    _read_feed(feed, VERSIONS, lost, doubled, order)
    return bool(lost), bool(doubled), bool(order)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (WHOLE, (False, False, False)),
        (WHOLE[:2], (True, False, False)),
        (((1, ONE, 1), (3, TWO, 1), (4, ONE, 2)), (True, False, False)),
        (((1, ONE, 1), (2, TWO, 1), (3, ONE, 2), (4, ONE, 2)), (False, True, True)),
        (((1, ONE, 2), (2, TWO, 1), (3, ONE, 1)), (True, False, True)),
        ((), (True, False, False)),
    ],
    ids=["whole", "without its end", "with a hole", "with one twice", "in disorder", "empty"],
)
def test_a_feed_that_is_not_whole_is_told(entries, says):
    assert read(entries) == says


GOOD = {
    "acknowledged": 3,
    "unknown": 0,
    "lost": [],
    "doubled": [],
    "order": [],
    "parked": 0,
    "dead": 0,
    "seconds": 1.0,
    "tries": 3,
    "refusals": SimpleNamespace(),
}
BAD = {
    "acknowledged": 2,
    "unknown": 1,
    "lost": ["x"],
    "doubled": ["x"],
    "order": ["x"],
    "parked": 1,
    "dead": 1,
}


def test_what_is_whole_is_clean():
    clean(Found(**GOOD), acknowledged=3)


@pytest.mark.parametrize("wrong", BAD)
def test_one_thing_that_is_wrong_is_not_clean(wrong):
    with pytest.raises(AssertionError):
        clean(Found(**GOOD | {wrong: BAD[wrong]}), acknowledged=3)
