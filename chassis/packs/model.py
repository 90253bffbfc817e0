"""The files: what pack.yaml and cases.yaml may hold, as pydantic models (packs.md §2)."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

UNITS: dict[str, type] = {
    **dict.fromkeys(
        ("person", "station", "times", "item", "month", "months", "year", "years", "day", "days"),
        int,
    ),
    **dict.fromkeys(("working_day", "minute", "fen", "count"), int),
    **dict.fromkeys(("percent", "hour", "hours", "m2", "ratio"), float),
    "date": date,
    "text": str,
    "code": str,
    "flag": bool,
}
"""Unit of a parameter → the type of its values. A vocabulary's name is a unit too: its words."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


def _prefixes(value: list[str]) -> list[str]:
    wrong = [prefix for prefix in value if prefix and not (prefix.isascii() and prefix.isdigit())]
    if wrong:
        raise ValueError(f"`{wrong[0]}` is not the beginning of a division code")
    return value


Area = Annotated[
    list[str],
    BeforeValidator(_as_list, json_schema_input_type=str | list[str]),
    AfterValidator(_prefixes),
]
"""A prefix of division codes, or several; "" is everywhere."""
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class Part(BaseModel):
    """A part of the file: what is not named here is an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, use_attribute_docstrings=True)


class Say(Part):
    """A sentence in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Document(Part):
    """A document of the city: when it holds, and what happens at its end."""

    title: str
    """Without 《》."""
    number: str | None = None
    """As printed: `民发〔2021〕39号`; null where it has none."""
    issued: date | None = None
    in_force: date
    """The first day it holds."""
    until: date | None = None
    """The last day of its term, if it names one."""
    after: Literal["lapse", "continue"] = "lapse"
    """What becomes of it after that day: nothing of it holds, or it is judged on, marked `ended`."""
    replaced_by: str | None = None
    """The key of the newer document, from whose first day this one no longer holds."""
    note: str | None = None


class Vocable(Part):
    """A word of a vocabulary: its names on screens, the broader word it falls under."""

    zh: str
    en: str | None = None
    broader: str | None = Field(None, alias="is")
    """The broader word it falls under."""
    also: list[str] = []
    """Other names the documents have for it."""


class Stated(Part):
    """A fact only this city asks for: stated by someone through an attestation."""

    subject: str
    """Of whom it is asked: station, worker, contract …"""
    unit: str
    """Its type: a unit, or a vocabulary, of which it is a word."""
    many: bool = False
    """A list of them."""
    ask: Say
    """The question on the form."""
    ids: list[str] = []
    """Rows of the catalogue it answers."""


class Calendar(Part):
    """Days that differ from the national calendar."""

    holidays: list[date] = []
    workdays: list[date] = []


class Denominator(Part):
    """What a share is a share of: its source and its year are part of it."""

    source: Literal["stated", "nbs", "mca"]
    """The document itself, the statistics bureau, or the ministry of civil affairs."""
    year: int | None = None
    value: int | None = None
    """How many; left out, they are counted in the list of divisions."""
    note: str | None = None


class DatedValue(Part):
    """A parameter's value from a day on, for an area."""

    value: Any
    """In the parameter's unit; with `by` a table, with `many` a list."""
    start: date | None = Field(None, alias="from")
    """The first day (default: the first day of the document cited)."""
    area: Area | None = None
    """Where it holds (default: where the pack does)."""
    cite: str | None = None
    """Document key, then the clause: `notice 二(一)`. Policy values need one."""
    source: str | None = None
    """Where an operator's value comes from."""


def _with_short_form(schema: dict[str, Any]) -> None:
    dated = DatedValue.model_json_schema(by_alias=True)["properties"]
    schema["properties"] |= {name: dated[name] for name in _SHORT}


_SHORT = ("value", "from", "area", "cite", "source")


class Parameter(Part):
    """A number, a word, a list or a table of them, dated. Numbers live here, not in rules."""

    model_config = ConfigDict(json_schema_extra=_with_short_form)

    unit: str
    """What it is counted in, or the vocabulary it is a word of."""
    kind: Literal["policy", "local_default", "operator"] = "policy"
    """From the document; chosen here, since the document is vague; or a statistic from elsewhere."""
    by: str | None = None
    """A vocabulary, or `code`: the value is a table with an entry for each word."""
    many: bool = False
    """The value is a list."""
    final: bool = False
    """No layer below may set it."""
    why: str | None = None
    """Why this value, of a local default."""
    ids: list[str] = []
    """Rows of the catalogue it answers."""
    values: list[DatedValue] = []

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        """Read `{unit, value, from, cite}` as one dated value."""
        if not isinstance(data, dict) or "value" not in data:
            return data
        if "values" in data:
            raise ValueError("either `value` or `values`")
        rest = {key: item for key, item in data.items() if key not in _SHORT}
        return rest | {"values": [{key: data[key] for key in _SHORT if key in data}]}

    @model_validator(mode="after")
    def _one_shape(self) -> "Parameter":
        if self.by and self.many:
            raise ValueError("either a table (`by`) or a list (`many`)")
        return self


class Refuse(Part):
    """The gate where the rule says no."""

    refuse: str


class Rule(Part):
    """One requirement of the document. `off: true` in a nearer layer switches it off."""

    cite: str | None = None
    """Document key, then the clause: `notice 二(一)`."""
    subject: str | None = None
    """Whom it judges: station, worker, contract …"""
    require: str | None = None
    """What must be, in CEL: `present >= param.on_station_min`."""
    say: Say | None = None
    """What must be and what is, with names in braces: `{present}人，不少于{param.on_station_min}人`."""
    id: Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str])] = []
    """Rows of the catalogue it answers."""
    modality: Literal["must", "in_principle", "encouraged", "target", "duty"] = "must"
    """How binding the clause is: 应当, 原则上, 鼓励, a target, a duty with a date."""
    effect: Literal["monitor"] | Refuse = "monitor"
    """Only shown, or `{refuse: GATE}`: what is against it cannot be done."""
    at: str = "day"
    """The date whose documents and parameters count: `day`, or a fact such as `contract.signed_on`."""
    let: dict[Word, str] = {}
    """Names for parts of the rule, in CEL; each may use those above it."""
    when: str = "true"
    """Whom it applies to, in CEL; for all others it is not applicable."""
    area: Area | None = None
    """Where it holds (default: where the pack does)."""
    final: bool = False
    """No layer below may replace it."""
    reading: str | None = None
    """How the clause is read, where it can be read in more than one way."""
    off: bool = False
    """Switch off a rule of a layer above."""
    why: str | None = None
    """Why it is switched off."""

    @model_validator(mode="after")
    def _whole(self) -> "Rule":
        """Ask of a rule that judges for a clause, a subject, a requirement and its words."""
        if not self.off:
            needed = ("cite", "subject", "require", "say")
            lacking = [name for name in needed if getattr(self, name) is None]
            if lacking:
                raise ValueError(f"`{'`, `'.join(lacking)}` is missing")
        return self

    @property
    def gate(self) -> str | None:
        """The gate where it refuses, if it does."""
        return self.effect.refuse if isinstance(self.effect, Refuse) else None


class Duty(Part):
    """What the document asks of a body rather than of a station: kept in registry's register."""

    who: Word
    """A body, as the vocabulary `partner` has it."""
    what: Say
    cite: str
    ids: list[str] = []
    domains: list[str] = []
    """Kinds of referral it brings to stations."""
    due: date | None = None
    every: Literal["once", "month", "quarter", "half_year", "year"] = "once"


class Conflict(Part):
    """Where the document and the law of a layer above disagree, and what the pack does about it."""

    cite: str
    against: str
    """A clause of a document of a layer above: `order102 第二十四条`."""
    what: Say
    ids: list[str] = []


class Limit(Part):
    """What the law leaves to no city: `policies check` says where a city's rule goes beyond it."""

    cite: str
    what: Say
    never: list[str] = []
    """Facts and words no rule builds on: `agency.registered_in`, `criterion.local`."""
    reads: str | None = None
    months: int | None = None
    """The longest term in the parameters of a rule that reads this fact."""


class Clause(Part):
    """A row of the catalogue that no rule, duty or parameter answers, and what answers it instead."""

    kind: Literal["vocabulary", "register", "workflow", "unchecked", "unbuilt"]
    by: Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str])] = []
    """What is behind it: `vocabulary tier`, `route GET /v1/{city}/stations` … (chassis/packs/clauses.py).
    Of what is unbuilt: what will be."""
    waits: Literal["registry", "casework", "procurement", "evaluation", "gateway"] | None = None
    """The part it waits for, of what is unbuilt."""
    why: str | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> "Clause":
        if self.kind in ("unchecked", "unbuilt") and not self.why:
            raise ValueError(f"`{self.kind}` needs a `why`")
        if (self.kind == "unbuilt") != (self.waits is not None):
            raise ValueError("what is `unbuilt`, and nothing else, says whom it `waits` for")
        if self.kind not in ("unchecked", "unbuilt") and not self.by:
            raise ValueError(f"`{self.kind}` needs a `by`: what is behind it")
        return self


class Pack(Part):
    """A layer, a city, a county or a district: its document as data."""

    pack: str
    """Its id, the name of its folder: a division code in quotes, or a layer's name."""
    kind: Literal["layer", "city", "county", "district"]
    name: Say
    area: Area
    """How the division codes begin that it governs: `"4502"`, or a list."""
    extends: list[str] = []
    """The layers above it, nearest last."""
    denominators: dict[
        str,
        Annotated[
            list[Denominator],
            BeforeValidator(_as_list, json_schema_input_type=Denominator | list[Denominator]),
        ],
    ] = {}
    documents: dict[Word, Document] = {}
    vocabulary: dict[Word, dict[Word, Vocable]] = {}
    facts: dict[Word, Stated] = {}
    calendar: Calendar = Calendar()
    parameters: dict[Word, Parameter] = {}
    rules: dict[Key, Rule] = {}
    duties: dict[Key, Duty] = {}
    limits: dict[Key, Limit] = {}
    conflicts: dict[Key, Conflict] = {}
    clauses: dict[str, Clause] = {}


class Table(Part):
    """One table of worked cases: `on`, `area`, `facts` and `parameters` hold for every row.

    `parameters` supposes other values, so that a figure only an operator knows can be tried.
    """

    name: str
    subject: str
    columns: list[str]
    rows: list[list[Any]]
    on: date | None = None
    area: str | None = None
    facts: dict[str, Any] = {}
    people: dict[str, Any] = {}
    parameters: dict[str, Any] = {}


class Book(Part):
    """A cases.yaml."""

    cases: list[Table]
