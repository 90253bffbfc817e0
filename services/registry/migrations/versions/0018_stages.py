"""A station's only stage, where its day is the one it was entered on, may be a day nobody said.

The id knows that day (it is a UUIDv7). Such a stage gives way to a second one that began before it.
"""

from alembic import op

from chassis.schema import run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        op,
        [
            """
            UPDATE station SET stages = jsonb_set(stages, '{0,assumed}', 'true')
            WHERE jsonb_array_length(stages) = 1
              AND stages->0->>'on' =
                  (uuid_extract_timestamp(id) AT TIME ZONE 'Asia/Shanghai')::date::text
            """
        ],
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
