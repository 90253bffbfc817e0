"""Tables that a spreadsheet fills are counted as they grow: who reads them next has the right plan."""

from alembic import op

from chassis.schema import measured, run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(op, measured("registry"))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
