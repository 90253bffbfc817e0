"""Guards of a write: once, in order, at the version that was read, on disk before it is said."""

from tests.mutants.switch import Edit, Switch

SWITCHES = (
    Switch(
        name="version-check",
        guard="an UPDATE asks for the version that was read",
        without="who read an old version overwrites what came between",
        edits=(
            Edit(
                "chassis/statement.py",
                'where = " AND ".join(f"t.{n} = {m}" for n, m in zip(match, matched, strict=True))',
                'where = " AND ".join(\n'
                "        f\"t.{n} {'>=' if n == 'version' else '='} {m}\"\n"
                "        for n, m in zip(match, matched, strict=True)\n"
                "    )",
            ),
        ),
        tests=("tests/chassis/test_walls.py::test_an_old_version_is_refused_by_the_row_alone",),
    ),
    Switch(
        name="version-told-once",
        guard="the event log's key: one event a version",
        without="two events tell different things under one version",
        edits=(
            Edit(
                "chassis/schema.py",
                "  traceparent varchar, at timestamptz NOT NULL,\n"
                "  PRIMARY KEY (city, agg_type, agg_id, epoch, version));",
                "  traceparent varchar, at timestamptz NOT NULL,\n"
                "  PRIMARY KEY (city, agg_type, agg_id, epoch, version, event_id));",
            ),
        ),
        tests=("tests/chassis/test_walls.py::test_a_version_is_told_once_by_the_event_log_alone",),
    ),
    Switch(
        name="number-after-lock",
        guard="the outbox number is drawn after the aggregate's lock",
        without="the outbox says version 3 before version 2",
        edits=(
            Edit(
                "chassis/statement.py",
                'gates = "".join(f", (SELECT count(*) FROM {n}) AS g_{n}" for n in self.loose)',
                'gates = ""',
            ),
        ),
        tests=(
            "tests/chassis/test_db.py::test_every_insert_waits_for_every_change_and_the_counter_for_all",
        ),
    ),
    Switch(
        name="feed-counter-lock",
        guard="a feed's next number comes from a locked counter row",
        without="two commits draw one number: the highest there is, and one",
        edits=(
            Edit(
                "chassis/statement.py",
                '"INSERT INTO counter AS t (city, name, key, last)"\n'
                "        f\" SELECT p.city, '{about.table}', {key}, {count} FROM {text.after()}\"\n"
                '        " ON CONFLICT (city, name, key) DO UPDATE SET last = t.last + excluded.last"\n'
                '        " RETURNING city, last",',
                'f"SELECT p.city, (SELECT coalesce(max(t.{column}), 0) FROM {about.table} t"\n'
                '        f" WHERE t.city = p.city AND t.{write.model.numbered[1][0]}::text = {key})"\n'
                '        f" + {count} AS last FROM {text.after()}",',
            ),
        ),
        tests=(
            "tests/chassis/test_db.py::test_numbers_are_dense_per_partner_and_in_order_under_load",
        ),
    ),
    Switch(
        name="receipt-first",
        guard="after a clash the receipt is looked for before the clash is named",
        without="a retry whose first try went through hears of a duplicate",
        edits=(Edit("chassis/http.py", "look=again > 0,", "look=False and again > 0,"),),
        tests=(
            "tests/casework/test_referrals.py::test_a_retry_sends_once_and_gets_the_same_bytes",
        ),
    ),
    Switch(
        name="receipt-before-refusal",
        guard="what is refused may be the first effect of this request",
        without="a retried transition hears that the status is wrong",
        edits=(
            Edit("chassis/http.py", "if key is not None and not look:", "if key is None and look:"),
        ),
        tests=(
            "tests/casework/test_referrals.py::test_a_transition_sent_again_gets_the_same_bytes",
        ),
    ),
    Switch(
        name="body-fingerprint",
        guard="a key is bound to path, query, content type and body",
        without="another request under a used key gets the first one's receipt",
        edits=(
            Edit(
                "chassis/receipts.py",
                "if receipt.fingerprint != asked:",
                "if not receipt.fingerprint:",
            ),
        ),
        tests=(
            "tests/casework/test_referrals.py::test_a_key_is_bound_to_its_request_and_to_its_client",
        ),
    ),
    Switch(
        name="key-of-its-client",
        guard="a receipt belongs to the client that asked",
        without="two partners with one key: the second gets the first one's receipt",
        edits=(
            Edit("chassis/receipts.py", "client=who.client,", 'client="anybody",'),
            Edit(
                "chassis/http.py",
                "if key is not None and look:\n"
                "                receipt = await tx.peek(Receipt, who.client, route, key)",
                "if key is not None and look:\n"
                '                receipt = await tx.peek(Receipt, "anybody", route, key)',
            ),
            Edit(
                "chassis/http.py",
                "async with database.begin(who) as tx:\n"
                "                receipt = await tx.peek(Receipt, who.client, route, key)",
                "async with database.begin(who) as tx:\n"
                '                receipt = await tx.peek(Receipt, "anybody", route, key)',
            ),
        ),
        tests=(
            "tests/casework/test_referrals.py::test_a_key_is_bound_to_its_request_and_to_its_client",
        ),
    ),
    Switch(
        name="twin-told",
        guard="a twin that waits for the row hears that it is in progress",
        without="a retry of a request that runs hears that the house is busy",
        edits=(
            Edit("chassis/receipts.py", "        yield twin\n", "        yield mine is None\n"),
        ),
        tests=(
            "tests/chassis/test_http.py::test_a_twin_that_waits_for_the_row_is_in_progress_and_a_stranger_is_not",
        ),
    ),
    Switch(
        name="if-match",
        guard="a caller who saw another version is refused",
        without="two people change one referral and the second never knew",
        edits=(
            Edit(
                "chassis/http.py",
                "if version is not None and version != row.version:",
                "if version is not None and version < 0:",
            ),
        ),
        tests=(
            "tests/casework/test_referrals.py::test_a_change_seen_too_late_is_stale_and_a_wrong_step_names_the_right_ones",
        ),
    ),
    Switch(
        name="commit-before-answer",
        guard="the answer is made inside, and leaves after, the commit",
        without="a 201 for what the commit then loses",
        edits=(
            Edit(
                "chassis/db.py",
                "await tx._commit()  # noqa: SLF001 - the one place that commits\n"
                "            except BaseException:",
                "with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):\n"
                "                    await tx._commit()\n"
                "            except BaseException:",
            ),
            Edit(
                "chassis/db.py",
                "from contextlib import asynccontextmanager",
                "from contextlib import asynccontextmanager, suppress",
            ),
        ),
        tests=(
            "tests/chassis/test_http.py::test_a_connection_lost_before_the_commit_loses_nothing_and_doubles_nothing",
        ),
    ),
    Switch(
        name="postgres-waits-for-disk",
        guard="the embedded PostgreSQL commits to disk",
        without="a power cut takes acknowledged writes",
        edits=(
            Edit(
                "deploy/embedded/postgres.py",
                '"synchronous_commit": "on",',
                '"synchronous_commit": "off",',
            ),
        ),
        tests=("tests/deploy/test_disk.py::test_the_database_answers_when_it_is_on_disk",),
    ),
    Switch(
        name="nobody-hurries-postgres",
        guard="no connection of ours loosens what the server promises",
        without="a power cut takes acknowledged writes of one part",
        edits=(
            Edit(
                "chassis/pool.py",
                '"lock_timeout": str(LOCK_WAIT_MS),',
                '"lock_timeout": str(LOCK_WAIT_MS),\n            "synchronous_commit": "off",',
            ),
        ),
        tests=("tests/chassis/test_walls.py::test_no_connection_loosens_what_the_server_promises",),
    ),
    Switch(
        name="broker-waits-for-disk",
        guard="the embedded NATS syncs before it acknowledges",
        without="a power cut takes the stream, acknowledged or not",
        edits=(
            Edit("deploy/embedded/nats.py", '"sync_interval": "always",', '"sync_interval": "2m",'),
        ),
        tests=("tests/deploy/test_disk.py::test_the_broker_answers_when_it_is_on_disk",),
    ),
)
