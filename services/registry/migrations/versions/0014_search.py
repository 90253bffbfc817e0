"""Names are found by pinyin initials: stations, agencies, partners, workers.

The columns come first, with a default, which takes no time; then every name is spelt, a batch a
transaction, while the service goes on; then indexes. Cut off in between, it is done again from the
beginning and finds what it has done.
"""

from alembic import context, op
from sqlalchemy import text

from chassis import initials
from chassis.schema import run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NAMED = ("station", "agency", "partner", "worker")
BATCH = 1_000

# The largest of these, workers, is indexed in less time than a write waits for.
INDEX = "-- squawk-ignore require-concurrent-index-creation\nCREATE INDEX {} ON {}"

# Only where the name is still the one that was spelt.
SPELL = """
UPDATE {table} t SET initials = r.said
  FROM unnest(CAST(:cities AS varchar[]), CAST(:ids AS uuid[]), CAST(:names AS varchar[]),
              CAST(:told AS varchar[])) AS r(city, id, name, said)
 WHERE t.city = r.city AND t.id = r.id AND t.name = r.name
"""
NEXT = """
SELECT city, id, name FROM {table}
 WHERE initials = '' AND (city, id) > (:city, CAST(:id AS uuid)) ORDER BY city, id LIMIT {batch}
"""


def upgrade() -> None:
    for table in NAMED:
        # A default stays: a process of the release before goes on writing rows without it.
        column = "ADD COLUMN IF NOT EXISTS initials varchar COLLATE \"C\" NOT NULL DEFAULT ''"
        run(op, [f"ALTER TABLE {table} {column}"])
    if not context.is_offline_mode():  # a script to be read has no rows to look at
        with op.get_context().autocommit_block():
            for table in NAMED:
                _spell(table)
    for table in NAMED:
        run(op, [INDEX.format(f"{table}_initials", f"{table} (city, initials, id)")])
    opened = "station (city, open_on, id) WHERE open_on IS NOT NULL"
    run(op, [INDEX.format("station_opened", opened)])
    run(op, [INDEX.format("agency_registered", "agency (city, registered_in)")])


def _spell(table: str) -> None:
    """Give the rows that are there their initials."""
    place = {"city": "", "id": "00000000-0000-0000-0000-000000000000"}
    while rows := op.get_bind().execute(text(NEXT.format(table=table, batch=BATCH)), place).all():
        cities, ids, names = (list(column) for column in zip(*rows, strict=True))
        told = [initials.initials(name) for name in names]
        said = {"cities": cities, "ids": ids, "names": names, "told": told}
        op.get_bind().execute(text(SPELL.format(table=table)), said)
        place = {"city": cities[-1], "id": ids[-1]}


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
