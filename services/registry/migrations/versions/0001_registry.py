"""Registry's first tables."""

from alembic import op

from chassis.divisions import division_table
from chassis.schema import chassis_tables_1, run, sensitive, tenant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = [
    """
    CREATE TABLE jurisdiction (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, code varchar NOT NULL,
      kind varchar NOT NULL, name jsonb NOT NULL, prefixes jsonb NOT NULL,
      PRIMARY KEY (city, id), CONSTRAINT jurisdiction_code UNIQUE (city, code))
    """,
    """
    CREATE TABLE pack_version (
      city varchar NOT NULL, version varchar NOT NULL, status varchar NOT NULL, in_force date,
      author varchar NOT NULL, authored_at timestamptz NOT NULL, approver varchar,
      approved_at timestamptz, note varchar NOT NULL, text varchar NOT NULL,
      townships jsonb NOT NULL, PRIMARY KEY (city, version))
    """,
    "CREATE INDEX pack_version_in_force ON pack_version (city, in_force) WHERE status = 'active'",
    """
    CREATE TABLE pack (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, active varchar NOT NULL,
      in_force date NOT NULL, PRIMARY KEY (city, id))
    """,
    """
    CREATE TABLE station (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL,
      name varchar COLLATE "C" NOT NULL, status varchar NOT NULL, tier varchar NOT NULL,
      mode varchar NOT NULL, division varchar COLLATE "C" NOT NULL,
      division_system varchar NOT NULL, division_name varchar NOT NULL, district varchar NOT NULL,
      domains jsonb NOT NULL, operator_id uuid, operator_since date, open_on date,
      as_of date NOT NULL, facts jsonb NOT NULL, PRIMARY KEY (city, id))
    """,
    "CREATE INDEX station_name ON station (city, name)",
    "CREATE INDEX station_division ON station (city, division)",
    "CREATE INDEX station_operator ON station (city, operator_id)",
    """
    CREATE TABLE operation (
      city varchar NOT NULL, contract_id uuid NOT NULL, station_id uuid NOT NULL,
      agency_id uuid NOT NULL, starts_on date NOT NULL, ends_on date NOT NULL,
      PRIMARY KEY (city, contract_id),
      FOREIGN KEY (city, station_id) REFERENCES station (city, id))
    """,
    "CREATE INDEX operation_station ON operation (city, station_id)",
    "CREATE INDEX operation_agency ON operation (city, agency_id)",
    """
    CREATE TABLE agency (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL,
      name varchar COLLATE "C" NOT NULL, kind varchar NOT NULL, status varchar NOT NULL,
      credit_code varchar NOT NULL, registered_in varchar NOT NULL,
      business_scope varchar NOT NULL, as_of date NOT NULL,
      PRIMARY KEY (city, id), CONSTRAINT agency_credit_code UNIQUE (city, credit_code))
    """,
    """
    CREATE TABLE partner (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL,
      name varchar COLLATE "C" NOT NULL, kind varchar NOT NULL, status varchar NOT NULL,
      domains jsonb NOT NULL, client_id varchar, as_of date NOT NULL,
      PRIMARY KEY (city, id), CONSTRAINT partner_client UNIQUE (city, client_id))
    """,
    """
    CREATE TABLE worker (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL,
      name varchar COLLATE "C" NOT NULL, status varchar NOT NULL, id_type varchar NOT NULL,
      id_number bytea, phone bytea, employer_id uuid, cert varchar NOT NULL, cert_on date,
      cert_until date, education varchar, sw_major boolean, sw_years double precision,
      as_of date NOT NULL, facts jsonb NOT NULL, PRIMARY KEY (city, id),
      FOREIGN KEY (city, employer_id) REFERENCES agency (city, id))
    """,
    "CREATE INDEX worker_name ON worker (city, name)",
    "CREATE INDEX worker_employer ON worker (city, employer_id)",
    # A range that is null overlaps nothing: part-time postings may run side by side.
    """
    CREATE TABLE posting (
      city varchar NOT NULL, id uuid NOT NULL, worker_id uuid NOT NULL, station_id uuid NOT NULL,
      starts_on date NOT NULL, ends_on date, full_time boolean NOT NULL,
      on_station boolean NOT NULL, dispatched boolean NOT NULL,
      full_time_in daterange GENERATED ALWAYS AS
        (CASE WHEN full_time THEN daterange(starts_on, ends_on, '[]') END) STORED,
      PRIMARY KEY (city, id), CHECK (ends_on >= starts_on),
      CONSTRAINT posting_full_time UNIQUE (city, worker_id, full_time_in WITHOUT OVERLAPS),
      FOREIGN KEY (city, worker_id) REFERENCES worker (city, id),
      FOREIGN KEY (city, station_id) REFERENCES station (city, id))
    """,
    "CREATE INDEX posting_worker ON posting (city, worker_id)",
    "CREATE INDEX posting_station ON posting (city, station_id)",
    # One person is one worker in a city: the digest of an id number belongs to one of them.
    "CREATE UNIQUE INDEX worker_id_number ON blind_index (city, digest) WHERE field = 'id_number'",
]
OURS = (
    *("jurisdiction", "pack_version", "pack", "station", "operation"),
    *("agency", "partner", "worker", "posting"),
)


def upgrade() -> None:
    run(
        op,
        [
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            *chassis_tables_1("registry"),
            *division_table("registry_runtime"),
            *TABLES,
            *(statement for table in OURS for statement in tenant("registry", table)),
            *sensitive("worker"),
            *sensitive("posting"),
        ],
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
