"""Units, links, and what a station is beside its place: stages, profile, whom it serves."""

from alembic import op

from chassis.schema import run, tenant

revision = "0010"
down_revision = "0001"
branch_labels = None
depends_on = None

CHANGES = [
    # Defaults stay: a process of the release before goes on writing rows without these columns.
    """
    ALTER TABLE station
      ADD COLUMN serves jsonb NOT NULL DEFAULT '[]', ADD COLUMN unit_id uuid,
      ADD COLUMN agency_id uuid, ADD COLUMN stages jsonb NOT NULL DEFAULT '[]',
      ADD COLUMN profile jsonb NOT NULL DEFAULT '{}'
    """,
    """
    UPDATE station SET stages = jsonb_build_array(
      jsonb_build_object('status', status, 'on', coalesce(
        CASE WHEN status = 'open' THEN open_on END, as_of)))
    """,
    """
    CREATE TABLE management_unit (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL,
      name varchar COLLATE "C" NOT NULL, kind varchar NOT NULL, own_code varchar,
      division varchar COLLATE "C" NOT NULL, division_system varchar NOT NULL,
      covers jsonb NOT NULL, parent_id uuid, status varchar NOT NULL, since date, until date,
      as_of date NOT NULL, PRIMARY KEY (city, id),
      FOREIGN KEY (city, parent_id) REFERENCES management_unit (city, id))
    """,
    "CREATE INDEX unit_division ON management_unit (city, division)",
    # The whole country has 41,352 stations: looked through in less time than a write waits for.
    """
    ALTER TABLE station
      -- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
      ADD FOREIGN KEY (city, unit_id) REFERENCES management_unit (city, id),
      -- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
      ADD FOREIGN KEY (city, agency_id) REFERENCES agency (city, id)
    """,
    """
    -- squawk-ignore require-concurrent-index-creation
    CREATE INDEX station_unit ON station (city, unit_id) WHERE unit_id IS NOT NULL
    """,
    """
    CREATE TABLE link (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, kind varchar NOT NULL,
      from_kind varchar NOT NULL, from_id uuid NOT NULL, to_kind varchar NOT NULL,
      to_id uuid NOT NULL, starts_on date NOT NULL, ends_on date, note varchar,
      as_of date NOT NULL,
      period daterange GENERATED ALWAYS AS (daterange(starts_on, ends_on, '[]')) STORED,
      PRIMARY KEY (city, id), CHECK (ends_on >= starts_on),
      CONSTRAINT link_period UNIQUE (city, kind, from_id, to_id, period WITHOUT OVERLAPS))
    """,
    "CREATE INDEX link_from ON link (city, from_id)",
    "CREATE INDEX link_to ON link (city, to_id)",
]


def upgrade() -> None:
    run(op, [*CHANGES, *tenant("registry", "management_unit"), *tenant("registry", "link")])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
