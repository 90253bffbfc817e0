"""Duties that a city's document lays on bodies are in the register from the day its pack is active."""

from alembic import op

from chassis.schema import run

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        op,
        [
            # A default stays: a process of the release before goes on writing rows without it.
            "ALTER TABLE pack_version ADD COLUMN duties jsonb NOT NULL DEFAULT '[]'",
            "ALTER TABLE duty ADD COLUMN pack_key varchar, ADD COLUMN what_en varchar",
            """
            -- squawk-ignore require-concurrent-index-creation
            CREATE UNIQUE INDEX duty_pack_key ON duty (city, pack_key) WHERE pack_key IS NOT NULL
            """,
        ],
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
