"""Names are found by pinyin initials: stations, agencies, partners, workers."""

from alembic import op
from sqlalchemy import text

from chassis.initials import initials
from chassis.schema import run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NAMED = ("station", "agency", "partner", "worker")


def upgrade() -> None:
    for table in NAMED:
        # A default stays: a process of the release before goes on writing rows without it.
        run(
            op,
            [f"ALTER TABLE {table} ADD COLUMN initials varchar COLLATE \"C\" NOT NULL DEFAULT ''"],
        )
        rows = op.get_bind().execute(text(f"SELECT city, id, name FROM {table}")).all()  # noqa: S608 - a name above
        told = [{"city": city, "id": key, "said": initials(name)} for city, key, name in rows]
        if told:
            change = f"UPDATE {table} SET initials = :said WHERE city = :city AND id = :id"  # noqa: S608
            op.get_bind().execute(text(change), told)
        run(op, [f"CREATE INDEX {table}_initials ON {table} (city, initials, id)"])
    run(
        op,
        [
            "CREATE INDEX station_opened ON station (city, open_on, id) WHERE open_on IS NOT NULL",
            "CREATE INDEX agency_registered ON agency (city, registered_in)",
        ],
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
