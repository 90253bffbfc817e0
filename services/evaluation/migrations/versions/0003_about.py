"""Facts speak of stations and of people: what was found by its station is found by either."""

from alembic import op

from chassis.schema import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


# No release has gone out that knows the old name; from the first on, a new one is added instead.
RENAMED = """
-- squawk-ignore renaming-column
ALTER TABLE related RENAME COLUMN station_id TO about_id
"""


def upgrade() -> None:
    run(op, [RENAMED])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
