"""Procurement as a service: what it answers, hears and keeps."""

from pathlib import Path

from chassis.packs import Subjects
from chassis.problems import Overlapping
from chassis.service import Service
from contracts.facts import GATES, SUBJECTS
from services.procurement.reactions import reactions
from services.procurement.routes import router

service = Service(
    part="procurement",
    title="采购 Procurement",
    routers=[router],
    reactions=reactions,
    subjects=Subjects.of(SUBJECTS, GATES),
    clashes={
        "contract_period": Overlapping(
            "该站点在此期间已有合同", "The station has a contract in these days already"
        ),
    },
    migrations=Path(__file__).parent / "migrations",
)
