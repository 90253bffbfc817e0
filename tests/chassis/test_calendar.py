"""Working days: the published calendar, a city's own days over it, and days nobody has published."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.calendar import Days, Due, Overlay, hours
from chassis.clock import SHANGHAI, end_of

NATIONAL = Days()
LIUZHOU = Days(Overlay(holidays=[date(2021, 4, 14), date(2021, 4, 15)]))


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),
        (date(2026, 2, 14), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), None),
        (date(2027, 1, 4), None),
        (date(2003, 12, 31), None),
        (date(2004, 1, 2), True),
    ],
)
def test_a_day_is_worked_free_or_not_published(day, works):
    assert NATIONAL.is_workday(day) is works


def test_a_city_lays_its_own_days_over_the_national_ones():
    assert NATIONAL.is_workday(date(2021, 4, 14)) is True
    assert LIUZHOU.is_workday(date(2021, 4, 14)) is False
    assert Days(Overlay(workdays=[date(2026, 11, 21)])).is_workday(date(2026, 11, 21)) is True


def test_a_clock_in_liuzhou_stands_still_over_the_third_of_the_third_month():
    received = at(date(2021, 4, 13))

    assert NATIONAL.due(received, 1) == Due(end_of(date(2021, 4, 14)), provisional=False)
    assert LIUZHOU.due(received, 1) == Due(end_of(date(2021, 4, 16)), provisional=False)


def test_a_city_can_know_a_day_of_a_year_nobody_has_published():
    days = Days(Overlay(holidays=[date(2027, 4, 9)]))

    assert days.is_workday(date(2027, 4, 9)) is False
    assert days.due(at(date(2027, 4, 8)), 1) == Due(end_of(date(2027, 4, 10)), provisional=True)


def test_a_day_cannot_be_both():
    with pytest.raises(ValueError, match="2021-04-14"):
        Days(Overlay(holidays=[date(2021, 4, 14)], workdays=[date(2021, 4, 14)]))


def test_the_day_of_receipt_is_not_counted():
    assert NATIONAL.due(at(date(2026, 11, 16)), 3).at == end_of(date(2026, 11, 19))
    assert NATIONAL.due(at(date(2026, 11, 16)), 0).at == end_of(date(2026, 11, 16))


def test_due_is_the_last_second_of_the_day_in_china():
    assert NATIONAL.due(at(date(2026, 11, 16)), 1).at.isoformat() == "2026-11-17T23:59:59+08:00"


def test_a_make_up_saturday_is_counted_and_a_holiday_is_not():
    """2026: the first to the seventh of October off, Saturday the tenth worked."""
    assert NATIONAL.due(at(date(2026, 9, 30)), 3).at == end_of(date(2026, 10, 10))
    assert NATIONAL.due(at(date(2026, 10, 9)), 1).at == end_of(date(2026, 10, 10))


def test_at_night_it_is_already_the_next_day_in_china():
    before = datetime(2026, 11, 16, 15, 59, 59, tzinfo=UTC)
    after = before + timedelta(seconds=1)

    assert NATIONAL.due(before, 1).at == end_of(date(2026, 11, 17))
    assert NATIONAL.due(after, 1).at == end_of(date(2026, 11, 18))


def test_a_clock_that_stays_in_the_published_year_is_firm():
    assert NATIONAL.due(at(date(2026, 12, 30)), 1) == Due(end_of(date(2026, 12, 31)), False)


def test_a_clock_into_an_unpublished_year_takes_the_earliest_time_and_says_so():
    """New Year's Day and a Saturday count: nobody has said yet that they are free."""
    assert NATIONAL.due(at(date(2026, 12, 30)), 3) == Due(end_of(date(2027, 1, 2)), True)


@given(
    st.dates(date(2026, 12, 1), date(2027, 2, 1)),
    st.integers(0, 40),
    st.sets(st.dates(date(2027, 1, 1), date(2027, 4, 1))),
)
def test_whatever_is_published_later_a_provisional_time_was_never_too_late(day, number, holidays):
    earliest = NATIONAL.due(at(day), number)

    published = Days(Overlay(holidays=holidays)).due(at(day), number)

    assert earliest.at <= published.at
    assert earliest.provisional or published == earliest


@given(
    st.datetimes(datetime(2004, 1, 2), datetime(2026, 6, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(1, 60),
)
def test_a_due_day_is_a_working_day_and_so_many_were_counted(received, number):
    due = NATIONAL.due(received, number)

    assert NATIONAL.is_workday(due.at.date()) is True
    assert NATIONAL.count(received, due.at) == (number, False)


@given(
    st.datetimes(datetime(2026, 1, 2), datetime(2026, 6, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(0, 10),
    st.integers(0, 30),
)
def test_a_clock_that_paused_keeps_what_was_left(received, used, extra):
    asked = used + extra
    paused = NATIONAL.due(received, used).at

    left = asked - NATIONAL.count(received, paused).days

    assert NATIONAL.due(paused, left) == NATIONAL.due(received, asked)


def test_a_count_into_an_unpublished_year_says_so():
    assert NATIONAL.count(at(date(2026, 12, 30)), at(date(2027, 1, 2))) == (3, True)


def test_hours_run_through_nights_and_holidays():
    due = hours(at(date(2026, 9, 30), 22), 72)

    assert due.at.isoformat() == "2026-10-03T22:00:00+08:00"
    assert due.provisional is False


def test_an_instant_without_a_zone_is_refused():
    naive = datetime(2026, 11, 16, 10)  # noqa: DTZ001 - the mistake being tried

    with pytest.raises(ValueError, match="zone"):
        NATIONAL.due(naive, 1)
    with pytest.raises(ValueError, match="zone"):
        hours(naive, 1)


def test_a_negative_number_of_days_is_refused():
    with pytest.raises(ValueError, match="negative"):
        NATIONAL.due(at(date(2026, 11, 16)), -1)


def test_the_package_is_imported_only_when_a_day_is_asked_about_and_without_a_warning():
    script = (
        "import sys, datetime, chassis.calendar as c\n"
        "assert 'chinese_calendar' not in sys.modules\n"
        "assert c.Days().is_workday(datetime.date(2026, 11, 20))\n"
    )

    ran = subprocess.run([sys.executable, "-W", "error", "-c", script], check=False)

    assert ran.returncode == 0
