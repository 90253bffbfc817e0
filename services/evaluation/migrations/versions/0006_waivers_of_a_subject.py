"""Waivers are read of those who are judged, on the day they are judged: not all there ever were."""

from alembic import op

from chassis.schema import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Some waivers a city: built in less time than a write waits for.
FINDING = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX waiver_subject ON waiver (city, subject_id, until)
"""


def upgrade() -> None:
    run(op, [FINDING])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
