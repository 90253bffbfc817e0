"""People in depth: trainings, supervisors, supervisions, registers; pay and checks of workers."""

from alembic import op

from chassis.schema import run, tenant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = [
    # Defaults stay: a process of the release before goes on writing rows without these columns.
    """
    ALTER TABLE worker
      ADD COLUMN specialities jsonb NOT NULL DEFAULT '[]', ADD COLUMN origin_post varchar,
      ADD COLUMN pay jsonb NOT NULL DEFAULT '[]',
      ADD COLUMN offence_checks jsonb NOT NULL DEFAULT '[]'
    """,
    "ALTER TABLE posting ADD COLUMN sw_years double precision",
    """
    CREATE TABLE training (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, status varchar NOT NULL,
      kind varchar NOT NULL, mode varchar NOT NULL, hours double precision NOT NULL,
      provider varchar NOT NULL, topic varchar NOT NULL, starts_on date NOT NULL,
      ends_on date NOT NULL, as_of date NOT NULL, PRIMARY KEY (city, id),
      CHECK (ends_on >= starts_on))
    """,
    "CREATE INDEX training_starts ON training (city, starts_on)",
    """
    CREATE TABLE attendance (
      city varchar NOT NULL, training_id uuid NOT NULL, worker_id uuid NOT NULL,
      PRIMARY KEY (city, training_id, worker_id),
      FOREIGN KEY (city, training_id) REFERENCES training (city, id),
      FOREIGN KEY (city, worker_id) REFERENCES worker (city, id))
    """,
    "CREATE INDEX attendance_worker ON attendance (city, worker_id)",
    """
    CREATE TABLE supervisor (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, worker_id uuid NOT NULL,
      hired_by varchar NOT NULL, agency_id uuid, full_time boolean NOT NULL, talent_level varchar,
      starts_on date NOT NULL, ends_on date, as_of date NOT NULL,
      term daterange GENERATED ALWAYS AS (daterange(starts_on, ends_on, '[]')) STORED,
      PRIMARY KEY (city, id), CHECK (ends_on >= starts_on),
      CONSTRAINT supervisor_term UNIQUE (city, worker_id, term WITHOUT OVERLAPS),
      FOREIGN KEY (city, worker_id) REFERENCES worker (city, id),
      FOREIGN KEY (city, agency_id) REFERENCES agency (city, id))
    """,
    """
    CREATE TABLE assignment (
      city varchar NOT NULL, supervisor_id uuid NOT NULL, station_id uuid NOT NULL,
      starts_on date NOT NULL, ends_on date,
      PRIMARY KEY (city, supervisor_id, station_id, starts_on), CHECK (ends_on >= starts_on),
      FOREIGN KEY (city, supervisor_id) REFERENCES supervisor (city, id),
      FOREIGN KEY (city, station_id) REFERENCES station (city, id))
    """,
    "CREATE INDEX assignment_station ON assignment (city, station_id)",
    """
    CREATE TABLE supervision (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, status varchar NOT NULL,
      station_id uuid NOT NULL, supervisor_id uuid NOT NULL, kind varchar NOT NULL,
      days jsonb NOT NULL, recorded_on date, as_of date NOT NULL, last_day date NOT NULL,
      PRIMARY KEY (city, id), FOREIGN KEY (city, station_id) REFERENCES station (city, id),
      FOREIGN KEY (city, supervisor_id) REFERENCES supervisor (city, id))
    """,
    "CREATE INDEX supervision_station ON supervision (city, station_id, last_day)",
    "CREATE INDEX supervision_supervisor ON supervision (city, supervisor_id)",
    """
    CREATE TABLE register (
      city varchar NOT NULL, id uuid NOT NULL, version bigint NOT NULL, name varchar NOT NULL,
      complete_from date NOT NULL, PRIMARY KEY (city, id),
      CONSTRAINT register_name UNIQUE (city, name))
    """,
]
OURS = ("training", "attendance", "supervisor", "assignment", "supervision", "register")


def upgrade() -> None:
    run(op, [*STATEMENTS, *(s for table in OURS for s in tenant("registry", table))])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
