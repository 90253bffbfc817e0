"""One JSON object a line: time, level, part, event, trace, and the fields given.

Fields are ids, codes, counts and milliseconds. A value that came from outside is never one.
"""

import logging
import sys
from typing import Any

import orjson

from chassis import trace
from chassis.clock import system_clock

_part = "shegong"
_logger = logging.getLogger("shegong")


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": system_clock(),
            "level": record.levelname.lower(),
            "part": _part,
            "event": record.getMessage() if record.name == "shegong" else record.name,
            "trace_id": trace.trace_id(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            # The kind and the place of an error, never its text: drivers quote values in theirs.
            frame = record.exc_info[2]
            while frame and frame.tb_next:
                frame = frame.tb_next
            line["error"] = record.exc_info[0].__name__
            line["where"] = frame and f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
        return orjson.dumps(line, default=str).decode()


def setup(part: str) -> None:
    """Send every logger's lines to standard error as JSON, for one part."""
    global _part  # noqa: PLW0603 - one process is one part
    _part = part
    # Where a line was written from, by which thread and process, is told by none of ours.
    logging._srcfile = None  # noqa: SLF001 - as the library's guide says
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "nats", "asyncio", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def info(event: str, **fields: Any) -> None:
    """Say that something ordinary happened."""
    _logger.info(event, extra={"fields": fields})


def warning(event: str, *, exc: BaseException | None = None, **fields: Any) -> None:
    """Say that something needs an eye soon; of an exception only kind and place are written."""
    _logger.warning(event, exc_info=exc, extra={"fields": fields})


def error(event: str, *, exc: BaseException | None = None, **fields: Any) -> None:
    """Say that something failed; of an exception only kind and place are written."""
    _logger.error(event, exc_info=exc, extra={"fields": fields})
