"""Days: from which one a change holds, and that periods end after they begin."""

from datetime import date

from chassis.problems import At, Invalid


def effective(said: date | None, today: date, *days: date | None) -> date:
    """Return the day a word holds from: one that has been; 422 for one to come.

    Where none is said a change holds from today. A first word is given the days it speaks of, and
    holds from the earliest: who was posted in 2022 and is entered today was there in 2022.
    """
    if said is not None and said > today:
        raise Invalid(
            [At("/effective_on", "in-future", "生效日期不能晚于今天", "is later than today")]
        )
    return said or min([today, *(day for day in days if day is not None)])


def since(row: object | None, said: date | None, today: date, *days: date | None) -> date:
    """Return the day what is said of a row holds from; where there is none yet it is its first word."""
    return effective(said, today, *(days if row is None else ()))


def in_order(starts_on: date, ends_on: date | None, at: str = "") -> None:
    """Refuse a period that ends before it begins."""
    if ends_on is not None and ends_on < starts_on:
        raise Invalid(
            [At(f"{at}/ends_on", "before-start", "早于开始日期", "is before the first day")]
        )
