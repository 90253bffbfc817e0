"""Evaluation over HTTP, a module per thing that is asked for."""

from services.evaluation.routes import (
    attestations,
    compliance,
    coverage,
    deadlines,
    verdicts,
    waivers,
)

routers = [
    compliance.router,
    verdicts.router,
    waivers.router,
    attestations.router,
    coverage.router,
    deadlines.router,
]
