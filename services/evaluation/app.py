"""Evaluation as a service: what it hears, keeps as facts, and judges when asked."""

from pathlib import Path

from chassis.service import Service
from services.evaluation.reactions import reactions
from services.evaluation.routes import router
from services.evaluation.rules import SHEETS

service = Service(
    part="evaluation",
    title="评估 Evaluation",
    routers=[router],
    reactions=reactions,
    subjects=SHEETS,
    migrations=Path(__file__).parent / "migrations",
)
