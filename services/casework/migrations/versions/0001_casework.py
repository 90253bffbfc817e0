"""Referrals, the people in them, partners' feeds, and copies of registry's aggregates."""

from alembic import op

from chassis.divisions import division_table
from chassis.schema import chassis_tables_1, run, sensitive, tenant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE person (
  city varchar NOT NULL, id uuid NOT NULL, station_id uuid, sensitivity varchar NOT NULL,
  id_type varchar NOT NULL, name bytea NOT NULL, id_number bytea, phone bytea, address bytea,
  born_on bytea, PRIMARY KEY (city, id));
CREATE INDEX person_station ON person (city, station_id);
CREATE TABLE referral (
  city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, tracking_no varchar NOT NULL,
  partner_id uuid NOT NULL, partner_kind varchar NOT NULL, partner_ref bytea NOT NULL,
  partner_ref_digest bytea NOT NULL, person_id uuid NOT NULL, sensitivity varchar NOT NULL,
  domain varchar NOT NULL, urgency varchar NOT NULL, legal_kind varchar NOT NULL,
  legal_cite varchar NOT NULL, division varchar NOT NULL, division_system varchar NOT NULL,
  station_id uuid, routed_because jsonb NOT NULL, status varchar NOT NULL, resumes varchar,
  received_at timestamptz NOT NULL, reply_by timestamptz NOT NULL,
  reply_by_provisional boolean NOT NULL, paused_at timestamptz, accepted_at timestamptz,
  reason_code varchar, outcome_code varchar, attachments jsonb NOT NULL, narrative bytea NOT NULL,
  reason bytea, question bytea, answer bytea,
  PRIMARY KEY (city, id),
  CONSTRAINT referral_partner_ref UNIQUE (city, partner_id, partner_ref_digest),
  CONSTRAINT referral_tracking_no UNIQUE (city, tracking_no),
  CONSTRAINT referral_person FOREIGN KEY (city, person_id) REFERENCES person (city, id));
CREATE INDEX referral_station ON referral (city, station_id, status, id);
CREATE INDEX referral_partner ON referral (city, partner_id, id);
CREATE INDEX referral_division ON referral (city, division varchar_pattern_ops, id);
CREATE INDEX referral_of_person ON referral (city, person_id);
CREATE TABLE feed (
  city varchar NOT NULL, partner_id uuid NOT NULL, position bigint NOT NULL,
  referral_id uuid NOT NULL, tracking_no varchar NOT NULL, sequence bigint NOT NULL,
  status varchar NOT NULL, reason_code varchar, at timestamptz NOT NULL,
  PRIMARY KEY (city, partner_id, position));
CREATE TABLE station_kept (
  city varchar NOT NULL, id uuid NOT NULL, name varchar NOT NULL, status varchar NOT NULL,
  tier varchar NOT NULL, division varchar NOT NULL, division_system varchar NOT NULL,
  domains jsonb NOT NULL, operator_id uuid, PRIMARY KEY (city, id));
CREATE INDEX station_kept_division ON station_kept (city, division_system, division);
CREATE TABLE worker_kept (
  city varchar NOT NULL, id uuid NOT NULL, status varchar NOT NULL, cert varchar NOT NULL,
  PRIMARY KEY (city, id));
CREATE TABLE posting_kept (
  city varchar NOT NULL, worker_id uuid NOT NULL, station_id uuid NOT NULL,
  starts_on date NOT NULL, ends_on date, PRIMARY KEY (city, worker_id, station_id, starts_on));
CREATE INDEX posting_kept_station ON posting_kept (city, station_id);
CREATE TABLE partner_kept (
  city varchar NOT NULL, id uuid NOT NULL, kind varchar NOT NULL, status varchar NOT NULL,
  domains jsonb NOT NULL, PRIMARY KEY (city, id))
"""

TENANT = (
    *("person", "referral", "feed"),
    *("station_kept", "worker_kept", "posting_kept", "partner_kept"),
)


def upgrade() -> None:
    run(op, chassis_tables_1("casework"))
    run(op, TABLES.strip().split(";\n"))
    for table in TENANT:
        run(op, tenant("casework", table))
    for table in ("person", "referral"):
        run(op, sensitive(table))
    run(op, division_table("casework_runtime"))
