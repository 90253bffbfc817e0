"""Who is full-time at a station serves at no other then, nor part-time beside it.

Postings that clash already are tolerated as they are, until their days change.
"""

from alembic import op

from chassis.schema import run

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# A default stays: a process of the release before goes on writing rows without it.
COLUMN = "ALTER TABLE posting ADD COLUMN tolerated boolean NOT NULL DEFAULT false"
FILL = """
UPDATE posting p SET tolerated = true
WHERE EXISTS (
  SELECT FROM posting o
  WHERE o.city = p.city AND o.worker_id = p.worker_id AND o.full_time <> p.full_time
    AND daterange(o.starts_on, o.ends_on, '[]') && daterange(p.starts_on, p.ends_on, '[]'))
"""
# Some hundred thousand postings: built in less time than a write waits for.
DAYS = """
ALTER TABLE posting
  -- squawk-ignore adding-field-with-default
  ADD COLUMN days daterange GENERATED ALWAYS AS
    (CASE WHEN NOT tolerated THEN daterange(starts_on, ends_on, '[]') END) STORED
"""
# Two that are full-time are kept apart by the constraint before.
ALONE = """
ALTER TABLE posting
  -- squawk-ignore constraint-missing-not-valid
  ADD CONSTRAINT posting_elsewhere
    EXCLUDE USING gist (city WITH =, worker_id WITH =, days WITH &&, (full_time::int) WITH <>)
"""


def upgrade() -> None:
    run(op, [COLUMN, FILL, DAYS, ALONE])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
