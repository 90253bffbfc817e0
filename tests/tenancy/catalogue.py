"""What a part's database says of itself: `complaints` names every table that is not as it must be.

Whoever adds a table that belongs to no city, or an index that does not lead with the city, writes
the reason here, where it is read in review.
"""

from collections.abc import Iterator

import asyncpg

REFERENCE = {
    "division": "public reference data, the same for every city",
    "division_change": "public reference data: what became of counties and cities",
    "alembic_version": "which migrations ran; readiness reads it",
}
"""Tables without a city that the runtime role may read and nothing else."""

RELAY_ONLY = {
    "relay_lease": "who relays which part of the outbox, for all cities",
    "stream_seen": "how far the broker's stream had come",
}
"""Tables without a city that the runtime role has no right to at all."""

NOT_BY_CITY = {
    "outbox_part_seq": "(part, seq): the relay serves all cities in the order of writing",
    "event_log_at": "brin(at): a few kilobytes, for the repair of a lost stream",
}
"""Indexes that do not lead with the city."""

APPEND_ONLY = ("event_log", "audit")

RELAYED = {"outbox", "outbox_blocked", "event_log", "parked", "dead_letter"}
"""What the relay reaches in all cities: bodies of events, without a personal field."""

CITY = "((city)::text = NULLIF(current_setting('app.city'::text, true), ''::text))"

_OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'"

RELATIONS = f"""
SELECT c.oid, c.relname AS name, c.relkind::text AS kind, c.relrowsecurity AS secured,
  c.relforcerowsecurity AS forced, o.rolname AS owner,
  coalesce('security_invoker=true' = ANY(c.reloptions), false) AS invoker
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles o ON o.oid = c.relowner
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS} ORDER BY c.relname
"""
COLUMN = """
SELECT attnum, attnotnull FROM pg_attribute
WHERE attrelid = $1 AND attname = 'city' AND NOT attisdropped
"""
INDEXES = """
SELECT c.relname AS name, i.indisprimary AS is_primary, i.indisunique OR i.indisexclusion AS is_unique,
  (SELECT attname FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum = i.indkey[0]) AS leads
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1
"""
FOREIGN = """
SELECT k.conname AS name,
  (SELECT attname FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = k.conkey[1]) AS leads,
  (SELECT attname FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = k.confkey[1]) AS there
FROM pg_constraint k WHERE k.conrelid = $1 AND k.contype = 'f'
"""
POLICIES = """
SELECT p.polname AS name, p.polpermissive AS permissive, p.polcmd::text AS cmd,
  ARRAY(SELECT CASE r WHEN 0 THEN 'public' ELSE pg_get_userbyid(r)::text END
        FROM unnest(p.polroles) r) AS roles,
  pg_get_expr(p.polqual, p.polrelid) AS sees, pg_get_expr(p.polwithcheck, p.polrelid) AS writes
FROM pg_policy p WHERE p.polrelid = $1
"""
RIGHTS = """
SELECT ARRAY(SELECT r FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES',
  'TRIGGER','MAINTAIN']) r
  WHERE CASE WHEN r IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
        THEN has_any_column_privilege($1, $2::oid, r) ELSE has_table_privilege($1, $2::oid, r) END)
"""
ROLES = """
SELECT rolname AS name, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
    AS strong, rolcanlogin AS enters,
  ARRAY(SELECT pg_get_userbyid(m.roleid)::text FROM pg_auth_members m WHERE m.member = r.oid) AS is_in
FROM pg_roles r WHERE rolname = ANY($1)
"""
MAY = {"measure"}
"""Functions with their owner's rights, and all one may do: count a table again (ANALYZE), which shows
and changes no row."""
FUNCTIONS = f"""
SELECT p.proname AS name, p.prosecdef AS definer, p.proleakproof AS leakproof
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {_OURS} AND (p.prosecdef OR p.proleakproof)
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


async def complaints(db: asyncpg.Connection, part: str) -> list[str]:
    """Return a sentence for everything that is not as it must be, for whoever reads the catalogue."""
    found = [*await _roles(db, part), *await _functions(db)]
    for relation in await db.fetch(RELATIONS):
        if relation["owner"] != f"{part}_owner":
            found.append(f"{relation['name']}: belongs to {relation['owner']}")
        if relation["kind"] == "v":
            if not relation["invoker"]:
                found.append(f"{relation['name']}: a view without security_invoker")
        elif relation["kind"] in "mf":
            found.append(f"{relation['name']}: row-level security does not bind such a relation")
        else:
            found += await _table(db, part, relation)
    return found


async def tenant_tables(db: asyncpg.Connection) -> list[str]:
    """Return the tables that belong to a city."""
    names = [r["name"] for r in await db.fetch(RELATIONS) if r["kind"] in "rp"]
    return [name for name in names if name not in REFERENCE | RELAY_ONLY]


async def _table(db: asyncpg.Connection, part: str, relation: asyncpg.Record) -> list[str]:
    name, oid = relation["name"], relation["oid"]
    rights = set(await db.fetchval(RIGHTS, f"{part}_runtime", oid))
    if name in RELAY_ONLY:
        return [f"{name}: the runtime role has {sorted(rights)}"] if rights else []
    if name in REFERENCE:
        wide = rights - {"SELECT"}
        return [f"{name}: the runtime role has {sorted(wide)}"] if wide else []
    found = [
        *_rights(name, rights),
        *await _keys(db, name, oid),
        *await _policies(db, part, name, oid),
    ]
    if not relation["secured"]:
        found.append(f"{name}: row-level security is off")
    if not relation["forced"]:
        found.append(f"{name}: row-level security is not forced")
    relayed = set(await db.fetchval(RIGHTS, f"{part}_relay", oid))
    if relayed and name not in RELAYED:
        found.append(f"{name}: the relay has {sorted(relayed)}")
    return found


def _rights(name: str, rights: set[str]) -> Iterator[str]:
    # TRUNCATE asks no policy, REFERENCES and TRIGGER reach other cities' rows.
    most = {"SELECT", "INSERT"} if name in APPEND_ONLY else {"SELECT", "INSERT", "UPDATE", "DELETE"}
    if rights - most:
        yield f"{name}: the runtime role has {sorted(rights - most)}"


async def _keys(db: asyncpg.Connection, name: str, oid: int) -> list[str]:
    column = await db.fetchrow(COLUMN, oid)
    if column is None:
        return [f"{name}: no column city"]
    found = [] if column["attnotnull"] else [f"{name}: city may be null"]
    indexes = await db.fetch(INDEXES, oid)
    if not any(index["is_primary"] for index in indexes):
        found.append(f"{name}: no primary key")
    for index in indexes:
        excused = index["name"] in NOT_BY_CITY and not index["is_unique"]
        if index["leads"] != "city" and not excused:
            found.append(f"{name}: {index['name']} does not lead with the city")
    foreign = await db.fetch(FOREIGN, oid)
    led = [key["name"] for key in foreign if (key["leads"], key["there"]) != ("city", "city")]
    return [*found, *(f"{name}: {key} does not lead with the city" for key in led)]


async def _policies(db: asyncpg.Connection, part: str, name: str, oid: int) -> list[str]:
    wanted = {
        ("tenant", f"{part}_runtime"): CITY,
        ("upkeep", f"{part}_owner"): "true",
        ("relay", f"{part}_relay"): "true",
    }
    found, seen = [], set()
    for policy in await db.fetch(POLICIES, oid):
        who = (policy["name"], ",".join(policy["roles"]))
        said = (policy["permissive"], policy["cmd"], policy["sees"], policy["writes"])
        seen.add(who)
        if who not in wanted or (who[0] == "relay" and name not in RELAYED):
            found.append(f"{name}: a policy {who[0]} for {who[1]}")
        elif said != (True, "*", wanted[who], wanted[who]):
            found.append(f"{name}: the policy {who[0]} says {said}")
    missing = [who for who in wanted.keys() - seen if who[0] != "relay"]
    return [*found, *(f"{name}: no policy {kind} for {role}" for kind, role in missing)]


async def _roles(db: asyncpg.Connection, part: str) -> list[str]:
    found = []
    names = [f"{part}_{kind}" for kind in ("owner", "migrator", "runtime", "relay")]
    roles = {role["name"]: role for role in await db.fetch(ROLES, names)}
    for name in names:
        role = roles[name]
        if role["strong"]:
            found.append(f"{name}: stronger than any policy")
        if role["enters"] == name.endswith("_owner"):
            found.append(f"{name}: the owner does not log in, the others do")
        allowed = [f"{part}_owner"] if name.endswith("_migrator") else []
        if role["is_in"] != allowed:
            found.append(f"{name}: a member of {role['is_in']}")
    if await db.fetchval("SELECT has_schema_privilege($1, 'public', 'CREATE')", f"{part}_runtime"):
        found.append(f"{part}_runtime: may make tables")
    return found


async def _functions(db: asyncpg.Connection) -> list[str]:
    found = [row["name"] for row in await db.fetch(FUNCTIONS)]
    return [f"{name}: a function beyond its caller" for name in found if name not in MAY]
