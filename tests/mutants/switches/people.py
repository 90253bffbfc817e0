"""Guards around people: sealed in their place, shown by role, and every showing on record."""

from tests.mutants.switch import Edit, Switch

VAULT = "tests/chassis/test_vault.py"
REFERRALS = "tests/casework/test_referrals.py"
SHOWN = f"{REFERRALS}::test_the_word_of_a_person_is_masked_and_a_showing_is_audited"

SWITCHES = (
    Switch(
        name="bound-to-its-place",
        guard="a sealed value is bound to table, row and column",
        without="one person's words are moved into another's row, and open",
        edits=(
            Edit(
                "chassis/vault.py",
                "bound = _place(head, key.city, table, column) + row\n            text =",
                "bound = _bound(head, key.city)\n            text =",
            ),
            Edit(
                "chassis/vault.py",
                'bound = _place(head, key.city, table, column) + _bound(b"", row_id)\n        try:',
                "bound = _bound(head, key.city)\n        try:",
            ),
        ),
        tests=(
            f"{VAULT}::test_a_sealed_value_moved_elsewhere_does_not_open",
            f"{VAULT}::test_two_values_swapped_between_columns_do_not_open",
        ),
    ),
    Switch(
        name="key-of-its-person",
        guard="a wrapped key is bound to its city and person",
        without="one person's key is put in another's place, and opens",
        edits=(
            Edit(
                "chassis/vault.py",
                'bound = _bound(head, city, "person_key", person_id)\n        sealed =',
                'bound = _bound(head, "person_key")\n        sealed =',
            ),
            Edit(
                "chassis/vault.py",
                'bound = _bound(head, city, "person_key", person_id)\n        try:',
                'bound = _bound(head, "person_key")\n        try:',
            ),
        ),
        tests=(f"{VAULT}::test_a_persons_key_opens_for_its_city_and_person_only",),
    ),
    Switch(
        name="index-of-its-city",
        guard="every city has a blind index of its own",
        without="whoever knows a number in one city finds the person in all",
        edits=(
            Edit(
                "chassis/vault.py",
                '_derived(self._blind_root, "blind", city)',
                '_derived(self._blind_root, "blind")',
            ),
        ),
        tests=(f"{VAULT}::test_the_index_is_keyed_by_city_field_and_secret",),
    ),
    Switch(
        name="index-keyed",
        guard="the blind index is keyed by a secret",
        without="a plain hash: every number is found by trying them all",
        edits=(
            Edit(
                "chassis/vault.py",
                'key = self._index[city] = _derived(self._blind_root, "blind", city)',
                'key = self._index[city] = _derived(b"", "blind", city)',
            ),
        ),
        tests=(
            f"{VAULT}::test_the_index_is_keyed_by_city_field_and_secret",
            f"{VAULT}::test_who_has_the_database_alone_cannot_try_out_numbers",
        ),
    ),
    Switch(
        name="reveal-audited",
        guard="every showing of a person is an audit row",
        without="who looked is nowhere",
        edits=(
            Edit(
                "services/casework/routes.py",
                'tx.audit("person.reveal", "referral", referral.id, fields=sorted(shown))',
                "assert shown is not None",
            ),
        ),
        tests=(SHOWN,),
    ),
    Switch(
        name="write-audited",
        guard="every record is an audit row, in the same commit",
        without="who changed what is nowhere",
        edits=(
            Edit(
                "chassis/db.py",
                'self.audit(event.type.rsplit(".", 1)[0], event.aggregate, row.id)',
                "assert event.aggregate",
            ),
        ),
        tests=(
            "tests/chassis/test_db.py::test_a_new_aggregate_is_version_one_with_one_event_and_one_audit_row",
        ),
    ),
    Switch(
        name="masked",
        guard="a person is shown masked",
        without="everybody who reads a referral reads the person",
        edits=(
            Edit("services/casework/routes.py", "name=name and mask_name(name),", "name=name,"),
        ),
        tests=(SHOWN,),
    ),
    Switch(
        name="hidden-from-bureaus",
        guard="a sensitive referral opens to its own people",
        without="a bureau reads who was beaten",
        edits=(
            Edit(
                "services/casework/reach.py",
                "return referral.sensitivity != SENSITIVE or actor.role in _AT_STATION",
                'return referral.sensitivity != "" or actor.role in _AT_STATION',
            ),
        ),
        tests=(SHOWN,),
    ),
    Switch(
        name="why-is-said",
        guard="a table of people refuses who does not say why",
        without="people are written of, and nobody asked what for",
        edits=(
            Edit(
                "chassis/schema.py",
                "RAISE EXCEPTION 'subject and purpose must be said' USING ERRCODE = '42501';",
                "RAISE DEBUG 'subject and purpose must be said';",
            ),
        ),
        tests=("tests/chassis/test_db.py::test_a_table_of_people_refuses_who_does_not_say_why",),
    ),
    Switch(
        name="erased-noted",
        guard="an erasure is noted outside the backups",
        without="a backup that comes back brings the person back",
        edits=(
            Edit(
                "chassis/people.py",
                "await asyncio.to_thread(note_erased, tx.erased, Erased(tx.city, person_id, tx.now))",
                "assert note_erased, Erased(tx.city, person_id, tx.now)",
            ),
        ),
        tests=(f"{REFERRALS}::test_an_erased_person_is_unreadable_and_noted_outside",),
    ),
    Switch(
        name="errors-without-words",
        guard="of an error its kind and place are logged, never its text",
        without="what a driver quotes of a row stands in the log",
        edits=(
            Edit(
                "chassis/log.py",
                'line["error"] = record.exc_info[0].__name__',
                'line["error"] = str(record.exc_info[1])',
            ),
        ),
        tests=(
            "tests/chassis/test_log.py::test_of_an_error_kind_and_place_are_written_and_never_its_text",
        ),
    ),
)
