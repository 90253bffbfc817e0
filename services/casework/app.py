"""Casework as a service: what it answers, hears and keeps."""

from pathlib import Path

from chassis.packs import Subjects
from chassis.service import Service
from chassis.watch import Watch
from contracts.facts import GATES, SUBJECTS
from services.casework.clocks import Clocks
from services.casework.reactions import reactions
from services.casework.routes import router

service = Service(
    part="casework",
    title="转介与个案 Casework",
    routers=[router],
    reactions=reactions,
    subjects=Subjects.of(SUBJECTS, GATES),
    people=True,
    migrations=Path(__file__).parent / "migrations",
    work=lambda database: Watch(database, Clocks()),
)
