"""One row of a sheet, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chassis.problems import At
from services.registry.sheets.kinds import Column, Kind


class Outcome(StrEnum):
    """What became of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"
    LEFT = "left"
    """Right in itself, and not written: another row was wrong, or it was only looked at."""


SAY = {
    Outcome.NEW: "新增 · new",
    Outcome.CHANGED: "已更新 · changed",
    Outcome.SAME: "无变化 · unchanged",
    Outcome.WRONG: "有误 · wrong",
    Outcome.LEFT: "未写入 · not written",
}


@dataclass(frozen=True)
class Wrong:
    """What is wrong in a row, and in which column."""

    column: Column | None
    zh: str
    en: str

    def __str__(self) -> str:
        """Return the sentence that stands beside the row."""
        where = f"{self.column.zh}：" if self.column else ""
        there = f"{self.column.en}: " if self.column else ""
        return f"{where}{self.zh} · {there}{self.en}"


@dataclass
class Line:
    """A row: the texts of its cells by column, what they say, and what became of it."""

    number: int
    texts: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    wrongs: list[Wrong] = field(default_factory=list)
    outcome: Outcome | None = None

    def blame(self, kind: Kind, places: Iterable[At]) -> None:
        """Note what is wrong, each at the column its place names."""
        for place in places:
            name = next((s for s in place.at.split("/") if s in kind.by_name), "")
            self.wrong(kind, name, place.zh, place.en)

    def wrong(self, kind: Kind, name: str, zh: str, en: str) -> None:
        """Note one thing."""
        self.wrongs.append(Wrong(kind.by_name.get(name), zh, en))
        self.outcome = Outcome.WRONG

    @property
    def right(self) -> bool:
        """Whether nothing is wrong in it so far."""
        return not self.wrongs
