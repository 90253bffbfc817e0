"""The last net: whatever is raised becomes a problem, and what is no "no" of ours is logged."""

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import log, trace
from chassis.http import from_database, language, problem_response
from chassis.problems import Problem


def shown(error: Exception, said: str) -> Response:
    """Render any error as a problem; what is not a known "no" is logged by kind and place."""
    if isinstance(error, HTTPException):
        slug = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "malformed")
        error = Problem(slug, headers=dict(error.headers or {}))
    if not isinstance(error, Problem):
        problem = from_database(error)
        if problem is None:
            log.error("request failed", exc=error)
            problem = Problem("internal")
        error = problem
    return problem_response(error, said, trace.trace_id())


class Net:
    """Within the framework's own net, which would answer in plain text and raise once more."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn whatever is raised into a problem, unless an answer has begun."""
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, note)
        except ClientDisconnect:
            return  # who asked has hung up midway: nobody to answer, and no failure of ours
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            await shown(error, language(Request(scope)))(scope, receive, send)
