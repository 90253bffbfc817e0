"""`shegong contracts`: what others build on is written from the code, checked in, and kept fresh.

contracts/generated/
  openapi.json          every operation of the four services and the gateway
  asyncapi.yaml         every event, its channel and its stream
  schemas/TYPE.json     what is inside an event
  policies/             what a pack author's editor checks by: pack, cases, fact sheets
docs/reference.md       settings, problems, events, metrics, roles, commands
docs/traceability.md    every row of the cities' documents and what answers it
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from chassis.config import PARTS
from chassis.packs.schema import schemas as policy_schemas
from chassis.service import api
from deploy.asyncapi import document, events, schema
from deploy.policies import subjects
from deploy.reference import reference
from deploy.serve import service
from deploy.traceability import traceability
from gateway.app import GATEWAY_SERVICE
from gateway.openapi import merge

HOUSE = Path(__file__).parent.parent
GENERATED = Path("contracts/generated")
REFERENCE = Path("docs/reference.md")
TRACEABILITY = Path("docs/traceability.md")


def generate(*, check: bool = False, house: Path = HOUSE) -> list[Path]:
    """Write every generated file that is not what it should be; return which those were.

    A file that nothing makes any more goes. With `check` nothing is touched.
    """
    wanted = dict(files())
    there = {path.relative_to(house) for path in (house / GENERATED).rglob("*") if path.is_file()}
    stale = [path for path in sorted(wanted) if _read(house / path) != wanted[path]]
    left_over = sorted(there - wanted.keys())
    if not check:
        for path in stale:
            (house / path).parent.mkdir(parents=True, exist_ok=True)
            (house / path).write_text(wanted[path], encoding="utf-8")
        for path in left_over:
            (house / path).unlink()
    return stale + left_over


def files() -> Iterator[tuple[Path, str]]:
    """Give every generated file with what belongs in it."""
    described = openapi()
    yield GENERATED / "openapi.json", _json(described, sort=True)
    asyncapi = yaml.safe_dump(document(), allow_unicode=True, sort_keys=False, width=100)
    yield GENERATED / "asyncapi.yaml", asyncapi
    for kind, event in events().items():
        yield GENERATED / "schemas" / f"{kind}.json", _json(schema(event))
    for name, made in policy_schemas(subjects()).items():
        yield GENERATED / "policies" / f"{name}.schema.json", _json(made)
    yield REFERENCE, reference(described)
    yield TRACEABILITY, traceability(HOUSE / "policies", subjects())


def openapi() -> dict[str, Any]:
    """Return the one document of all parts, as the gateway merges it."""
    made = {part: GATEWAY_SERVICE if part == "gateway" else service(part) for part in PARTS}
    return merge({part: api(each).openapi() for part, each in made.items()})


def _json(made: Any, *, sort: bool = False) -> str:
    return json.dumps(made, ensure_ascii=False, indent=2, sort_keys=sort) + "\n"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
