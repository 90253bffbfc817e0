"""Times to reply by that rest on unpublished days are found, to be set anew when those are known."""

from alembic import op

from chassis.schema import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Few rows are in it; looking for them reads the table once, in less time than a write waits for.
FINDING = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX referral_provisional ON referral (city, id) WHERE reply_by_provisional
"""


def upgrade() -> None:
    run(op, [FINDING])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
