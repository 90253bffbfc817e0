"""Spreadsheets on the command line: what stands in the way is one line."""

from types import SimpleNamespace

import pytest

from chassis.problems import NotFound
from deploy import sheets
from deploy.trouble import Trouble


async def test_a_city_nobody_serves_is_said_in_one_line_and_the_database_let_go(monkeypatch):
    closed = []

    async def close():
        closed.append(True)

    async def opened(*_):
        return SimpleNamespace(close=close)

    monkeypatch.setattr(sheets, "open_database", opened)
    monkeypatch.setattr(sheets.Settings, "of", lambda part: part)

    with pytest.raises(Trouble, match="999999：未找到 / 999999: Not found"):
        async with sheets._registry("999999"):
            raise NotFound()

    assert closed == [True]
