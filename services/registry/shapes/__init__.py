"""What registry takes over HTTP, one module per aggregate."""

from services.registry.shapes.bodies import FindAgencies, FindPartners, WriteAgency, WritePartner
from services.registry.shapes.cities import ChangeCity, Names, ServeCity
from services.registry.shapes.divisions import Bore, FindDivisions, InSystem
from services.registry.shapes.dues import (
    FindDuties,
    FindFilings,
    FindTargets,
    WriteDuty,
    WriteFiling,
    WriteTarget,
)
from services.registry.shapes.history import AsKnown, FindHistory
from services.registry.shapes.network import (
    AddLink,
    ChangeLink,
    FindLinks,
    FindUnits,
    WriteUnit,
)
from services.registry.shapes.officers import AddOfficer, ChangeOfficer
from services.registry.shapes.packs import ApprovePack, AuthorPack
from services.registry.shapes.profile import StationProfile
from services.registry.shapes.stations import ChangeStation, FindStations, OpenStation, Stage
from services.registry.shapes.supervision import (
    Assign,
    FindSupervisions,
    FindSupervisors,
    Held,
    MoveRegister,
    OpenRegister,
    WriteSupervision,
    WriteSupervisor,
)
from services.registry.shapes.trainings import FindTrainings, WriteTraining
from services.registry.shapes.words import AsOf, Code, Name, System, Word
from services.registry.shapes.workers import (
    AddPosting,
    ChangePosting,
    ChangeWorker,
    Employ,
    FindWorkers,
    Pay,
    Post,
    SearchWorkers,
)

__all__ = [
    "AddLink",
    "AddOfficer",
    "AddPosting",
    "ApprovePack",
    "AsKnown",
    "AsOf",
    "Assign",
    "AuthorPack",
    "Bore",
    "ChangeCity",
    "ChangeLink",
    "ChangeOfficer",
    "ChangePosting",
    "ChangeStation",
    "ChangeWorker",
    "Code",
    "Employ",
    "FindAgencies",
    "FindDivisions",
    "FindDuties",
    "FindFilings",
    "FindHistory",
    "FindLinks",
    "FindPartners",
    "FindStations",
    "FindSupervisions",
    "FindSupervisors",
    "FindTargets",
    "FindTrainings",
    "FindUnits",
    "FindWorkers",
    "Held",
    "InSystem",
    "MoveRegister",
    "Name",
    "Names",
    "OpenRegister",
    "OpenStation",
    "Pay",
    "Post",
    "SearchWorkers",
    "ServeCity",
    "Stage",
    "StationProfile",
    "System",
    "Word",
    "WriteAgency",
    "WriteDuty",
    "WriteFiling",
    "WritePartner",
    "WriteSupervision",
    "WriteSupervisor",
    "WriteTarget",
    "WriteTraining",
    "WriteUnit",
]
