"""Periods and shares a rule may call for, whatever the day and the number."""

import calendar
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.packs.helpers import ceil_div, days_between, percent, plus_months, year

DAYS = st.dates(date(1990, 1, 1), date(2199, 12, 31))
MONTHS = st.integers(0, 600)
COUNTS = st.integers(0, 10_000_000)


@given(DAYS, MONTHS)
def test_some_months_on_is_the_corresponding_day_or_that_months_last(day, months):
    later = date.fromisoformat(plus_months(day.isoformat(), months))

    last = calendar.monthrange(later.year, later.month)[1]
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == min(day.day, last)


@given(DAYS, DAYS, MONTHS)
def test_who_begins_later_is_not_due_sooner(one, other, months):
    first, second = sorted((one.isoformat(), other.isoformat()))

    assert plus_months(first, months) <= plus_months(second, months)


@given(DAYS, st.integers(1, 50))
def test_years_are_twelve_months_and_never_longer_than_their_days(day, years):
    later = plus_months(day.isoformat(), 12 * years)

    assert year(later) == day.year + years
    assert 365 * years <= days_between(day.isoformat(), later) <= 366 * years


@given(COUNTS, st.integers(1, 10_000_000), st.integers(0, 200))
def test_a_share_reaches_a_number_exactly_where_whole_numbers_do(part, whole, least):
    assert (percent(part, whole) >= least) is (100 * part >= least * whole)


@given(COUNTS)
def test_a_share_of_nothing_has_no_answer(part):
    with pytest.raises(ValueError, match="empty denominator"):
        percent(part, 0)
    with pytest.raises(ValueError, match="empty denominator"):
        ceil_div(part, 0)


@given(COUNTS, st.integers(1, 10_000))
def test_a_quotient_rounded_up_is_the_least_that_suffices(part, whole):
    groups = ceil_div(part, whole)

    assert groups * whole >= part
    assert (groups - 1) * whole < part
