"""What registry takes over HTTP, one module per aggregate."""

from services.registry.shapes.bodies import FindAgencies, FindPartners, WriteAgency, WritePartner
from services.registry.shapes.cities import ChangeCity, Names, ServeCity
from services.registry.shapes.divisions import FindDivisions, InSystem
from services.registry.shapes.packs import ApprovePack, AuthorPack
from services.registry.shapes.stations import ChangeStation, FindStations, OpenStation
from services.registry.shapes.words import AsOf, Code, Name, System, Word
from services.registry.shapes.workers import (
    AddPosting,
    ChangePosting,
    ChangeWorker,
    Employ,
    FindWorkers,
    Post,
)

__all__ = [
    "AddPosting",
    "ApprovePack",
    "AsOf",
    "AuthorPack",
    "ChangeCity",
    "ChangePosting",
    "ChangeStation",
    "ChangeWorker",
    "Code",
    "Employ",
    "FindAgencies",
    "FindDivisions",
    "FindPartners",
    "FindStations",
    "FindWorkers",
    "InSystem",
    "Name",
    "Names",
    "OpenStation",
    "Post",
    "ServeCity",
    "System",
    "Word",
    "WriteAgency",
    "WritePartner",
]
