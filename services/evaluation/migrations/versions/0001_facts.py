"""The history of facts, and the divisions they lie in."""

from alembic import op

from chassis.divisions import division_table
from chassis.schema import chassis_tables_1, run, tenant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FACT = """
CREATE TABLE fact (
  city varchar NOT NULL, kind varchar NOT NULL, subject_id uuid NOT NULL, epoch integer NOT NULL,
  version bigint NOT NULL, valid_from date NOT NULL, known_from timestamptz NOT NULL,
  state jsonb NOT NULL, PRIMARY KEY (city, kind, subject_id, epoch, version))
"""
RELATED = """
CREATE TABLE related (
  city varchar NOT NULL, station_id uuid NOT NULL, kind varchar NOT NULL,
  subject_id uuid NOT NULL, PRIMARY KEY (city, station_id, kind, subject_id))
"""


def upgrade() -> None:
    run(
        op,
        [
            *chassis_tables_1("evaluation"),
            *division_table("evaluation_runtime"),
            FACT,
            *tenant("evaluation", "fact", grants="SELECT, INSERT"),
            RELATED,
            *tenant("evaluation", "related", grants="SELECT, INSERT"),
        ],
    )
