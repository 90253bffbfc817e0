"""A log line: codes and places, never what an error says, since drivers quote values in theirs."""

import logging

import orjson
import pytest

from chassis import log

SECRET = "王小明"


@pytest.fixture
def line(caplog):
    """Return the last line as it is written."""
    caplog.set_level("INFO", "shegong")
    return lambda: log._Lines().format(caplog.records[-1])


@pytest.mark.parametrize("say", [log.warning, log.error])
def test_of_an_error_kind_and_place_are_written_and_never_its_text(line, say):
    try:
        int(SECRET)
    except ValueError as error:
        say("something", exc=error, city="420100")

    written = orjson.loads(line())
    assert SECRET not in line()
    assert (written["event"], written["city"], written["error"]) == (
        "something",
        "420100",
        "ValueError",
    )
    assert "test_log.py" in written["where"]


def test_what_another_library_says_is_named_by_its_logger_alone(line):
    logging.getLogger("driver").warning("Key (name)=(%s) already exists", SECRET)

    assert SECRET not in line()
    assert orjson.loads(line())["event"] == "driver"
