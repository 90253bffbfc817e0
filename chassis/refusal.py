"""An answer made beforehand: a flood is refused for the price of reading its heads.

The same bytes as `chassis.http.problem_response` and a server around it would send. Only the trace
and the time to come again are filled in (docs/decisions/0019).
"""

import random
from collections.abc import Iterable

import orjson

from chassis import trace
from chassis.http import PROBLEM_JSON, spoken
from chassis.problems import Problem

Headers = Iterable[tuple[bytes, bytes]]
_TRACE = "0" * 32
_AGAIN = [str(seconds).encode() for seconds in (1, 2, 3)]


class ReadyMade:
    """A problem's whole answer, in each language."""

    def __init__(self, problem: Problem, phrase: str) -> None:
        self._heads = {}
        self._bodies = {}
        for language, named in (("zh", "zh-CN"), ("en", "en")):
            body = orjson.dumps(problem.body(language, _TRACE))
            before, after = body.split(_TRACE.encode())
            self._bodies[language] = before, after
            self._heads[language] = (
                f"HTTP/1.1 {problem.status} {phrase}\r\n"
                f"content-language: {named}\r\ncontent-type: {PROBLEM_JSON}\r\n"
                f"content-length: {len(body)}\r\nretry-after: "
            ).encode()

    def answer(self, asked: Headers, more: Headers) -> bytes:
        """Return the answer to a request of these headers; `more` is what the server adds itself."""
        said, parent = "", ""
        for name, value in asked:
            if name == b"accept-language":
                said = value.decode("latin-1")
            elif name == b"traceparent":
                parent = value.decode("latin-1")
        language = spoken(said)
        mine = trace.child(parent).encode()
        before, after = self._bodies[language]
        lines = [b"\r\ntraceparent: " + mine]
        lines += [b"\r\n" + name + b": " + value for name, value in more]
        return b"".join(
            (
                *(self._heads[language], random.choice(_AGAIN), *lines, b"\r\n\r\n"),  # noqa: S311
                *(before, mine[3:35], after),
            )
        )
