"""Fact sheets: what a city's rule may talk about, by subject.

A fact that is not given is unknown. `X | None` given as null is known to be none; a list that is
given is complete. Money is fen, shares are percent, areas square metres, days are days in
Asia/Shanghai. Periods, clocks and statistics are counted by the services that know them, so a
rule only compares. Clause numbers after a fact are the catalogue rows that first asked for it.

* words        each a vocabulary; the words in it are pack data
* station      the station, its place, things, partners, projects, months
* people       workers, supervisors, head and deputies; `payroll` what they are paid
* agency       who runs stations or judges them
* procurement  money, tenders, contracts
* evaluation   how a contract was judged
* casework     a referral at its gate, harm that must be reported
* area         a city or district in figures, and what was filed
* subjects     which sheet a subject has, and which service asks at which gate
"""

from contracts.facts.agency import Agency
from contracts.facts.area import Area, Filing, Year
from contracts.facts.casework import Harm, Referral
from contracts.facts.evaluation import Evaluation, Indicator
from contracts.facts.payroll import Payroll
from contracts.facts.people import Deputy, Head, Supervisor, Worker
from contracts.facts.procurement import Contract, ExecutionYear, Funding, Quarter, Tender
from contracts.facts.station import (
    AllowanceCheck,
    Asset,
    ClientGroup,
    Division,
    Incident,
    Inspection,
    Ledger,
    Month,
    Offer,
    Partner,
    Project,
    Station,
)
from contracts.facts.subjects import AWAITED, GATES, SUBJECTS

__all__ = [
    "AWAITED",
    "GATES",
    "SUBJECTS",
    "Agency",
    "AllowanceCheck",
    "Area",
    "Asset",
    "ClientGroup",
    "Contract",
    "Deputy",
    "Division",
    "Evaluation",
    "ExecutionYear",
    "Filing",
    "Funding",
    "Harm",
    "Head",
    "Incident",
    "Indicator",
    "Inspection",
    "Ledger",
    "Month",
    "Offer",
    "Partner",
    "Payroll",
    "Project",
    "Quarter",
    "Referral",
    "Station",
    "Supervisor",
    "Tender",
    "Worker",
    "Year",
]
