"""xlsx and csv: rows streamed in, with their headings understood; reports and templates out.

A file is never held whole: what is read goes on row by row, what is written is written row by row.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from services.registry.facts import Words
from services.registry.sheets.kinds import Column, Kind
from services.registry.sheets.lines import SAY, Line

RESULT, NOTES = "结果 · Result", "说明 · Notes"
_OURS = frozenset({RESULT.casefold(), NOTES.casefold()})
"""Columns of a report, passed over when it is corrected and imported again."""
_BAD = PatternFill("solid", fgColor="FFF4C7C3")
_BOLD = Font(bold=True)
_WORDS_SHEET = "词汇 Words"


class BadFile(Exception):
    """A file that cannot be read as this sheet: a sentence in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def read(path: Path, kind: Kind) -> Iterator[Line]:
    """Yield the rows of a file that say anything, numbered as a person sees them."""
    rows = _xlsx(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    columns = _columns(next(rows, []), kind)
    for number, row in enumerate(rows, 2):
        texts = {
            column.name: _meant(text)
            for column, text in zip(columns, row, strict=False)
            if column is not None and text
        }
        if texts:
            yield Line(number, texts)


def count(path: Path) -> int:
    """Return about how many rows a file has, for a progress bar."""
    if path.suffix.lower() == ".xlsx":
        book = openpyxl.load_workbook(path, read_only=True)
        try:
            return max((book.worksheets[0].max_row or 1) - 1, 0)
        finally:
            book.close()
    with path.open("rb") as file:
        return max(
            sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1, 0
        )


def _columns(headings: Sequence[str], kind: Kind) -> list[Column | None]:
    found: list[Column | None] = []
    for heading in headings:
        plain = heading.strip().rstrip("*").strip().casefold()
        column = kind.by_heading.get(plain)
        if column is None and plain and plain not in _OURS:
            near = get_close_matches(plain, kind.by_heading, 1)
            meant = kind.by_heading[near[0]] if near else None
            raise BadFile(
                f"未知的列“{heading}”" + (f"，是否为“{meant.zh}”？" if meant else ""),
                f"no column {heading!r}" + (f": is {meant.en!r} meant?" if meant else ""),
            )
        found.append(column)
    lacking = [c for c in kind.columns if c.needed and c not in found]
    if lacking:
        raise BadFile(
            f"缺少列：{'、'.join(c.zh for c in lacking)}",
            f"columns are missing: {', '.join(c.en for c in lacking)}",
        )
    return found


def _xlsx(path: Path) -> Iterator[list[str]]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception:  # noqa: BLE001 - the library has no error of its own for what is no workbook
        raise BadFile("不是有效的 xlsx 文件", "not an xlsx file") from None
    try:
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield [_text(value) for value in row]
    finally:
        book.close()


def _csv(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding=_encoding(path), newline="") as file:
            yield from csv.reader(file)
    except (UnicodeDecodeError, csv.Error):
        raise BadFile(
            "不是有效的 csv 文件（UTF-8 或 GB 18030）", "not a csv file in UTF-8 or GB 18030"
        ) from None


def _encoding(path: Path) -> str:
    """Spreadsheet programs here write either UTF-8, with or without a mark, or GB 18030."""
    with path.open("rb") as file:
        start = file.read(65_536)
    for cut in range(4):  # a character may be cut by the end of what was looked at
        try:
            start[: len(start) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        return "utf-8-sig"
    return "gb18030"


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
    return str(value).strip()


class Report(Protocol):
    """The file again, with what became of each row."""

    def add(self, line: Line) -> None:
        """Write a row and its outcome."""


@contextmanager
def report(path: Path, kind: Kind, *, outcomes: bool = True) -> Iterator[Report]:
    """Open a report to be written row by row, in the form its name says."""
    xlsx = path.suffix.lower() == ".xlsx"
    made = _XlsxReport(kind, outcomes) if xlsx else _CsvReport(path, kind, outcomes)
    try:
        yield made
    finally:
        made.close(path)


def _told(line: Line) -> tuple[str, ...]:
    if line.outcome is None:
        return ()
    return SAY[line.outcome], "；".join(map(str, line.wrongs))


class _CsvReport:
    def __init__(self, path: Path, kind: Kind, outcomes: bool) -> None:
        self._kind = kind
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        ours = (RESULT, NOTES) if outcomes else ()
        self._writer.writerow([*(c.heading for c in kind.columns), *ours])

    def add(self, line: Line) -> None:
        cells = [line.texts.get(column.name, "") for column in self._kind.columns]
        self._writer.writerow([*map(_harmless, cells), *_told(line)])

    def close(self, _path: Path) -> None:
        self._file.close()


class _XlsxReport:
    def __init__(self, kind: Kind, outcomes: bool) -> None:
        self._kind = kind
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet(kind.zh)
        ours = (RESULT, NOTES) if outcomes else ()
        self._sheet.append([*(self._bold(c.heading) for c in kind.columns), *ours])

    def add(self, line: Line) -> None:
        bad = {wrong.column.name: wrong for wrong in line.wrongs if wrong.column}
        cells = []
        for column in self._kind.columns:
            cell = WriteOnlyCell(self._sheet, _harmless(line.texts.get(column.name, "")))
            if column.name in bad:
                cell.fill = _BAD
                cell.comment = Comment(str(bad[column.name]), "shegong")
            cells.append(cell)
        self._sheet.append([*cells, *_told(line)])

    def close(self, path: Path) -> None:
        self._book.save(path)

    def _bold(self, text: str) -> Any:
        cell = WriteOnlyCell(self._sheet, text)
        cell.font = _BOLD
        return cell


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _harmless(text: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _meant(text: str) -> str:
    """Return what stood in a cell before it was made harmless: a report is imported again."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def template(path: Path, kind: Kind, words: Words) -> None:
    """Write an empty sheet with the city's own words to choose from."""
    if path.suffix.lower() != ".xlsx":
        with report(path, kind, outcomes=False):
            return
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = kind.zh
    choices = book.create_sheet(_WORDS_SHEET)
    for number, column in enumerate(kind.columns, 1):
        cell = sheet.cell(1, number, column.heading)
        cell.font = _BOLD
        cell.comment = Comment(_explained(column), "shegong")
        letter = cell.column_letter
        sheet.column_dimensions[letter].width = max(12, 2 * len(column.heading) + 2)
        if column.form == "flag":
            offered = ["是", "否"]
        elif column.form in ("word", "words"):
            offered = _offered(column, words)
        else:
            continue
        for row, word in enumerate([column.zh, *offered], 1):
            choices.cell(row, number, word)
        if offered and column.form != "words":
            area = f"'{_WORDS_SHEET}'!${letter}$2:${letter}${len(offered) + 1}"
            chosen = DataValidation("list", formula1=area, allow_blank=not column.needed)
            sheet.add_data_validation(chosen)
            chosen.add(f"{letter}2:{letter}1048576")
    sheet.freeze_panes = "A2"
    book.save(path)


def _offered(column: Column, words: Words) -> list[str]:
    if column.own is not None:
        return [zh for zh, _ in column.own.values()]
    return [word.zh for word in words.get(column.vocabulary or "", {}).values()]


def _explained(column: Column) -> str:
    how = {
        "day": "日期，如 2026-01-31 · a day",
        "number": "数字 · a number",
        "flag": "是 / 否 · yes or no",
        "word": "从列表中选择 · one of the list",
        "words": "可填多个，用“、”分隔，见词汇表 · several, parted by 、",
    }.get(column.form, "文字 · text")
    return f"{column.zh} · {column.en}\n{how}"
