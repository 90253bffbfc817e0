"""Evaluation as a service: what it hears, keeps as facts, and judges when asked."""

from pathlib import Path

from chassis.service import Service
from services.evaluation.judging import Judge
from services.evaluation.reactions import reactions
from services.evaluation.routes import routers
from services.evaluation.rules import SHEETS

service = Service(
    part="evaluation",
    title="评估 Evaluation",
    routers=routers,
    reactions=reactions,
    subjects=SHEETS,
    work=Judge,
    migrations=Path(__file__).parent / "migrations",
)
