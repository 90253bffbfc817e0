"""Which referrals a caller may reach (contract.md, "Roles and owners"); the rest is not found.

    partner                    its own
    worker, station_head       those of their station
    township, district_bureau  those under their division prefix
    city_bureau, auditor       the city's

A sensitive referral opens to its own people only: everybody else sees that it is there, and where
it stands, but no person in it.
"""

from typing import Any, cast

from sqlalchemy import ColumnElement, false, true

from chassis.identity import Actor
from chassis.reading import under
from services.casework.decide import SENSITIVE
from services.casework.models import Referral, StationKept

ROW = cast("Any", Referral)
STATION = cast("Any", StationKept)
_AT_STATION = ("worker", "station_head")
_BY_DIVISION = ("township", "district_bureau")
_CITYWIDE = ("city_bureau", "auditor")


def referrals_of(actor: Actor) -> ColumnElement[bool]:
    """Return the condition a referral must meet to be this caller's business."""
    if actor.role == "partner" and actor.partner_id:
        return cast("ColumnElement[bool]", ROW.partner_id == actor.partner_id)
    if actor.role in _AT_STATION and actor.station_id:
        return cast("ColumnElement[bool]", ROW.station_id == actor.station_id)
    if actor.role in _BY_DIVISION and actor.division:
        return under(ROW.division, actor.division)
    return true() if actor.role in _CITYWIDE else false()


def stations_of(actor: Actor) -> ColumnElement[bool]:
    """Return the condition a station must meet for its load to be this caller's business."""
    if actor.role in _AT_STATION and actor.station_id:
        return cast("ColumnElement[bool]", STATION.id == actor.station_id)
    if actor.role in _BY_DIVISION and actor.division:
        return under(STATION.division, actor.division)
    if actor.role == "agency" and actor.agency_id:
        return cast("ColumnElement[bool]", STATION.operator_id == actor.agency_id)
    return true() if actor.role in _CITYWIDE else false()


def sees_person(actor: Actor, referral: Referral) -> bool:
    """Whether a masked person may be shown beside the referral."""
    if actor.role == "partner":
        return False  # it sent the person; it need not be sent back
    return referral.sensitivity != SENSITIVE or actor.role in _AT_STATION
