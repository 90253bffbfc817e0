"""Guards of the rules: what a city's document forbids, and who may say what it is."""

from tests.mutants.switch import Edit, Switch

CONTRACTS = "tests/procurement/test_contracts.py"

SWITCHES = (
    Switch(
        name="gate-refuses",
        guard="a broken rule that binds refuses the write",
        without="a contract the document forbids is signed",
        edits=(
            Edit(
                "chassis/policy.py",
                'if broken := [verdict for verdict in binding if verdict.word == "broken"]:',
                'if broken := [verdict for verdict in binding if verdict.word == "met"]:',
            ),
            Edit("chassis/policy.py", "    if binding:\n", "    if binding and broken:\n"),
        ),
        tests=(f"{CONTRACTS}::test_a_rule_refuses_with_its_clause_and_writes_nothing",),
    ),
    Switch(
        name="unknown-is-asked",
        guard="what was not said is asked for",
        without="a fact nobody stated counts as met",
        edits=(
            Edit("chassis/policy.py", "    if binding:\n", "    if not stopped and binding:\n"),
        ),
        tests=(f"{CONTRACTS}::test_what_was_not_said_is_asked_for_not_assumed",),
    ),
    Switch(
        name="row-answered",
        guard="a row of a document without an answer fails the check",
        without="a clause is forgotten and nobody notices",
        edits=(
            Edit(
                "deploy/traceability.py",
                "unanswered = [row for row in rows if row not in answered]",
                "unanswered = [row for row in rows if not answered]",
            ),
        ),
        tests=("tests/packs/test_traceability.py::test_a_row_nobody_answers_is_named",),
    ),
    Switch(
        name="answer-is-there",
        guard="a route or a test an answer names is looked up",
        without="a row is answered by something that is gone",
        edits=(
            Edit(
                "deploy/traceability.py",
                'if pointer.partition(" ")[0] in OF_HOUSE and not _there(pointer, house):',
                'if pointer.partition(" ")[0] not in OF_HOUSE and not _there(pointer, house):',
            ),
        ),
        tests=(
            "tests/packs/test_traceability.py::test_a_route_or_a_test_that_is_not_there_is_named",
        ),
    ),
    Switch(
        name="against-law",
        guard="a term above the law's cap is named with both clauses",
        without="a city's document quietly says more than the law allows",
        edits=(
            Edit(
                "chassis/packs/limits.py",
                "if any(each * unit > months for each in _numbers(dated.value)):",
                "if any(each > months for each in _numbers(dated.value)):",
            ),
        ),
        tests=(
            "tests/packs/test_limits.py::test_a_term_above_the_laws_cap_is_named_with_both_clauses",
        ),
    ),
    Switch(
        name="two-people",
        guard="a pack is approved by somebody other than its author",
        without="one person makes the city's law alone",
        edits=(
            Edit(
                "services/registry/decide/packs.py",
                "if draft.author == by:",
                "if not draft.author:",
            ),
        ),
        tests=("tests/registry/test_packs.py::test_the_author_does_not_approve",),
    ),
    Switch(
        name="unknown-parameter",
        guard="a filter nobody knows is refused",
        without="a misspelt filter means everything",
        edits=(
            Edit(
                "chassis/binding.py",
                "    if unknown:\n        raise _unknown_parameters(unknown, model.model_fields)",
                "    params = {n: v for n, v in params.items() if n not in unknown}  # type: ignore",
            ),
            Edit(
                "chassis/binding.py",
                "    doubled = [n for n in params if len(params.getlist(n)) > 1]",
                "    doubled = [n for n in params if len(request.query_params.getlist(n)) > 1]",
            ),
        ),
        tests=(
            "tests/casework/test_referrals.py::test_queries_and_bodies_that_are_not_asked_for_are_refused",
        ),
    ),
    Switch(
        name="unknown-field",
        guard="a field nobody knows is refused",
        without="what a partner meant to say is dropped without a word",
        edits=(Edit("chassis/asked.py", 'extra="forbid"', 'extra="ignore"'),),
        tests=(
            "tests/casework/test_referrals.py::test_what_is_wrong_is_named_by_its_place_and_never_repeated",
        ),
    ),
    Switch(
        name="client-put-out",
        guard="a client that was stopped is refused within a minute",
        without="its token opens until it expires",
        edits=(
            Edit(
                "gateway/exchange.py",
                "return client is not None and client.active",
                "return client is not None",
            ),
        ),
        tests=(
            "tests/gateway/test_clients.py::test_a_client_put_out_gets_no_token_and_within_a_minute_no_answer",
        ),
    ),
)
