"""Guards between cities, and between those who work in one: two walls each, tried one by one."""

from tests.mutants.switch import Edit, Switch

WALLS = "tests/chassis/test_walls.py"
CATALOGUE = "tests/tenancy/test_catalogue.py"
DB = "tests/chassis/test_db.py"
REFERRALS = "tests/casework/test_referrals.py"

SWITCHES = (
    Switch(
        name="rls-forced",
        guard="row-level security binds the owner too",
        without="whoever owns the tables sees every city",
        edits=(
            Edit(
                "chassis/schema.py",
                'f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",',
                'f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",',
            ),
        ),
        tests=(
            f"{CATALOGUE}::test_every_table_is_bound_to_its_city[gateway]",
            f"{WALLS}::test_an_owner_without_a_policy_of_its_own_sees_no_row",
        ),
    ),
    Switch(
        name="rls-reads",
        guard="the policy shows a city's rows alone",
        without="a query that forgets the city reads all of them",
        edits=(
            Edit(
                "chassis/schema.py",
                "TO {part}_runtime USING ({CITY}) WITH CHECK ({CITY})",
                "TO {part}_runtime USING (true) WITH CHECK ({CITY})",
            ),
        ),
        tests=(f"{DB}::test_without_a_key_the_runtime_role_sees_no_row",),
    ),
    Switch(
        name="rls-writes",
        guard="the policy lets a city's rows alone be written",
        without="a row is given to another city",
        edits=(
            Edit(
                "chassis/schema.py",
                "TO {part}_runtime USING ({CITY}) WITH CHECK ({CITY})",
                "TO {part}_runtime USING ({CITY}) WITH CHECK (true)",
            ),
        ),
        tests=(f"{DB}::test_without_a_key_the_runtime_role_sees_no_row",),
    ),
    Switch(
        name="city-in-get",
        guard="a read by key names its city",
        without="one wall where there should be two",
        edits=(
            Edit(
                "chassis/reading.py",
                "FROM {about.table} WHERE city = k.city AND {where} OFFSET 0) r",
                "FROM {about.table} WHERE {where} OFFSET 0) r",
            ),
            Edit(
                "chassis/reading.py",
                'FROM {about.table} WHERE city = $1 AND {where}"',
                'FROM {about.table} WHERE $1::varchar IS NOT NULL AND {where}"',
            ),
        ),
        tests=(f"{WALLS}::test_every_read_names_its_city_though_the_policy_would_do",),
    ),
    Switch(
        name="city-in-search",
        guard="a search names its city",
        without="one wall where there should be two",
        edits=(
            Edit(
                "chassis/reading.py",
                "FROM {about.table} WHERE city = $1{where}",
                "FROM {about.table} WHERE $1::varchar IS NOT NULL{where}",
            ),
        ),
        tests=(f"{WALLS}::test_every_read_names_its_city_though_the_policy_would_do",),
    ),
    Switch(
        name="city-in-list",
        guard="a list names its city",
        without="one wall where there should be two",
        edits=(
            Edit(
                "chassis/reading.py",
                'return select(model).where(cast("Any", model).city == bindparam(_CITY, type_=String()))',
                'return select(model).where(bindparam(_CITY, type_=String()) != "")',
            ),
        ),
        tests=(f"{WALLS}::test_every_read_names_its_city_though_the_policy_would_do",),
    ),
    Switch(
        name="city-in-update",
        guard="a change names its city",
        without="one wall where there should be two",
        edits=(
            Edit(
                "chassis/statement.py", 'city = "t.city = $1"', 'city = "$1::varchar IS NOT NULL"'
            ),
        ),
        tests=(f"{WALLS}::test_every_change_names_its_city_though_the_policy_would_do",),
    ),
    Switch(
        name="key-of-one-transaction",
        guard="the city's key turns for one transaction",
        without="the next to use the connection is in the last one's city",
        edits=(
            Edit(
                "chassis/statement.py",
                "\"SELECT set_config('app.city', $1, true) AS city,\"",
                "\"SELECT set_config('app.city', $1, false) AS city,\"",
            ),
        ),
        tests=(f"{DB}::test_the_key_does_not_outlive_its_transaction",),
    ),
    Switch(
        name="key-of-one-block",
        guard="a block's key ends with the block",
        without="the next to use the connection is in the last one's city",
        edits=(
            Edit(
                "chassis/statement.py",
                "'UTF8'), true)\"",
                "'UTF8'), false)\"",
            ),
        ),
        tests=(f"{WALLS}::test_one_connection_serves_two_cities_and_an_error_between",),
    ),
    Switch(
        name="city-of-the-path",
        guard="a part refuses another city's path by itself",
        without="a path names the city, whoever asks",
        edits=(
            Edit(
                "chassis/service.py", "actor.must_be_of(found[1])", "actor.must_be_of(actor.city)"
            ),
        ),
        tests=(f"{REFERRALS}::test_another_citys_path_answers_the_same_whatever_it_is",),
    ),
    Switch(
        name="city-at-the-door",
        guard="the gateway refuses another city's path",
        without="a path is passed on for the part to decide: and tells what there is",
        edits=(
            Edit(
                "gateway/door.py",
                'actor.must_be_of(city.decode("latin-1"))',
                'actor.must_be_of(actor.city if city.decode("latin-1") else "")',
            ),
        ),
        tests=(
            "tests/gateway/test_door.py::test_another_citys_path_gets_the_same_answer_whatever_it_is",
        ),
    ),
    Switch(
        name="own-station",
        guard="a worker reaches the own station's referrals",
        without="every worker reads every station's people",
        edits=(
            Edit(
                "services/casework/reach.py",
                'return cast("ColumnElement[bool]", ROW.station_id == actor.station_id)',
                'return cast("ColumnElement[bool]", ROW.station_id.is_not(None))',
            ),
        ),
        tests=(f"{REFERRALS}::test_what_is_another_stations_or_partners_is_as_absent",),
    ),
    Switch(
        name="own-referrals",
        guard="a partner reaches its own referrals",
        without="the women's federation reads what the court sent",
        edits=(
            Edit(
                "services/casework/reach.py",
                'return cast("ColumnElement[bool]", ROW.partner_id == actor.partner_id)',
                'return cast("ColumnElement[bool]", ROW.partner_id.is_not(None))',
            ),
        ),
        tests=(f"{REFERRALS}::test_what_is_another_stations_or_partners_is_as_absent",),
    ),
    Switch(
        name="append-only",
        guard="the runtime role cannot change what happened or who looked",
        without="whoever takes over a part rewrites its past",
        edits=(
            Edit(
                "chassis/schema.py",
                'tenant(part, t, grants="SELECT, INSERT"))',
                "tenant(part, t))",
            ),
        ),
        tests=(f"{CATALOGUE}::test_every_table_is_bound_to_its_city[gateway]",),
    ),
)
