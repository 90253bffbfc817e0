"""Facts speak of stations and of people: what was found by its station is found by either."""

from alembic import op

from chassis.schema import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(op, ["ALTER TABLE related RENAME COLUMN station_id TO about_id"])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
