"""Contracts, and copies of the stations and agencies they bind."""

from alembic import op

from chassis.schema import chassis_tables_1, run, tenant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CONTRACT = """
CREATE TABLE contract (
  city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, station_id uuid NOT NULL,
  agency_id uuid NOT NULL, purchaser jsonb NOT NULL, signed_on date NOT NULL,
  starts_on date NOT NULL, ends_on date NOT NULL, ended_on date, reason_code varchar,
  price jsonb NOT NULL, staffing integer, renewal_of uuid, facts jsonb NOT NULL,
  pack_version varchar NOT NULL, warned jsonb NOT NULL,
  period daterange GENERATED ALWAYS AS (
    CASE WHEN least(ends_on, ended_on) >= starts_on
         THEN daterange(starts_on, least(ends_on, ended_on), '[]') END) STORED,
  PRIMARY KEY (city, id),
  CONSTRAINT contract_days CHECK (starts_on <= ends_on),
  CONSTRAINT contract_renewal FOREIGN KEY (city, renewal_of) REFERENCES contract (city, id),
  CONSTRAINT contract_period UNIQUE (city, station_id, period WITHOUT OVERLAPS))
"""
STATION = """
CREATE TABLE station_kept (
  city varchar NOT NULL, id uuid NOT NULL, name varchar NOT NULL, status varchar NOT NULL,
  tier varchar NOT NULL, mode varchar NOT NULL, division varchar NOT NULL,
  district varchar NOT NULL, facts jsonb NOT NULL, PRIMARY KEY (city, id))
"""
BY_DIVISION = """
CREATE INDEX station_kept_division ON station_kept (city, division varchar_pattern_ops)
"""
AGENCY = """
CREATE TABLE agency_kept (
  city varchar NOT NULL, id uuid NOT NULL, name varchar NOT NULL, kind varchar NOT NULL,
  status varchar NOT NULL, business_scope varchar NOT NULL, PRIMARY KEY (city, id))
"""


def upgrade() -> None:
    run(
        op,
        [
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            *chassis_tables_1("procurement"),
            CONTRACT,
            "CREATE INDEX contract_agency ON contract (city, agency_id, id)",
            "CREATE INDEX contract_station ON contract (city, station_id, id)",
            STATION,
            BY_DIVISION,
            AGENCY,
            *(
                statement
                for table in ("contract", "station_kept", "agency_kept")
                for statement in tenant("procurement", table)
            ),
        ],
    )
