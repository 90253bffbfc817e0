"""What schemathesis calls a failure and is none, each with its reason.

All of it is of one kind: a request fits the schema and is refused for a reason no schema can say.
Nothing else is excused: a 500, an answer that is not described, or one that ought to have been a
refusal always fails the run.
"""

from dataclasses import dataclass
from typing import Any

FAILURE = "RejectedPositiveData"
"""schemathesis' class: what fits the schema was not taken."""


@dataclass(frozen=True)
class Excuse:
    """A reason to refuse what fits the schema."""

    because: str
    slug: str = "invalid"
    """The problem answered."""
    codes: frozenset[str] = frozenset()
    """Of an `invalid`: what is wrong at a place."""
    operations: frozenset[str] = frozenset()
    """Where it holds; everywhere if none is named."""


def words(text: str) -> frozenset[str]:
    """Return the words of a line."""
    return frozenset(text.split())


EXCUSED = (
    Excuse("a cursor is opaque: only one we gave is one", "malformed"),
    Excuse("the resource has another version than If-Match says", "stale"),
    Excuse("an id in the body is of something that does not exist", "unknown-reference"),
    Excuse("a code no list of divisions has", "unknown-division"),
    Excuse("name and code of a division disagree", "division-name-mismatch"),
    Excuse("stateful: a request is sent again with another body under its key", "key-reused"),
    Excuse(
        "check characters and forms of numbers are arithmetic, not a pattern",
        codes=words(
            "id-form id-checksum id-birth-date id-other-type id-missing id-unexpected"
            " uscc-form uscc-checksum phone-form"
        ),
    ),
    Excuse("JSON Schema has no bounds for days: years 1900 to 2199 are taken", codes=words("year")),
    Excuse(
        "the same, in the gateway's own words",
        codes=words("date"),
        operations=words("get_overview"),
    ),
    Excuse(
        "to JSON Schema 3.0 is an integer; here a whole number is written without a point",
        codes=words("int_type"),
    ),
    Excuse("white space around a text does not count", codes=words("string_too_short")),
    Excuse("JSON Schema cannot leave the zero character out of all texts", codes=words("no-text")),
    Excuse(
        "which words and parameters there are is the pack's to say",
        codes=words("unknown-word unknown-term unknown-kind unfit unknown-parameter no-parameter"),
    ),
    Excuse(
        "a pack is a text in a language of its own",
        codes=words("not-merged unreadable"),
        operations=words("post_pack post_what_if"),
    ),
    Excuse(
        "ids, scopes and keys of a client depend on its role, and a key is a point on a curve",
        codes=words("missing not-here too-wide invalid unknown-key private taken"),
        operations=words("post_client post_keys"),
    ),
    Excuse(
        "prefixes are divisions of the country, none within another",
        codes=words("inside-another no-division"),
        operations=words("post_jurisdiction patch_jurisdiction"),
    ),
    Excuse(
        "a document's kind and number, a division's code and name go together",
        codes=words("value_error"),
        operations=words("patch_station patch_worker"),
    ),
    Excuse(
        "days of a certificate go with a certificate",
        codes=words("dates-without"),
        operations=words("post_worker patch_worker"),
    ),
    Excuse(
        "a client id begins with the code of its city",
        codes=words("other-city"),
        operations=words("post_partner put_partner"),
    ),
)


def excused(failure: Any, operation: str, response: Any) -> bool:
    """Whether every thing that was refused has its reason here."""
    if type(failure).__name__ != FAILURE:
        return False
    try:
        said = response.json()
    except ValueError:
        return False
    slug = said["type"].removeprefix("/problems/")
    here = [
        each
        for each in EXCUSED
        if each.slug == slug and (not each.operations or operation in each.operations)
    ]
    if slug != "invalid":
        return bool(here)
    codes = {each["code"] for each in said["errors"]}
    return bool(codes) and codes <= frozenset().union(*(each.codes for each in here))
