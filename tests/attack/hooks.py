"""What schemathesis is told about the platform: whose token, which city, what is excused."""

import atexit
import itertools
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import schemathesis
from schemathesis.generation.meta import TestPhase

from chassis.config import setting
from chassis.identity import ROLE_SCOPES
from chassis.receipts import KEY_LENGTH
from contracts.examples import BODIES
from tests.attack.excused import excused, table
from tests.attack.target import CITY, PLATFORM
from tests.attack.target import ROLES as ALL

ROLES = {role: client for role, client in ALL.items() if not role.startswith("strange")}


class Tokens:
    """Tokens of the demo's clients, each got once: a run is shorter than ten minutes, or asks anew."""

    def __init__(self) -> None:
        self._demo = orjson.loads(Path(setting("SHEGONG_DEMO")).read_bytes())
        self._secrets = {c["client_id"]: c["client_secret"] for c in self._demo["clients"]}
        self._turns: dict[str, itertools.cycle[str]] = {}

    def role_for(self, operation: str, scope: str | None) -> str:
        """Return the next in turn of the roles that may ask for this, or of all city roles."""
        if scope == "platform:admin":
            return "platform_admin"
        if operation not in self._turns:
            able = [
                r
                for r in ROLES
                if r != "platform_admin" and (scope is None or scope in ROLE_SCOPES[r])
            ]
            self._turns[operation] = itertools.cycle(able)
        return next(self._turns[operation])

    def __call__(self, role: str) -> str:
        client = ROLES[role]
        answer = httpx.post(
            f"{self._demo['base_url']}/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client,
                "client_secret": self._secrets[client],
            },
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token


TOKENS = Tokens()


def scope_of(operation: Any) -> str | None:
    """Return the scope an operation asks for."""
    for said in operation.definition.raw.get("security", []):
        for scopes in said.values():
            return scopes[0] if scopes else None
    return None


@schemathesis.auth(refresh_interval=300, cache_by_key=lambda case, _: case.operation.label)
class Callers:
    """Gives each operation the token of a role that may ask for it."""

    def get(self, case: Any, _: Any) -> str:
        """Return a token."""
        return TOKENS(TOKENS.role_for(case.operation.label, scope_of(case.operation)))

    def set(self, case: Any, token: str, _: Any) -> None:
        """Put it where it belongs."""
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


@schemathesis.hook
def before_load_schema(_: Any, raw_schema: dict[str, Any]) -> None:
    """Keep to the city whose clients ask: under another city all is 403, which tests.tenancy covers."""
    for item in raw_schema["paths"].values():
        for operation in item.values():
            platform = operation.get("security") == [{"token": ["platform:admin"]}]
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "city" and parameter["in"] == "path":
                    parameter["schema"] = {
                        "type": "string",
                        "enum": [PLATFORM if platform else CITY],
                    }


def _is(case: Any, phase: TestPhase) -> bool:
    return case.meta is not None and case.meta.phase.name == phase


def _fresh(body: Any) -> Any:
    """Return an example with a number of its own, where a partner gives it one."""
    return body | {"partner_ref": uuid4().hex} if "partner_ref" in body else body


EVERY = int(setting("FUZZ_EVERY"))
_TURNS: Counter[str] = Counter()


@schemathesis.hook
def filter_case(_: Any, case: Any) -> bool:
    """Take each so-manieth of what follows from the schema alone: all of it is for `make fuzz`."""
    if not _is(case, TestPhase.COVERAGE):
        return True
    _TURNS[case.operation.label] += 1
    return _TURNS[case.operation.label] % EVERY == 1 % EVERY


@schemathesis.hook
def before_call(_: Any, case: Any, **__: Any) -> None:
    """Give a write a key of its own, and leave the clients this run asks with alone."""
    named = (case.path_parameters or {}).get("client_id")
    if case.method != "GET" and named in ROLES.values():
        case.path_parameters["client_id"] = f"{CITY}.nobody"
    # A chain of requests begins with one that was taken, and chance makes none that a city's lists know.
    operation = case.operation.definition.raw["operationId"]
    if _is(case, TestPhase.STATEFUL) and operation in BODIES:
        case.body = _fresh(BODIES[operation])
    # Cases that share a key would only be told so.
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and key.strip() and len(key) <= KEY_LENGTH:
        case.headers["Idempotency-Key"] = uuid4().hex


@schemathesis.hook
def filter_failure(_: Any, failure: Any, case: Any, response: Any) -> bool:
    """Drop what excused.py gives a reason for."""
    operation = case.operation.definition.raw["operationId"]
    return not excused(failure, operation, response, case.body, case.query)


@atexit.register
def tell_excused() -> None:
    """Show at the end what was overlooked, and for which reason."""
    print("refused though it fits the schema, by reason (tests/attack/excused.py):")  # noqa: T201
    print("\n".join(table()))  # noqa: T201
