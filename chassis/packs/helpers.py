"""What a rule may call: helpers that raise where they have no answer, which means undecided.

A date is a message type for the checker, with its own `<`, `<=`, `>` and `>=`, and an ISO text when
run; so each helper is declared twice, with that type and with text.
"""

import calendar
import functools
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings

T = cel.Type
DATE = T("facts.Date")


def plus_months(day: str, months: int) -> str:
    """Return the corresponding day some months on, or that month's last."""
    year, month = divmod(int(day[:4]) * 12 + int(day[5:7]) - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return f"{year:04}-{month + 1:02}-{min(int(day[8:]), last):02}"


def days_between(first: str, last: str) -> int:
    """Return the days from one day to another."""
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def percent(part: int, whole: int) -> float:
    """Return a share; a share of nothing has no answer."""
    if whole == 0:
        raise ValueError("empty denominator")
    return 100 * part / whole


def year(day: str) -> int:
    """Return the calendar year of a day."""
    return int(day[:4])


def ceil_div(part: int, whole: int) -> int:
    """Return a quotient rounded up."""
    if whole == 0:
        raise ValueError("empty denominator")
    return -(-part // whole)


def fits(text: str, pattern: str) -> bool:
    """Whether the whole text has this form (kept compiled: `matches` costs ten times as much)."""
    return _pattern(pattern).fullmatch(text) is not None


_pattern = functools.lru_cache(1024)(re.compile)


def total(numbers: Sequence[float]) -> float:
    """Return the sum of a list of doubles."""
    return float(sum(numbers))


def _declare(
    name: str, gives: Any, takes: list[Any], run: Callable[..., Any], *, member: bool = False
) -> Any:
    overload = cel.Overload(f"{name}_of", gives, takes, is_member=member, impl=run)
    return cel.FunctionDecl(name, [overload])


def _helpers(day: Any) -> list[Any]:
    return [
        _declare("plus_months", day, [day, T.INT], plus_months),
        _declare("days_between", T.INT, [day, day], days_between),
        _declare("year", T.INT, [day], year),
        _declare("percent", T.DOUBLE, [T.INT, T.INT], percent),
        _declare("ceil_div", T.INT, [T.INT, T.INT], ceil_div),
        _declare("larger", T.INT, [T.INT, T.INT], max),
        _declare("fits", T.BOOL, [T.STRING, T.STRING], fits),
        _declare("sum", T.INT, [T.List(T.INT)], sum, member=True),
        _declare("total", T.DOUBLE, [T.List(T.DOUBLE)], total, member=True),
    ]


def _unordered(_first: Any, _last: Any) -> bool:
    raise TypeError("dates are compared as texts")


def _date_order() -> list[Any]:
    names = enumerate(("_<_", "_<=_", "_>_", "_>=_"))
    return [
        cel.FunctionDecl(
            name, [cel.Overload(f"date_order_{i}", T.BOOL, [DATE, DATE], impl=_unordered)]
        )
        for i, name in names
    ]


NAMES = frozenset(
    [
        "plus_months",
        "days_between",
        "year",
        "percent",
        "ceil_div",
        "larger",
        "fits",
        "sum",
        "total",
        "size",
        "filter",
        "map",
        "exists",
        "all",
        "exists_one",
        "int",
        "double",
        "string",
        "matches",
        "startsWith",
        "endsWith",
        "contains",
    ]
)
"""What may be called, for the sentence about a name that may not."""

_TYPED = [cel.CelExtension("typed", _helpers(DATE) + _date_order()), ext_bindings.ExtBindings()]
_RUN = [cel.CelExtension("run", _helpers(T.STRING)), ext_bindings.ExtBindings()]


def typed_environment(pool: Any, variables: dict[str, Any]) -> Any:
    """Return where an expression is compiled to be sure: every fact with its type."""
    return cel.NewEnv(pool, variables=variables, extensions=_TYPED)


def run_environment(names: Sequence[str]) -> Any:
    """Return where an expression is compiled to run: facts are plain JSON."""
    return cel.NewEnv(variables=dict.fromkeys(names, T.DYN), extensions=_RUN)
