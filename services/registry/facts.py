"""The facts registry is told beside its columns: parts of the fact sheets, held to their own types.

What registry counts itself (workers, partners' referrals, supervisions) and what other services know
(months, incidents, hours) is not among them. Words are held to the vocabulary of the city's pack.
"""

import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, create_model

from chassis.packs import Sheet
from chassis.packs.subjects import fields_of
from chassis.problems import At
from chassis.wording import none_of
from contracts import facts
from contracts.facts import words as vocabulary

Words = Mapping[str, Mapping[str, Any]]
"""Vocabulary → its words."""


def _part_of(sheet: type[Sheet], name: str, *names: str) -> type[Sheet]:
    """Return a sheet of some of another's facts."""
    hints = typing.get_type_hints(sheet, include_extras=True)
    fields: dict[str, Any] = {each: (hints[each], ...) for each in names}
    return create_model(name, __base__=Sheet, __doc__=sheet.__doc__, **fields)


if TYPE_CHECKING:
    StationFacts = Sheet
    WorkerFacts = Sheet
else:
    StationFacts = _part_of(
        facts.Station,
        "StationFacts",
        *("direct_hire_reason", "demo", "head", "deputies", "supervised_by_centre"),
        *("rooms", "case_work_planned", "group_work_planned", "office_m2", "office_independent"),
        *("assets", "systems", "records", "plaque", "plaque_place", "logos", "sign_index"),
        *("service_window", "service_list_displayed", "volunteers", "partners", "projects"),
        *("brand_projects", "site", "functions", "organised", "workflow", "focus", "offer"),
        *("needs_assessed_on", "service_plan_on", "needs_list_on", "resource_list_on"),
    )
    WorkerFacts = _part_of(facts.Worker, "WorkerFacts", "first_on_station", "offence_check_on")


class WorkerWords(Sheet):
    """Words said of a person employed."""

    cert: vocabulary.Cert
    education: vocabulary.Education | None
    specialities: list[vocabulary.Speciality]
    origin_post: vocabulary.OriginPost | None


class TrainingWords(Sheet):
    """Words said of a training."""

    kind: vocabulary.TrainingKind
    mode: vocabulary.TrainingMode


class SupervisorWords(Sheet):
    """Words said of a supervisor."""

    hired_by: vocabulary.Employer
    talent_level: vocabulary.Level | None


class SupervisionWords(Sheet):
    """Words said of a supervision."""

    kind: vocabulary.SupervisionKind


def strange_words(
    sheet: type[BaseModel], given: Mapping[str, Any], words: Words, at: str = ""
) -> Iterator[At]:
    """Yield every place where a word stands that the vocabulary does not have."""
    for name, fact in fields_of(sheet).items():
        value = given.get(name)
        if value is None:
            continue
        several: Sequence[Any] = value if fact.many else [value]
        for number, each in enumerate(several):
            here = f"{at}/{name}/{number}" if fact.many else f"{at}/{name}"
            if isinstance(fact.base, type) and issubclass(fact.base, BaseModel):
                yield from strange_words(fact.base, each, words, here)
            elif fact.vocabulary and each not in words.get(fact.vocabulary, {}):
                yield none_of(here, words.get(fact.vocabulary, {}), vocabulary=fact.vocabulary)
