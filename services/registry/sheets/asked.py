"""From the values of a row to what is asked for over HTTP: one set of checks for both doors."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from chassis.problems import Problem
from chassis.wording import places_of
from services.registry.sheets.kinds import Kind
from services.registry.sheets.lines import Line

AskedT = TypeVar("AskedT", bound=BaseModel)


def ask(kind: Kind, line: Line, shape: type[AskedT], values: Mapping[str, Any]) -> AskedT | None:
    """Return what a row asks for; what does not fit is noted at its column."""
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        line.blame(kind, places_of(error))
        return None


def refused(kind: Kind, line: Line, problem: Problem) -> None:
    """Note why a decision said no."""
    line.blame(kind, problem.errors)
    if line.right:
        said = problem.detail or {"zh": "不能写入", "en": "cannot be written"}
        line.wrong(kind, "", said.get("zh", problem.slug), said.get("en", problem.slug))


def same(row: Any, said: Mapping[str, Any]) -> bool:
    """Whether a row says this already."""
    return all(getattr(row, name) == value for name, value in said.items())
