"""A station may serve several townships."""

from alembic import op

from chassis.schema import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        op,
        [
            # A default stays: a process of the release before goes on keeping stations without it.
            "ALTER TABLE station_kept ADD COLUMN serves jsonb NOT NULL DEFAULT '[]'",
            """
            -- squawk-ignore require-concurrent-index-creation
            CREATE INDEX station_kept_serving ON station_kept (city, division_system)
              WHERE serves <> '[]'
            """,
        ],
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
