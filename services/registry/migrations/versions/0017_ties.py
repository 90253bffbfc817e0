"""A tie that two offices make is known from one that somebody entered: both may hold at once.

`via` names the two offices, or nobody. What an older release tied is known by the moment: told in the
transaction that entered the office, between two agencies in which one person holds an office.
"""

from alembic import op

from chassis.schema import run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# A default stays: a process of the release before goes on writing rows without it.
VIA = "ALTER TABLE link ADD COLUMN via uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'"
# Some hundred links a city: built in less time than a write waits for. What the old one refuses and
# the new one lets pass is a tie of offices beside one somebody entered.
PERIOD = """
ALTER TABLE link
  -- squawk-ignore ban-drop-constraint
  DROP CONSTRAINT link_period,
  -- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint
  ADD CONSTRAINT link_period
    UNIQUE (city, kind, from_id, to_id, via, period WITHOUT OVERLAPS)
"""
TIES = """
UPDATE link l SET via = t.via FROM (
  SELECT DISTINCT ON (k.city, k.id) k.city, k.id,
         md5(least(a.id::text, b.id::text) || greatest(a.id::text, b.id::text))::uuid AS via
    FROM link k
    JOIN event_log e
      ON e.city = k.city AND e.agg_type = 'link' AND e.agg_id = k.id AND e.version = 1
    JOIN event_log w
      ON w.city = k.city AND w.agg_type = 'agency' AND w.agg_id = k.from_id AND w.at = e.at
    JOIN officer a ON a.city = k.city AND a.body_id = k.from_id AND a.role <> 'contact'
    JOIN blind_index i
      ON i.city = a.city AND i.field = 'officer_id_number' AND i.person_id = a.id
    JOIN blind_index j ON j.city = i.city AND j.field = i.field AND j.digest = i.digest
    JOIN officer b
      ON b.city = j.city AND b.id = j.person_id AND b.body_id = k.to_id AND b.role <> 'contact'
   WHERE k.kind = 'related'
   ORDER BY k.city, k.id, greatest(a.id, b.id) DESC) t
 WHERE l.city = t.city AND l.id = t.id
"""
FINDING = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX link_via ON link (city, via) WHERE via <> '00000000-0000-0000-0000-000000000000'
"""


def upgrade() -> None:
    run(op, [VIA, PERIOD, TIES, FINDING])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward: write the next one")
