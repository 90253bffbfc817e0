"""From which day on a change holds."""

from datetime import date

from chassis.problems import At, Invalid


def effective(said: date | None, today: date) -> date:
    """Return the day a change holds from: today, or a day that has been. 422 for one to come."""
    if said is not None and said > today:
        raise Invalid(
            [At("/effective_on", "in-future", "生效日期不能晚于今天", "is later than today")]
        )
    return said or today
