"""Fact sheets: what a rule may talk about, declared as pydantic models.

    class Worker(Sheet):
        full_time: bool
        cert: Annotated[str, term("cert")]     # a word of the vocabulary `cert`
        cert_on: date | None                   # None is *known to be none*
        pay: Fen

    Worker.of(full_time=True, cert="none").plain()

A field that is not given is *unknown*, and a list that is given is complete. Facts reach a rule only
through `plain()`: a Python date inside facts would make the whole variable unreadable to CEL.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


@dataclass(frozen=True)
class Term:
    """Marks a text as a word of a vocabulary; the words themselves are pack data."""

    vocabulary: str

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"x-vocabulary": self.vocabulary}


@dataclass(frozen=True)
class Unit:
    """Marks a number with its unit, for the reader of the schema."""

    name: str

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"x-unit": self.name}


def term(vocabulary: str) -> Term:
    """Mark a text as a word of a vocabulary, inside `Annotated`."""
    return Term(vocabulary)


Fen = Annotated[int, Unit("fen")]
"""Money in whole fen."""


class Sheet(BaseModel):
    """The facts of one subject. Strict, nothing extra, and an absent field is unknown."""

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    context: ClassVar[dict[str, type["Sheet"]]] = {}
    """Other sheets a rule on this subject may read, by the name it uses: `{"station": Station}`."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Let every field be left out without a value being made up for it."""
        for field in cls.model_fields.values():
            if field.is_required():
                field.default, field.validate_default = None, False
        cls.model_rebuild(force=True)

    @classmethod
    def of(cls, **facts: Any) -> Self:
        """Return the sheet of the facts that are known; the others stay unknown."""
        return cls(**facts)

    def plain(self) -> dict[str, Any]:
        """Return the facts as JSON values: dates as ISO text, the unknown left out."""
        return self.model_dump(mode="json", exclude_unset=True)
