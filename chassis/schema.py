"""DDL that migrations share: tenant tables, reference tables, and the chassis' own tables.

A migration calls these as the owner role. The text of a function that a migration has used is
never changed: a new shape is a new function.
"""

from collections.abc import Iterable
from typing import Protocol

CITY = "city = nullif(current_setting('app.city', true), '')"


def tenant(part: str, table: str, *, grants: str = "SELECT, INSERT, UPDATE, DELETE") -> list[str]:
    """Bind a table to its city by forced row-level security; the runtime role gets `grants`.

    Forcing binds the owner too, so the owner has a policy of its own: without it a backfill
    would say UPDATE 0 and nobody would hear.
    """
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table} TO {part}_runtime USING ({CITY}) WITH CHECK ({CITY})",
        f"CREATE POLICY upkeep ON {table} TO {part}_owner USING (true) WITH CHECK (true)",
        f"GRANT {grants} ON {table} TO {part}_runtime",
    ]


def relayed(part: str, table: str, grants: str) -> list[str]:
    """Let the relay, which serves all cities, reach a table."""
    return [
        f"CREATE POLICY relay ON {table} TO {part}_relay USING (true) WITH CHECK (true)",
        f"GRANT {grants} ON {table} TO {part}_relay",
    ]


def sensitive(table: str) -> list[str]:
    """Refuse any write to a table of people when subject or purpose is not said.

    After the statement, not before: a commit that only writes turns its key inside it.
    """
    when = f"AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT"
    return [f"CREATE TRIGGER said {when} EXECUTE FUNCTION must_say_why()"]


def measured(part: str) -> list[str]:
    """Let the runtime role have a table counted that it has filled at once, which else waits a minute.

    Until then every plan is one for an empty table, and all indexes that begin with the city look alike.
    """
    return [
        _MEASURE,
        "REVOKE ALL ON FUNCTION measure FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION measure TO {part}_runtime",
    ]


_MEASURE = """
CREATE FUNCTION measure(named text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
  EXECUTE format('ANALYZE public.%I', named);
END $$
"""

_MUST_SAY_WHY = """
CREATE FUNCTION must_say_why() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user LIKE '%\\_runtime'
     AND (coalesce(current_setting('app.subject', true), '') = ''
          OR coalesce(current_setting('app.purpose', true), '') = '') THEN
    RAISE EXCEPTION 'subject and purpose must be said' USING ERRCODE = '42501';
  END IF;
  RETURN NULL;
END $$
"""

_TABLES_1 = """
CREATE TABLE event_log (
  city varchar NOT NULL, agg_type varchar NOT NULL, agg_id uuid NOT NULL, epoch integer NOT NULL,
  version bigint NOT NULL, event_id uuid NOT NULL, type varchar NOT NULL, body bytea NOT NULL,
  client varchar NOT NULL, subject varchar NOT NULL, purpose varchar NOT NULL,
  traceparent varchar, at timestamptz NOT NULL,
  PRIMARY KEY (city, agg_type, agg_id, epoch, version));
CREATE INDEX event_log_at ON event_log USING brin (at);
CREATE TABLE outbox (
  city varchar NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY, part smallint NOT NULL,
  agg_type varchar NOT NULL, agg_id uuid NOT NULL, epoch integer NOT NULL, version bigint NOT NULL,
  event_id uuid NOT NULL, type varchar NOT NULL, body bytea NOT NULL, traceparent varchar,
  attempts integer NOT NULL, not_before timestamptz, error varchar,
  PRIMARY KEY (city, seq), UNIQUE (city, agg_type, agg_id, epoch, version))
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
CREATE INDEX outbox_part_seq ON outbox (part, seq);
CREATE TABLE outbox_blocked (
  city varchar NOT NULL, agg_type varchar NOT NULL, agg_id uuid NOT NULL, reason varchar NOT NULL,
  at timestamptz NOT NULL, PRIMARY KEY (city, agg_type, agg_id));
CREATE TABLE receipt (
  city varchar NOT NULL, client varchar NOT NULL, route varchar NOT NULL, key varchar NOT NULL,
  fingerprint bytea NOT NULL, status smallint NOT NULL, location varchar, etag varchar,
  body bytea NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (city, client, route, key));
CREATE TABLE audit (
  city varchar NOT NULL, id uuid NOT NULL, xid8 xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at timestamptz NOT NULL, client varchar NOT NULL, subject varchar NOT NULL,
  purpose varchar NOT NULL, action varchar NOT NULL, object_kind varchar NOT NULL, object_id uuid,
  fields jsonb NOT NULL, outcome varchar NOT NULL, trace_id varchar, PRIMARY KEY (city, id));
CREATE TABLE applied (
  city varchar NOT NULL, consumer varchar NOT NULL, agg_type varchar NOT NULL, agg_id uuid NOT NULL,
  epoch integer NOT NULL, version bigint NOT NULL, event_id uuid NOT NULL,
  PRIMARY KEY (city, consumer, agg_type, agg_id));
CREATE TABLE parked (
  city varchar NOT NULL, consumer varchar NOT NULL, agg_type varchar NOT NULL, agg_id uuid NOT NULL,
  epoch integer NOT NULL, version bigint NOT NULL, event bytea NOT NULL, reason varchar NOT NULL,
  seen timestamptz NOT NULL, PRIMARY KEY (city, consumer, agg_type, agg_id, epoch, version));
CREATE TABLE dead_letter (
  city varchar NOT NULL, id uuid NOT NULL, consumer varchar NOT NULL, agg_type varchar NOT NULL,
  agg_id uuid, epoch integer, version bigint, event bytea NOT NULL, reason varchar NOT NULL,
  at timestamptz NOT NULL, PRIMARY KEY (city, id));
CREATE INDEX dead_letter_aggregate ON dead_letter (city, consumer, agg_type, agg_id);
CREATE TABLE counter (
  city varchar NOT NULL, name varchar NOT NULL, key varchar NOT NULL, last bigint NOT NULL,
  PRIMARY KEY (city, name, key));
CREATE TABLE person_key (
  city varchar NOT NULL, person_id uuid NOT NULL, wrapped bytea NOT NULL, kek integer NOT NULL,
  at timestamptz NOT NULL, PRIMARY KEY (city, person_id));
CREATE TABLE blind_index (
  city varchar NOT NULL, field varchar NOT NULL, digest bytea NOT NULL, person_id uuid NOT NULL,
  PRIMARY KEY (city, field, digest, person_id));
CREATE INDEX blind_index_person ON blind_index (city, person_id);
CREATE TABLE pack_kept (
  city varchar NOT NULL, version varchar NOT NULL, in_force date NOT NULL,
  heard_at timestamptz NOT NULL, text varchar NOT NULL, PRIMARY KEY (city, version));
CREATE TABLE city_kept (
  city varchar NOT NULL, code varchar NOT NULL, kind varchar NOT NULL, name jsonb NOT NULL,
  prefixes jsonb NOT NULL, PRIMARY KEY (city, code));
CREATE TABLE relay_lease (
  part smallint PRIMARY KEY, holder uuid, token bigint NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL DEFAULT '-infinity');
INSERT INTO relay_lease (part) SELECT generate_series(0, 15);
CREATE TABLE stream_seen (
  stream varchar PRIMARY KEY, created_at timestamptz NOT NULL, last_seq bigint NOT NULL)
"""

_APPEND_ONLY = ("event_log", "audit")
_TENANT = (
    *("outbox", "outbox_blocked", "receipt", "applied", "parked", "dead_letter"),
    *("counter", "person_key", "blind_index", "pack_kept", "city_kept"),
)


def chassis_tables_1(part: str) -> list[str]:
    """Return the DDL of `chassis.tables`, first form, for one part's database."""
    relay_rights = {
        "outbox": "SELECT, INSERT, UPDATE, DELETE",
        "outbox_blocked": "SELECT, INSERT, DELETE",
        "event_log": "SELECT",
        "parked": "SELECT, DELETE",
        "dead_letter": "SELECT, DELETE",
    }
    return [
        f"GRANT USAGE ON SCHEMA public TO {part}_runtime, {part}_relay",
        _MUST_SAY_WHY,
        *_split(_TABLES_1),
        *(s for t in _APPEND_ONLY for s in tenant(part, t, grants="SELECT, INSERT")),
        *(s for t in _TENANT for s in tenant(part, t)),
        *(s for t, rights in relay_rights.items() for s in relayed(part, t, rights)),
        *sensitive("person_key"),
        *sensitive("blind_index"),
        f"GRANT SELECT ON alembic_version TO {part}_runtime",
        f"GRANT SELECT, UPDATE ON relay_lease TO {part}_relay",
        f"GRANT SELECT, INSERT, UPDATE ON stream_seen TO {part}_relay",
    ]


class Executes(Protocol):
    """What a migration needs of Alembic's `op`."""

    def execute(self, sqltext: str) -> object:
        """Execute one statement."""


def run(op: Executes, statements: Iterable[str]) -> None:
    """Execute statements in a migration (`op` is Alembic's)."""
    for one in statements:
        op.execute(one)


def _split(script: str) -> list[str]:
    return [s for part in script.split(";\n") if (s := part.strip())]
