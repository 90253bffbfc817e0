"""Casework as a service: what it answers, hears and keeps."""

from functools import partial
from pathlib import Path

from chassis.packs import Subjects
from chassis.service import Service
from chassis.watch import Watch
from contracts.facts import GATES, SUBJECTS
from services.casework.reactions import reactions
from services.casework.routes import router
from services.casework.watch import overdue

service = Service(
    part="casework",
    title="转介与个案 Casework",
    routers=[router],
    reactions=reactions,
    subjects=Subjects.of(SUBJECTS, GATES),
    people=True,
    migrations=Path(__file__).parent / "migrations",
    work=partial(Watch, look=overdue),
)
