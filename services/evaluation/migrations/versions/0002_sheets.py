"""Stored sheets: one row per subject, what is to be judged again, and how far each city has come."""

from alembic import op

from chassis.schema import run, tenant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SOURCE = "ALTER TABLE fact ADD COLUMN event_id uuid, ADD COLUMN type varchar"
# Only what is heard is written here, and who hears can wait while an index is made.
FINDING = [
    """
    -- squawk-ignore require-concurrent-index-creation
    CREATE INDEX related_subject ON related (city, kind, subject_id)
    """,
    """
    -- squawk-ignore require-concurrent-index-creation
    CREATE INDEX fact_agency ON fact (city, (state->>'agency_id')) WHERE kind = 'contract'
    """,
]
SHEET = """
CREATE TABLE sheet (
  city varchar NOT NULL, kind varchar NOT NULL, subject_id varchar COLLATE "C" NOT NULL,
  name varchar, division varchar COLLATE "C" NOT NULL, station_id uuid, agency_id uuid,
  verdicts varchar[] COLLATE "C" NOT NULL, pack varchar NOT NULL, day date NOT NULL,
  changed_at timestamptz NOT NULL, PRIMARY KEY (city, kind, subject_id))
  WITH (fillfactor = 80)
"""
DUE = """
CREATE TABLE due (
  city varchar NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY, kind varchar NOT NULL,
  subject_id uuid NOT NULL, PRIMARY KEY (city, seq))
  WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)
"""
SWEEP = """
CREATE TABLE sweep (
  city varchar NOT NULL, kind varchar NOT NULL, day date NOT NULL, pack varchar NOT NULL,
  place uuid, PRIMARY KEY (city, kind))
"""


def upgrade() -> None:
    run(
        op,
        [
            SOURCE,
            *FINDING,
            SHEET,
            *tenant("evaluation", "sheet"),
            DUE,
            *tenant("evaluation", "due", grants="SELECT, INSERT, DELETE"),
            SWEEP,
            *tenant("evaluation", "sweep", grants="SELECT, INSERT, UPDATE"),
        ],
    )
