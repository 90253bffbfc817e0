"""What people state: waivers of rules, and facts that only one city asks for."""

from alembic import op

from chassis.schema import run, tenant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WAIVER = """
CREATE TABLE waiver (
  city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, subject_kind varchar NOT NULL,
  subject_id varchar NOT NULL, division varchar NOT NULL, station_id uuid, rule varchar NOT NULL,
  starts_on date NOT NULL, until date NOT NULL, reason_code varchar NOT NULL, why varchar NOT NULL,
  granted_by varchar NOT NULL, granted_at timestamptz NOT NULL, last_on date, revoked_by varchar,
  revoked_at timestamptz, PRIMARY KEY (city, id), CHECK (starts_on <= until))
"""
ATTESTATION = """
CREATE TABLE attestation (
  city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, subject_kind varchar NOT NULL,
  subject_id varchar NOT NULL, division varchar NOT NULL, station_id uuid, name varchar NOT NULL,
  value jsonb NOT NULL, holds_from date NOT NULL, proof varchar NOT NULL,
  stated_by varchar NOT NULL, stated_at timestamptz NOT NULL, revoked_by varchar,
  revoked_at timestamptz, PRIMARY KEY (city, id))
"""
FINDING = "CREATE INDEX attestation_subject ON attestation (city, subject_kind, subject_id, name)"


def upgrade() -> None:
    run(
        op,
        [
            WAIVER,
            *tenant("evaluation", "waiver", grants="SELECT, INSERT, UPDATE"),
            ATTESTATION,
            FINDING,
            *tenant("evaluation", "attestation", grants="SELECT, INSERT, UPDATE"),
        ],
    )
