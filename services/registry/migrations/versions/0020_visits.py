"""A visit of a supervisor at a station is entered once: two of a kind on one day would count twice.

Visits that clash already keep no first day, so they clash with nothing, until they are told anew.
"""

from alembic import op

from chassis.schema import run

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# What is null overlaps nothing: a process of the release before goes on writing rows without it.
COLUMN = "ALTER TABLE supervision ADD COLUMN first_day date"
FILL = """
UPDATE supervision s SET first_day = (s.days->0->>'day')::date
WHERE NOT EXISTS (
  SELECT FROM supervision o
  WHERE o.city = s.city AND o.station_id = s.station_id AND o.supervisor_id = s.supervisor_id
    AND o.kind = s.kind AND o.status = 'held' AND s.status = 'held' AND o.id < s.id
    AND (o.days->0->>'day')::date <= s.last_day AND o.last_day >= (s.days->0->>'day')::date)
"""
# Some thousand visits a city: built in less time than a write waits for.
VISIT = """
ALTER TABLE supervision
  -- squawk-ignore adding-field-with-default
  ADD COLUMN visit daterange GENERATED ALWAYS AS
    (CASE WHEN status = 'held' AND first_day IS NOT NULL
          THEN daterange(first_day, last_day, '[]') END) STORED
"""
ONCE = """
ALTER TABLE supervision
  -- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint
  ADD CONSTRAINT supervision_visit
    UNIQUE (city, station_id, supervisor_id, kind, visit WITHOUT OVERLAPS)
"""


def upgrade() -> None:
    run(op, [COLUMN, FILL, VISIT, ONCE])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
