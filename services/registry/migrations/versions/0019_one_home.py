"""What a part of a station's profile says is shown among its facts: what was stated beside it gives way.

Nothing is told anew: events said so already.
"""

from datetime import date
from typing import Any

import orjson
from alembic import context, op
from sqlalchemy import text

from contracts.profile import facts_of

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TOLD = "SELECT city, id, as_of, facts::text, profile::text FROM station WHERE profile <> '{}'"
SETTLE = text(
    "UPDATE station SET facts = cast(:facts AS jsonb)"
    " WHERE city = :city AND id = :id AND facts = cast(:before AS jsonb)"
)


def upgrade() -> None:
    if context.is_offline_mode():  # a script to be read has no rows to look at
        return
    # A row a transaction, and only if nobody changed it meanwhile: those are looked at again.
    with op.get_context().autocommit_block():
        while settled := _unsettled():
            op.get_bind().execute(SETTLE, settled)


def _unsettled() -> list[dict[str, Any]]:
    rows = op.get_bind().execute(text(TOLD)).all()
    return [row for each in rows if (row := _settled(*each))]


def _settled(city: str, key: Any, as_of: date, facts: str, profile: str) -> dict[str, Any] | None:
    before = orjson.loads(facts)
    after = facts_of(before, orjson.loads(profile), as_of)
    if after == before:
        return None
    return {"city": city, "id": key, "before": facts, "facts": orjson.dumps(after).decode()}


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
