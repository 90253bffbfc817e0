"""What is registered of agencies and partners, and of their people; what became of divisions."""

from alembic import op

from chassis.schema import run, sensitive, tenant
from services.registry.division_changes import division_change_table

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CHANGES = [
    # Defaults stay: a process of the release before goes on writing rows without these columns.
    """
    ALTER TABLE agency
      ADD COLUMN service_fields jsonb NOT NULL DEFAULT '[]', ADD COLUMN division varchar,
      ADD COLUMN established_on date, ADD COLUMN incubated_on date,
      ADD COLUMN incubated_in varchar, ADD COLUMN systems jsonb NOT NULL DEFAULT '[]'
    """,
    """
    ALTER TABLE partner
      ADD COLUMN channels jsonb NOT NULL DEFAULT '[]',
      ADD COLUMN duties jsonb NOT NULL DEFAULT '[]', ADD COLUMN division varchar
    """,
    """
    CREATE TABLE officer (
      city varchar NOT NULL, id uuid NOT NULL, body_kind varchar NOT NULL, body_id uuid NOT NULL,
      role varchar NOT NULL, name bytea, id_type varchar NOT NULL, id_number bytea, phone bytea,
      post varchar, share_percent double precision, starts_on date, ends_on date,
      PRIMARY KEY (city, id), CHECK (ends_on >= starts_on))
    """,
    "CREATE INDEX officer_body ON officer (city, body_id)",
]


def upgrade() -> None:
    changes = division_change_table("registry_runtime")
    run(op, [*CHANGES, *tenant("registry", "officer"), *sensitive("officer"), *changes])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
