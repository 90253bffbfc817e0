"""Evaluation over HTTP, a module per thing that is asked for."""

from services.evaluation.routes import compliance, coverage, verdicts

routers = [compliance.router, verdicts.router, coverage.router]
