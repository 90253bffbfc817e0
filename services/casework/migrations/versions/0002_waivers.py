"""Waivers, as the gate must know them."""

from alembic import op

from chassis.schema import run, tenant
from contracts.copies import WAIVER_KEPT

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(op, WAIVER_KEPT.strip().split(";\n"))
    run(op, tenant("casework", "waiver_kept"))
