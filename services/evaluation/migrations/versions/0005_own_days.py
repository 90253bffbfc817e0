"""Filings, targets and duties say their own days: what is registered late is believed of the days before.

What was kept until now was believed from the day it was entered only.
"""

from alembic import op

from chassis.schema import run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FILINGS = """
UPDATE fact f SET valid_from = CASE WHEN EXISTS (
    SELECT FROM fact b
     WHERE b.city = f.city AND b.kind = 'filing' AND b.subject_id = f.subject_id
       AND (b.epoch, b.version) < (f.epoch, f.version)
       AND b.state->>'returned_on' <= f.state->>'filed_on')
  THEN (f.state->>'filed_on')::date ELSE date '0001-01-01' END
 WHERE f.kind = 'filing'
"""
TARGETS = """
UPDATE fact SET valid_from = date '0001-01-01'
 WHERE kind = 'target' AND state->>'status' <> 'withdrawn'
"""
DUTIES = """
UPDATE fact SET valid_from = date '0001-01-01'
 WHERE kind = 'duty' AND state->>'status' <> 'dropped'
"""


def upgrade() -> None:
    run(op, [FILINGS, TARGETS, DUTIES])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
