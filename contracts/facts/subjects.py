"""Which sheet a subject has, and which service asks at which gate."""

from chassis.packs import Sheet
from contracts.facts.agency import Agency
from contracts.facts.area import Area
from contracts.facts.casework import Harm, Referral
from contracts.facts.evaluation import Evaluation
from contracts.facts.payroll import Payroll
from contracts.facts.people import Supervisor, Worker
from contracts.facts.procurement import Contract, Funding, Tender
from contracts.facts.station import Station

Worker.context = {"station": Station}

SUBJECTS: dict[str, type[Sheet]] = {
    "station": Station,
    "worker": Worker,
    "payroll": Payroll,
    "supervisor": Supervisor,
    "agency": Agency,
    "tender": Tender,
    "contract": Contract,
    "evaluation": Evaluation,
    "funding": Funding,
    "referral": Referral,
    "harm": Harm,
    "district": Area,
    "city": Area,
}
"""Subject of a rule → its sheet."""

GATES: dict[str, tuple[str, str]] = {
    "procurement.contract.sign": ("procurement", "contract"),
    "casework.referral.accept": ("casework", "referral"),
}
"""Gate → the service that holds it and the subject judged there."""

AWAITED: dict[str, str] = {
    "payroll": "procurement",
    "tender": "procurement",
    "funding": "procurement",
    "evaluation": "evaluation",
    "harm": "casework",
}
"""Subjects no part tells yet → the part that will: till then their rules are judged in what-if only."""
