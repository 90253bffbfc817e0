"""What schemathesis calls a failure and is none, each with its reason.

All of it is of one kind: a request fits the schema and is refused for a reason no schema can say.
Nothing else is excused: a 500, an answer that is not described, or one that ought to have been a
refusal always fails the run.
"""

from collections import Counter
from collections.abc import Callable, Mapping
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
    parameter: str = ""
    """A parameter of the query, or a field of the body, that must have been sent."""
    sent: Callable[[Any], bool] | None = None
    """Whether what stood at the place is of the kind meant; any value if not said."""

    def covers(self, error: dict[str, str], body: Any, query: Any) -> bool:
        """Whether one place of an `invalid` is refused for this reason."""
        if error["code"] not in self.codes:
            return False
        return self.sent is None or self.sent(_at(error["at"], body, query))


def _at(pointer: str, body: Any, query: Any) -> Any:
    """Return what was sent at a place, None if nothing was."""
    value = query if pointer.startswith("?") else body
    for step in pointer.lstrip("?").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return None
    return value


def _fields(said: Any) -> set[str]:
    return set(said) if isinstance(said, Mapping) else set()


def whole(value: Any) -> bool:
    """Say whether this is a whole number written with a point."""
    return isinstance(value, float) and value.is_integer()


def spaced(value: Any) -> bool:
    """Say whether this is a text with white space around it, or of nothing else."""
    return isinstance(value, str) and value != value.strip()


def words(text: str) -> frozenset[str]:
    """Return the words of a line."""
    return frozenset(text.split())


EXCUSED = (
    Excuse("a cursor is opaque: only one we gave is one", "malformed", parameter="after"),
    Excuse("the resource has another version than If-Match says", "stale"),
    Excuse("an id in the body is of something that does not exist", "unknown-reference"),
    Excuse("a code no list of divisions has", "unknown-division"),
    Excuse(
        "which divisions lie in a jurisdiction is no pattern",
        codes=words("outside"),
        operations=words("get_policy_rules get_verdicts get_deadlines"),
    ),
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
        sent=whole,
    ),
    Excuse(
        "white space around a text does not count",
        codes=words("string_too_short"),
        sent=spaced,
    ),
    Excuse("JSON Schema cannot leave the zero character out of all texts", codes=words("no-text")),
    Excuse(
        "which words and parameters there are is the pack's to say",
        codes=words("unknown-word unknown-term unknown-kind unfit unknown-parameter no-parameter"),
    ),
    Excuse(
        "a day is compared with today and with other days, of the body or of what is kept",
        codes=words("in-future before-start outside-term out-of-order not-first not-yet"),
    ),
    Excuse(
        "what stands for a person, a station, a month or a day stands once in a list",
        codes=words("doubled"),
        operations=words(
            "post_training put_training post_supervisor put_supervisor post_supervision"
            " put_supervision post_worker patch_worker"
        ),
    ),
    Excuse(
        "stages of a station lead to its status, it has one head at a time, a logo goes with a sign",
        codes=words("does-not-follow not-the-status two-heads logo"),
        operations=words("post_station patch_station"),
    ),
    Excuse(
        "nothing belongs to itself, and which bodies are linked how is the kind's to say",
        codes=words("itself wrong-ends circular"),
        operations=words("post_link patch_link post_unit put_unit"),
    ),
    Excuse(
        "a contract is with who is there, and a renewal is of the same",
        codes=words("closed not-active not-a-renewal"),
        operations=words("post_contract"),
    ),
    Excuse(
        "what may be stated or waived is what the rules of the pack ask of this subject",
        codes=words("not-asked unknown-rule not-of-subject trouble"),
        operations=words("post_attestation post_waiver post_what_if get_verdicts"),
    ),
    Excuse(
        "a receipt's number goes with its day, and what was received is not returned",
        codes=words("not-received received"),
        operations=words("post_filing put_filing"),
    ),
    Excuse(
        "which kinds a partner may refer is registered with it",
        codes=words("not-yours"),
        operations=words("post_referral"),
    ),
    Excuse(
        "a pack comes into force after the one before",
        codes=words("before-active"),
        operations=words("post_approval"),
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
        "fields go together: a document's kind and number, a division's code and name, two days",
        codes=words("together"),
        operations=words("patch_station patch_worker post_unit put_unit post_target put_target"),
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


USED: Counter[tuple[str, str]] = Counter()
"""How often each reason was given, by operation."""


def excused(failure: Any, operation: str, response: Any, body: Any, query: Any) -> bool:
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
        if each.slug == slug
        and (not each.operations or operation in each.operations)
        and (not each.parameter or each.parameter in _fields(query) | _fields(body))
    ]
    if slug != "invalid":
        reasons = here[:1]
    else:
        reasons = [
            next((each for each in here if each.covers(error, body, query)), None)
            for error in said.get("errors", [])
        ]
    if not reasons or None in reasons:
        return False
    USED.update({(operation, each.because): 1 for each in reasons})
    return True


def table() -> list[str]:
    """Return which reasons were given, how often and where, and which were not needed."""
    lines = []
    for each in EXCUSED:
        where = {op: n for (op, because), n in sorted(USED.items()) if because == each.because}
        lines.append(f"{sum(where.values()):>6}  {each.because}: {' '.join(where) or '-'}")
    return lines
