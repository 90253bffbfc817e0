"""What an error may say in a log: its kind and its place, never its text."""

import logging
import sys

from chassis.log import _Lines

SECRET = "王小明110105"


def test_a_logged_error_says_its_kind_and_place_but_not_its_text():
    error = RuntimeError(f"near {SECRET}")
    error.__cause__ = ValueError(SECRET)
    try:
        raise error
    except RuntimeError:
        record = logging.getLogger("shegong").makeRecord(
            "shegong", logging.ERROR, __file__, 1, "request failed", (), sys.exc_info()
        )

    line = _Lines().format(record)

    assert SECRET not in line
    assert "RuntimeError" in line
    assert "test_words.py" in line


def test_a_librarys_line_is_its_name_alone():
    record = logging.getLogger("asyncpg").makeRecord(
        "asyncpg", logging.WARNING, __file__, 1, "value %s", (SECRET,), None
    )

    assert SECRET not in _Lines().format(record)
