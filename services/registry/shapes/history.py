"""What may be asked of a record's past."""

from chassis.asked import Asked, Day, Moment, Paged


class FindHistory(Paged):
    """How far back: newest first, page by page."""


class AsKnown(Asked):
    """Of which day, as known at which instant; today and now if none is said."""

    as_of: Day | None = None
    known_at: Moment | None = None
