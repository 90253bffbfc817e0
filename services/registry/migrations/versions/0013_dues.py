"""What is due: targets, filings, duties."""

from alembic import op

from chassis.schema import run, tenant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = [
    """
    CREATE TABLE target (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, kind varchar NOT NULL,
      year integer NOT NULL, due_on date NOT NULL, tier varchar, speciality varchar,
      division varchar COLLATE "C", amount double precision NOT NULL, unit varchar NOT NULL,
      baseline_year integer, baseline double precision, status varchar NOT NULL, cite varchar,
      clause varchar, note varchar, as_of date NOT NULL, PRIMARY KEY (city, id))
    """,
    "CREATE INDEX target_year ON target (city, year)",
    "CREATE INDEX target_division ON target (city, division)",
    """
    CREATE TABLE filing (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, kind varchar NOT NULL,
      filer varchar NOT NULL, receiver varchar NOT NULL, division varchar COLLATE "C", station_id uuid,
      title varchar, year integer, sections jsonb NOT NULL, documents jsonb NOT NULL,
      issued_on date, due_on date, filed_on date, received_on date, receipt_no varchar,
      returned_on date, status varchar NOT NULL, cite varchar, clause varchar, note varchar,
      as_of date NOT NULL, PRIMARY KEY (city, id),
      FOREIGN KEY (city, station_id) REFERENCES station (city, id))
    """,
    "CREATE INDEX filing_division ON filing (city, division)",
    "CREATE INDEX filing_station ON filing (city, station_id) WHERE station_id IS NOT NULL",
    "CREATE INDEX filing_due ON filing (city, due_on) WHERE status IN ('due', 'returned')",
    """
    CREATE TABLE duty (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL,
      department varchar NOT NULL, partner_id uuid, division varchar COLLATE "C",
      what varchar NOT NULL, every varchar NOT NULL, due_on date, times integer,
      done jsonb NOT NULL, status varchar NOT NULL, cite varchar, clause varchar, note varchar,
      as_of date NOT NULL, PRIMARY KEY (city, id),
      FOREIGN KEY (city, partner_id) REFERENCES partner (city, id))
    """,
    "CREATE INDEX duty_division ON duty (city, division)",
    "CREATE INDEX duty_due ON duty (city, due_on) WHERE status = 'open'",
]


def upgrade() -> None:
    tables = ("target", "filing", "duty")
    run(op, [*TABLES, *(line for table in tables for line in tenant("registry", table))])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
