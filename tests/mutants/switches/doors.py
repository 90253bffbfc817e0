"""Guards at the doors: whose word is believed, and what a caller's word may reach."""

from tests.mutants.switch import Edit, Switch

IDENTITY = "tests/chassis/test_identity.py"
CLAIMS = f"{IDENTITY}::test_a_signed_token_with_wrong_claims_is_refused"
HEADERS = f"{IDENTITY}::test_a_signed_token_with_a_wrong_header_is_refused"
DOOR = "tests/gateway/test_door.py"
GRANTS = "tests/gateway/test_grants.py"

SWITCHES = (
    Switch(
        name="audience",
        guard="a token is for one reader",
        without="what one part was given opens every other",
        edits=(
            Edit(
                "chassis/tokens.py",
                'if claims.get("aud") != audience:',
                'if not claims.get("aud"):',
            ),
        ),
        tests=(CLAIMS, f"{DOOR}::test_an_internal_token_opens_one_part_only"),
    ),
    Switch(
        name="issuer",
        guard="a token is of the one issuer",
        without="another house's tokens open this one, if the key fits",
        edits=(
            Edit(
                "chassis/tokens.py", 'if claims.get("iss") != issuer:', 'if not claims.get("iss"):'
            ),
        ),
        tests=(CLAIMS,),
    ),
    Switch(
        name="expiry",
        guard="a token ends",
        without="a token that was stolen once opens for ever",
        edits=(Edit("chassis/tokens.py", "if expires <= now:", "if expires <= 0:"),),
        tests=(CLAIMS, f"{DOOR}::test_a_forged_access_token_is_refused_whatever_it_claims"),
    ),
    Switch(
        name="kept-until-expiry",
        guard="what was verified once is believed until it expires",
        without="the memory of a token outlives the token",
        edits=(Edit("chassis/identity.py", "if kept.until > now:", "if kept.until > 0:"),),
        tests=(f"{IDENTITY}::test_a_verified_token_is_forgotten_when_it_expires",),
    ),
    Switch(
        name="typ",
        guard="a token is of the kind the reader takes",
        without="an access token of the internet is an internal one",
        edits=(
            Edit(
                "chassis/tokens.py",
                'if header.get("typ") not in typ:',
                'if "typ" in header and not typ:',
            ),
        ),
        tests=(HEADERS, f"{DOOR}::test_a_forged_access_token_is_refused_whatever_it_claims"),
    ),
    Switch(
        name="algorithm-list",
        guard="the reader names the algorithms",
        without="a key of another kind in the set brings its algorithm along",
        edits=(
            Edit(
                "chassis/tokens.py",
                'if header.get("alg") not in algorithms:',
                'if header.get("alg") not in (ED25519, ES256):',
            ),
        ),
        tests=(f"{IDENTITY}::test_a_key_of_another_kind_in_the_set_brings_no_algorithm_along",),
    ),
    Switch(
        name="header-list",
        guard="a token's header holds what is listed",
        without="a token brings its own key, or asks for what is not understood",
        edits=(
            Edit(
                "chassis/tokens.py",
                "if not isinstance(header, dict) or not header.keys() <= _HEADER:",
                "if not isinstance(header, dict) or not _HEADER & header.keys():",
            ),
        ),
        tests=(HEADERS,),
    ),
    Switch(
        name="role-narrows",
        guard="a token's scopes are narrowed to its role's",
        without="a scope granted by mistake opens",
        edits=(
            Edit(
                "chassis/identity.py",
                'frozenset(said["scope"].split()) & ROLE_SCOPES[said["role"]]',
                'frozenset(said["scope"].split())',
            ),
        ),
        tests=(f"{IDENTITY}::test_a_scope_a_role_may_not_have_is_dropped",),
    ),
    Switch(
        name="scope",
        guard="a route asks for its scope",
        without="whoever has a token may do everything",
        edits=(
            Edit(
                "chassis/identity.py",
                "if self.scope not in actor.scopes:",
                "if not actor.scopes:",
            ),
        ),
        tests=(
            f"{IDENTITY}::test_a_role_gets_through_its_own_scopes_and_no_other",
            "tests/casework/test_referrals.py::test_the_word_of_a_person_is_masked_and_a_showing_is_audited",
        ),
    ),
    Switch(
        name="assertion-once",
        guard="an assertion works once",
        without="whoever overhears a client is that client for a minute",
        edits=(
            Edit(
                "gateway/grants.py",
                "UsedJti(client_id=client_id, digest=digest, expires_at",
                "UsedJti(client_id=client_id, digest=tokens.secrets.token_bytes(32), expires_at",
            ),
        ),
        tests=(
            f"{GRANTS}::test_an_assertion_works_once",
            f"{GRANTS}::test_of_many_that_come_at_once_with_one_assertion_one_gets_in",
        ),
    ),
    Switch(
        name="secret-embedded-only",
        guard="a client secret opens in the embedded run alone",
        without="production takes passwords where it says it takes keys",
        edits=(Edit("gateway/grants.py", "elif state.secrets:", "elif secret:"),),
        tests=(f"{GRANTS}::test_outside_the_embedded_run_no_secret_opens",),
    ),
    Switch(
        name="purpose-of-the-list",
        guard="a token's purpose is one of the client's list",
        without="whoever asks says any purpose, and the audit believes it",
        edits=(
            Edit(
                "gateway/decide.py",
                "if purpose not in client.purposes:",
                "if not purpose:",
            ),
        ),
        tests=(f"{GRANTS}::test_a_token_asks_for_less_but_never_for_more",),
    ),
    Switch(
        name="purpose-said",
        guard="who asks without a purpose is nobody",
        without="data is read, and the audit has no word why",
        edits=(
            Edit(
                "chassis/identity.py",
                'if not said["purpose"] or not _CITY',
                "if not _CITY",
            ),
        ),
        tests=(CLAIMS,),
    ),
    Switch(
        name="headers-stripped",
        guard="the gateway passes on what is listed",
        without="a caller says who it is in a header of its own",
        edits=(
            Edit("gateway/door.py", "elif name in PASSED:", 'elif name not in (b"connection",):'),
        ),
        tests=(f"{DOOR}::test_a_header_that_says_who_one_is_stays_outside",),
    ),
    Switch(
        name="sent-again",
        guard="the gateway repeats what cannot happen twice, and nothing else",
        without="a lost line does a write twice",
        edits=(
            Edit(
                "gateway/parts.py",
                "again = method in _SAFE or any(",
                'again = method != "" or any(',
            ),
        ),
        tests=(f"{DOOR}::test_only_what_cannot_happen_twice_is_sent_again_on_a_lost_line",),
    ),
    Switch(
        name="body-limit",
        guard="a body that grows beyond the limit is not read on",
        without="one caller fills the memory of everybody",
        edits=(Edit("chassis/limits.py", "if seen > LARGEST_BODY:", "if seen < 0:"),),
        tests=(f"{DOOR}::test_a_body_over_the_limit_is_refused_before_it_is_passed_on",),
    ),
    Switch(
        name="pool-wait",
        guard="nobody waits for a connection without end",
        without="a slow database fills the house with those who wait",
        edits=(
            Edit(
                "chassis/db.py",
                "self._turns.take(self._patience(who))",
                "self._turns.take(600)",
            ),
        ),
        tests=("tests/chassis/test_http.py::test_no_free_connection_is_busy",),
    ),
)
