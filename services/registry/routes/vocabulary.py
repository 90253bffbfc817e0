"""The city's own words, as a frontend offers them: each vocabulary with its codes and names."""

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from chassis.http import Router, Tx
from chassis.problems import Invalid
from chassis.wording import none_of
from services.registry.routes.callers import Anyone
from services.registry.shapes import AsOf
from services.registry.shapes.words import Word

router = Router(tags=["packs"])


class FindWords(AsOf):
    """Which words."""

    name: Word | None = Field(default=None, description="only this vocabulary")


class WordShown(BaseModel):
    """A word: its code, as a body says it, and its names, as a screen does."""

    code: str
    zh: str
    en: str | None
    broader: str | None
    """The broader word it falls under."""
    also: list[str]
    """Other names the documents have for it."""


class Vocabulary(BaseModel):
    """The words of a city on a day: `x-vocabulary` of a field in OpenAPI is a name here."""

    id: str
    version: str
    as_of: date
    vocabularies: dict[str, list[WordShown]]
    """In the order of the document."""


@router.get("/policy/vocabulary")
async def get_policy_vocabulary(
    query: Annotated[FindWords, Query()], tx: Tx, actor: Anyone
) -> Vocabulary:
    """List the words the city's pack has on a day, in Chinese and English: what a field may say."""
    del actor  # the policy of a city is public to all who work with it
    day = query.as_of or tx.today
    pack = await tx.pack(day)
    if query.name is not None and query.name not in pack.vocabulary:
        raise Invalid([none_of("?/name", sorted(pack.vocabulary), "unknown-kind")])
    return Vocabulary(
        id=pack.id,
        version=pack.version,
        as_of=day,
        vocabularies={
            name: [WordShown(code=code, **each.model_dump()) for code, each in words.items()]
            for name, words in pack.vocabulary.items()
            if query.name in (None, name)
        },
    )
