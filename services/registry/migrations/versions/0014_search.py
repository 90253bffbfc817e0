"""Names are found by pinyin initials: stations, agencies, partners, workers."""

from alembic import context, op
from sqlalchemy import text

from chassis.initials import initials
from chassis.schema import run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NAMED = ("station", "agency", "partner", "worker")

# The largest of these, workers, is indexed in less time than a write waits for.
INDEX = "-- squawk-ignore require-concurrent-index-creation\nCREATE INDEX {} ON {}"


def upgrade() -> None:
    for table in NAMED:
        # A default stays: a process of the release before goes on writing rows without it.
        column = "ADD COLUMN initials varchar COLLATE \"C\" NOT NULL DEFAULT ''"
        run(op, [f"ALTER TABLE {table} {column}"])
        if not context.is_offline_mode():  # a script to be read has no rows to look at
            _spell(table)
        run(op, [INDEX.format(f"{table}_initials", f"{table} (city, initials, id)")])
    opened = "station (city, open_on, id) WHERE open_on IS NOT NULL"
    run(op, [INDEX.format("station_opened", opened)])
    run(op, [INDEX.format("agency_registered", "agency (city, registered_in)")])


def _spell(table: str) -> None:
    """Give the rows that are there their initials."""
    rows = op.get_bind().execute(text(f"SELECT city, id, name FROM {table}")).all()  # noqa: S608 - a name above
    told = [{"city": city, "id": key, "said": initials(name)} for city, key, name in rows]
    if told:
        change = f"UPDATE {table} SET initials = :said WHERE city = :city AND id = :id"  # noqa: S608
        op.get_bind().execute(text(change), told)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
