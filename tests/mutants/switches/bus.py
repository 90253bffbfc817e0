"""Guards between services: every event, in order, once, and one bad one stops nobody else."""

from tests.mutants.switch import Edit, Switch

REACTIONS = "tests/chassis/test_reactions.py"
RELAY = "tests/chassis/test_relay.py"
REFILL = "tests/chassis/test_refill.py"
LEASE = "tests/chassis/test_lease.py"
CONSUMER = "tests/chassis/test_consumer.py"
BUS = "tests/chassis/test_bus.py"

SWITCHES = (
    Switch(
        name="relay-fence",
        guard="a holder deletes under its own token only",
        without="a relay that slept deletes what its successor has not published",
        edits=(Edit("chassis/lease.py", " AND l.token = done.token AND", " AND"),),
        tests=(f"{LEASE}::test_a_zombies_token_deletes_nothing",),
    ),
    Switch(
        name="lease-expiry",
        guard="an expired lease deletes nothing",
        without="a holder nobody has replaced yet works on after its time",
        edits=(Edit("chassis/lease.py", " AND l.expires_at > clock_timestamp()\n", "\n"),),
        tests=(f"{LEASE}::test_an_expired_lease_deletes_nothing_though_nobody_took_it",),
    ),
    Switch(
        name="lease-taken",
        guard="a lease that runs is not taken",
        without="two relays publish one aggregate side by side",
        edits=(
            Edit(
                "chassis/lease.py",
                "WHERE holder = $1 OR holder IS NULL OR expires_at < clock_timestamp()",
                "WHERE $1::uuid IS NOT NULL",
            ),
        ),
        tests=(f"{LEASE}::test_a_lease_is_not_taken_from_a_holder_that_renews",),
    ),
    Switch(
        name="order-in-outbox",
        guard="the relay reads in the order of the outbox's numbers",
        without="a version overtakes the one before it",
        edits=(
            Edit(
                "chassis/outbox.py",
                "ORDER BY o.seq LIMIT $2) o\n",
                'ORDER BY o.event_id::text COLLATE "C" DESC, o.seq LIMIT $2) o\n',
            ),
        ),
        tests=(f"{RELAY}::test_order_within_an_aggregate_holds_under_eight_writers",),
    ),
    Switch(
        name="stop-at-first-failure",
        guard="an aggregate stops at the first event the broker refuses",
        without="what comes after a refused event goes out before it",
        edits=(
            Edit(
                "chassis/relay.py",
                "await self._refused(row, no)\n                    return None",
                "await self._refused(row, no)\n                    continue",
            ),
        ),
        tests=(f"{RELAY}::test_an_event_that_is_too_large_blocks_its_own_aggregate_only",),
    ),
    Switch(
        name="delete-after-ack",
        guard="a row is deleted once the broker has acknowledged it",
        without="an event the broker never had is gone from the outbox",
        edits=(
            Edit(
                "chassis/relay.py",
                "except BrokerTrouble as trouble:\n                    return trouble",
                "except BrokerTrouble as trouble:\n"
                '                    published.append((row["part"], row["seq"]))\n'
                "                    return trouble",
            ),
        ),
        tests=(f"{RELAY}::test_a_full_stream_makes_everybody_wait_and_then_goes_on",),
    ),
    Switch(
        name="stream-birth",
        guard="another stream of the same name is refilled",
        without="a broker that lost everything stays empty",
        edits=(
            Edit(
                "chassis/repair.py",
                "if now.created == created and not shorter and not lost:",
                "if not shorter and not lost:",
            ),
        ),
        tests=(f"{REFILL}::test_a_stream_of_another_birth_is_another_stream_however_long",),
    ),
    Switch(
        name="stream-rolled-back",
        guard="a stream that ends before where we left it is refilled",
        without="what the broker took back is missing for ever",
        edits=(
            Edit(
                "chassis/repair.py",
                "shorter = known.created == created and known.last_seq > last_seq",
                "shorter = known is None",
            ),
        ),
        tests=(f"{REFILL}::test_a_stream_that_was_rolled_back_is_refilled",),
    ),
    Switch(
        name="refill-below",
        guard="what is put back is told before what waits",
        without="a later version is told before its predecessors",
        edits=(
            Edit(
                "chassis/repair.py",
                "least((SELECT min(seq) FROM outbox), 0) - row_number() OVER later",
                "1000000 - row_number() OVER later",
            ),
        ),
        tests=(
            f"{REFILL}::test_what_waited_when_the_stream_was_lost_is_told_after_its_predecessors",
        ),
    ),
    Switch(
        name="own-note",
        guard="a consumer believes its own database about its place, not the broker",
        without="what a restored backup has forgotten is never heard again",
        edits=(
            Edit(
                "chassis/bus.py",
                "info.ack_floor.stream_seq > known\n",
                "info.ack_floor.stream_seq < 0\n",
            ),
        ),
        tests=(
            f"{CONSUMER}::test_a_consumer_whose_database_was_restored_hears_again_what_it_forgot",
        ),
    ),
    Switch(
        name="known-before",
        guard="what was known is read before the broker is asked",
        without="another relay's progress is a loss: everything is told again",
        edits=(Edit("chassis/repair.py", "known = before or now", "known = now"),),
        tests=(
            f"{REFILL}::test_what_another_relay_publishes_while_the_broker_is_asked_is_no_loss",
        ),
    ),
    Switch(
        name="of-this-stream",
        guard="what an earlier stream acknowledged is not deleted",
        without="an event that was in the lost stream alone is in neither",
        edits=(
            Edit(
                "chassis/lease.py",
                "WHERE stream = $4 AND created_at = $6",
                "WHERE stream = $4 AND $6::timestamptz IS NOT NULL",
            ),
        ),
        tests=(
            f"{REFILL}::test_what_an_earlier_stream_acknowledged_is_not_deleted_once_another_is_met",
        ),
    ),
    Switch(
        name="resting-aside",
        guard="an aggregate that rests does not stand in the others' way",
        without="a few dozen refused events at the head stop a whole part",
        edits=(
            Edit(
                "chassis/outbox.py",
                "AND r.not_before > clock_timestamp())",
                "AND r.not_before > 'infinity')",
            ),
        ),
        tests=(f"{RELAY}::test_many_that_rest_do_not_stand_in_the_others_way",),
    ),
    Switch(
        name="consumer-dedupe",
        guard="an event at or below the watermark is not applied again",
        without="every redelivery counts twice",
        edits=(
            Edit(
                "chassis/watermarks.py",
                "return Verdict.OLD if same else Verdict.DIVERGED",
                "return Verdict.NEXT if same else Verdict.DIVERGED",
            ),
        ),
        tests=(
            f"{REACTIONS}::test_the_same_event_twice_has_one_effect",
            f"{CONSUMER}::test_a_crash_between_commit_and_acknowledgement_has_one_effect",
        ),
    ),
    Switch(
        name="divergence",
        guard="another event under an applied version is an alarm",
        without="a restored producer's other truth is passed over in silence",
        edits=(
            Edit(
                "chassis/watermarks.py",
                "same = envelope.at != self.at or envelope.id == self.event_id",
                "same = True",
            ),
        ),
        tests=(f"{REACTIONS}::test_another_event_under_the_same_version_is_caught",),
    ),
    Switch(
        name="gap-parking",
        guard="what comes too early waits for what is missing",
        without="a later version is applied and the earlier one is then old: lost",
        edits=(
            Edit(
                "chassis/watermarks.py",
                "return Verdict.NEXT if follows else Verdict.GAP",
                "return Verdict.NEXT if follows or True else Verdict.GAP",
            ),
        ),
        tests=(
            f"{REACTIONS}::test_what_comes_too_early_is_parked_and_applied_when_its_turn_comes",
            f"{CONSUMER}::test_a_gap_that_stays_open_is_asked_for",
        ),
    ),
    Switch(
        name="watermark-lock",
        guard="a watermark is made and locked before it is judged by",
        without="two consumers judge one aggregate at once: parked for ever, or twice",
        edits=(
            Edit(
                "chassis/watermarks.py",
                "INSERT INTO applied AS a (city, consumer, agg_type, agg_id, epoch, version, event_id)\n"
                "SELECT $1, $2, k.agg_type, k.agg_id, 0, 0, '00000000-0000-0000-0000-000000000000'\n"
                "  FROM unnest($3::text[], $4::uuid[]) WITH ORDINALITY AS k(agg_type, agg_id, place)\n"
                " ORDER BY k.place\n"
                "ON CONFLICT (city, consumer, agg_type, agg_id) DO UPDATE SET version = a.version\n"
                "RETURNING a.agg_type, a.agg_id, a.epoch, a.version, a.event_id",
                "SELECT k.agg_type, k.agg_id, coalesce(a.epoch, 0) AS epoch,\n"
                "  coalesce(a.version, 0) AS version,\n"
                "  coalesce(a.event_id, '00000000-0000-0000-0000-000000000000') AS event_id\n"
                "  FROM unnest($3::text[], $4::uuid[]) AS k(agg_type, agg_id) LEFT JOIN applied a\n"
                "    ON a.city = $1 AND a.consumer = $2 AND a.agg_type = k.agg_type\n"
                "   AND a.agg_id = k.agg_id",
            ),
        ),
        tests=(f"{REACTIONS}::test_two_consumers_that_meet_a_new_aggregate_at_once_lose_nothing",),
    ),
    Switch(
        name="poison-isolation",
        guard="a batch that fails is run again event by event",
        without="one bad event keeps everybody's from being heard",
        edits=(
            Edit(
                "chassis/reactions.py",
                "if passing(error) and not isinstance(error, Stale):",
                "if passing(error) or not isinstance(error, Stale):",
            ),
        ),
        tests=(f"{REACTIONS}::test_a_poison_event_blocks_its_own_aggregate_only",),
    ),
    Switch(
        name="behind-a-dead-letter",
        guard="what comes behind a dead letter waits for it",
        without="an aggregate goes on without the event that could not be applied",
        edits=(
            Edit(
                "chassis/watermarks.py",
                "if self.dead:\n            return Verdict.BLOCKED",
                "if self.dead and envelope.at in self.dead:\n            return Verdict.BLOCKED",
            ),
            Edit(
                "chassis/watermarks.py",
                "follows = envelope.aggversion == self.version + 1",
                "follows = envelope.aggversion == self.version + 1 + len(self.dead)",
            ),
        ),
        tests=(f"{REACTIONS}::test_a_poison_event_blocks_its_own_aggregate_only",),
    ),
    Switch(
        name="dead-is-not-away",
        guard="a failure of the moment makes no dead letter",
        without="a database that is away for a second buries what comes in it",
        edits=(
            Edit(
                "chassis/reactions.py",
                "return isinstance(error, _PASSING) and not isinstance(error, _OF_THE_DATA)",
                "return isinstance(error, Stale) and not isinstance(error, _OF_THE_DATA)",
            ),
        ),
        tests=(f"{REACTIONS}::test_a_failure_of_the_moment_changes_nothing_and_comes_again",),
    ),
    Switch(
        name="ack-after-commit",
        guard="a message is acknowledged when its effect is committed",
        without="what fails after its acknowledgement never comes again",
        edits=(
            Edit(
                "chassis/consumer.py",
                "outcomes = await self._reactions.deliver(",
                "for msg, _ in read:\n"
                "                await msg.ack()\n"
                "                msg._ackd = False\n"
                "            outcomes = await self._reactions.deliver(",
            ),
        ),
        tests=(f"{CONSUMER}::test_a_failure_of_the_moment_comes_again",),
    ),
    Switch(
        name="delayed-nak",
        guard="what is to come again comes after a growing while",
        without="a database that is away is asked as fast as the broker can",
        edits=(
            Edit(
                "chassis/consumer.py",
                "await msg.nak(delay=min(FIRST_DELAY_S * 2 ** min(tries - 1, 10), LONGEST_DELAY_S))",
                "await msg.nak(delay=None if tries else FIRST_DELAY_S)",
            ),
            Edit(
                "chassis/consumer.py",
                "if settled and all(outcome is Outcome.LATER for _, outcome in settled):",
                "if not settled:",
            ),
        ),
        tests=(f"{CONSUMER}::test_what_fails_again_and_again_is_asked_ever_more_seldom",),
    ),
    Switch(
        name="no-last-try",
        guard="the broker delivers without a last try",
        without="after five tries the broker forgets an event in silence",
        edits=(Edit("chassis/bus.py", "max_deliver=-1,", "max_deliver=5,"),),
        tests=(f"{BUS}::test_a_durable_is_made_as_it_must_be_and_healed",),
    ),
    Switch(
        name="never-give-up",
        guard="a connection to the broker is looked for for ever",
        without="after a minute without a broker the client closes for good",
        edits=(Edit("chassis/bus.py", "max_reconnect_attempts=-1,", "max_reconnect_attempts=2,"),),
        tests=(f"{BUS}::test_a_connection_is_looked_for_for_ever",),
    ),
    Switch(
        name="discard-new",
        guard="a full stream refuses what is new",
        without="a full stream forgets what is old, without a word",
        edits=(Edit("chassis/bus.py", "discard=DiscardPolicy.NEW,", "discard=DiscardPolicy.OLD,"),),
        tests=(
            f"{BUS}::test_a_stream_is_made_as_it_must_be",
            f"{RELAY}::test_a_full_stream_makes_everybody_wait_and_then_goes_on",
        ),
    ),
    Switch(
        name="fit-broker",
        guard="a broker without the fixes of 2026 is refused",
        without="the distribution's own NATS is used, which loses streams",
        edits=(
            Edit(
                "chassis/bus.py",
                "if version < OLDEST or UNFIT[0] <= version < UNFIT[1]:",
                "if version < (0, 0, 0):",
            ),
        ),
        tests=(f"{BUS}::test_a_broker_without_the_fixes_is_refused",),
    ),
)
