"""The chassis' tables, the programs that may call, and the assertions they have used."""

from alembic import op

from chassis.schema import chassis_tables_1, run, tenant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_CLIENT = """
CREATE TABLE client (
  city varchar NOT NULL, id varchar NOT NULL, kind varchar NOT NULL, role varchar NOT NULL,
  scopes jsonb NOT NULL, purposes jsonb NOT NULL, division varchar, station_id uuid,
  partner_id uuid, agency_id uuid, worker_id uuid, keys jsonb NOT NULL, secret_hash bytea,
  active boolean NOT NULL, created_at timestamptz NOT NULL, deactivated_at timestamptz,
  PRIMARY KEY (city, id), CHECK (id LIKE city || '.%'))
"""
_USED_JTI = """
CREATE TABLE used_jti (
  city varchar NOT NULL, client_id varchar NOT NULL, digest bytea NOT NULL,
  expires_at timestamptz NOT NULL, PRIMARY KEY (city, client_id, digest))
"""


def upgrade() -> None:
    run(
        op,
        [
            *chassis_tables_1("gateway"),
            _CLIENT,
            _USED_JTI,
            "CREATE INDEX used_jti_expires_at ON used_jti (city, expires_at)",
            *tenant("gateway", "client", grants="SELECT, INSERT, UPDATE"),
            *tenant("gateway", "used_jti", grants="SELECT, INSERT, UPDATE, DELETE"),
        ],
    )
