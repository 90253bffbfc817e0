"""${message}."""

from alembic import op

from chassis import schema

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "schema.run(op, [])"}


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
